// The families of keywords of this folder, each defined at the bottom of its file.
#pragma once

#include <span>

#include "config/keyword.h"

namespace weir::proxy {

extern const std::span<const config::KeywordRow> process_keywords;         // global.cpp
extern const std::span<const config::KeywordRow> environment_keywords;     // environment.cpp
extern const std::span<const config::KeywordRow> thread_keywords;          // threads.cpp
extern const std::span<const config::KeywordRow> life_keywords;            // life.cpp
extern const std::span<const config::KeywordRow> server_state_keywords;    // server_state.cpp
extern const std::span<const config::KeywordRow> stats_keywords;           // stats.cpp
extern const std::span<const config::KeywordRow> statistics_keywords;      // statistics.cpp
extern const std::span<const config::KeywordRow> tuning_keywords;          // tuning.cpp
extern const std::span<const config::KeywordRow> tls_keywords;             // tls.cpp
extern const std::span<const config::KeywordRow> proxy_keywords;           // proxy.cpp
extern const std::span<const config::KeywordRow> proxy_protocol_keywords;  // proxy_protocol.cpp
extern const std::span<const config::KeywordRow> filter_keywords;          // filter.cpp
extern const std::span<const config::KeywordRow> timeout_keywords;         // timeouts.cpp
extern const std::span<const config::KeywordRow> option_keywords;          // options.cpp
extern const std::span<const config::KeywordRow> bind_keywords;            // bind.cpp
extern const std::span<const config::KeywordRow> server_keywords;          // server.cpp
extern const std::span<const config::KeywordRow> balance_keywords;         // balance.cpp
extern const std::span<const config::KeywordRow> persistence_keywords;     // persistence.cpp
extern const std::span<const config::KeywordRow> log_keywords;             // log.cpp
extern const std::span<const config::KeywordRow> log_profile_keywords;     // log_profile.cpp
extern const std::span<const config::KeywordRow> rule_keywords;            // rules.cpp
extern const std::span<const config::KeywordRow> stick_keywords;           // stick.cpp
extern const std::span<const config::KeywordRow> check_keywords;           // check.cpp
extern const std::span<const config::KeywordRow> probe_keywords;           // probes.cpp
extern const std::span<const config::KeywordRow> userlist_keywords;        // userlist.cpp
extern const std::span<const config::KeywordRow> variable_keywords;        // variable.cpp
extern const std::span<const config::KeywordRow> capture_keywords;         // capture.cpp
extern const std::span<const config::KeywordRow> http_keywords;            // http.cpp
extern const std::span<const config::KeywordRow> compression_keywords;     // compression.cpp
extern const std::span<const config::KeywordRow> http_name_keywords;       // http_names.cpp
extern const std::span<const config::KeywordRow> page_keywords;            // pages.cpp
extern const std::span<const config::KeywordRow> old_rewriting_keywords;   // old_rewriting.cpp
extern const std::span<const config::KeywordRow> fcgi_keywords;            // fcgi.cpp
extern const std::span<const config::KeywordRow> status_code_keywords;     // status_codes.cpp
extern const std::span<const config::KeywordRow> later_keywords;           // later.cpp

}  // namespace weir::proxy
