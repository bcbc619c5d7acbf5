// The families of actions of this folder.
#pragma once

#include <span>

#include "proxy/rule/rule.h"

namespace weir::proxy {

extern const std::span<const ActionRow> address_actions;        // address.cpp
extern const std::span<const ActionRow> log_actions;            // log.cpp
extern const std::span<const ActionRow> order_actions;          // order.cpp
extern const std::span<const ActionRow> pattern_actions;        // pattern.cpp
extern const std::span<const ActionRow> refused_actions;        // refused.cpp
extern const std::span<const ActionRow> socket_actions;         // socket.cpp
extern const std::span<const ActionRow> tracking_actions;       // tracking.cpp
extern const std::span<const ActionRow> variable_actions;       // variable.cpp
extern const std::span<const ActionRow> verdict_actions;        // verdict.cpp
extern const std::span<const ActionRow> http_answer_actions;    // http_answer.cpp
extern const std::span<const ActionRow> http_head_actions;      // http_head.cpp
extern const std::span<const ActionRow> bandwidth_actions;      // bandwidth.cpp
extern const std::span<const ActionRow> headers_bin_actions;    // headers_bin.cpp
extern const std::span<const ActionRow> normalize_uri_actions;  // normalize_uri.cpp
extern const std::span<const ActionRow> expect_header_actions;  // expect_header.cpp

}  // namespace weir::proxy
