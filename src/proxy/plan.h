// A plan: the checked configuration joined to what runs. Immutable; replaced as a whole, shared by part.
//
// A worker holds the current plan; a session holds it while rules are decided and afterwards only its frontend's and
// backend's part. A part whose configuration did not change is the same object in the next plan, so a thousand reloads
// of an unchanged frontend cost its sessions nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "log/sink.h"
#include "proxy/log_profile.h"
#include "proxy/model.h"
#include "proxy/rule/rule_counts.h"
#include "proxy/state.h"
#include "sample/log_format.h"
#include "stick/registry.h"

namespace weir::peers {
class Group;
}

namespace weir::proxy {

/// Where the messages of one proxy go, and as what.
struct LogPlan {
  std::vector<std::shared_ptr<const log::Target>> targets;
  LogProfiles profiles;                                 // beside the targets, null: none; empty when no target has one
  std::shared_ptr<const sample::LogFormat> format;      // null: the plain "Connect from" line
  std::shared_ptr<const sample::LogFormat> structured;  // log-format-sd; null: none
  std::shared_ptr<const sample::LogFormat> errors;      // error-log-format; null: as the others
  std::string tag;
  LogSteps steps = 0;           // log-steps; 0: one line, when it can be written
  bool plain = false;           // that line is the plain one, of the beginning
  bool silent_end = false;      // the end writes no line
  bool when_connected = false;  // nothing in the line is left open then
  bool when_answered = false;   // HTTP, option logasap: once the answer's head has left
  bool own_words = false;       // formats that people wrote: they may ask for any address
  bool asks_server_rtt = false;
};

struct FrontendPlan {
  std::shared_ptr<const ProxyConfig> config;
  std::shared_ptr<FrontendState> state;
  std::shared_ptr<RuleCounts> rules;
  LogPlan log;
  std::vector<std::shared_ptr<stick::StickTable>> filter_tables;  // beside config->bandwidth_filters; null: none
  NameRefs::Owners named;                                         // what the names of its lines mean
};

struct StickPlan {
  const stick::StickRule* rule = nullptr;
  std::shared_ptr<stick::StickTable> table;
};

struct BackendPlan {
  std::shared_ptr<const ProxyConfig> config;
  std::shared_ptr<BackendState> state;
  std::shared_ptr<RuleCounts> rules;
  LogPlan log;
  LogPlan fcgi_log;                          // log-stderr of its application
  std::shared_ptr<stick::StickTable> table;  // its own; null: none
  std::vector<StickPlan> stick_rules;
  std::vector<std::shared_ptr<stick::StickTable>> filter_tables;
  bool stores_on_response = false;
  NameRefs::Owners named;
  const balance::BalanceAlgorithm* algorithm = nullptr;
};

/// One section of the file: a `listen` has both halves, the others one.
struct ProxyPlan {
  std::shared_ptr<const FrontendPlan> frontend;
  std::shared_ptr<const BackendPlan> backend;
  [[nodiscard]] const ProxyConfig& config() const { return frontend ? *frontend->config : *backend->config; }
  [[nodiscard]] const std::string& name() const { return config().name; }
};

struct Plan {
  std::uint64_t serial = 0;
  std::shared_ptr<const GlobalConfig> global;
  std::vector<ProxyPlan> proxies;  // as the file lists them
  std::vector<std::shared_ptr<const FrontendPlan>> frontends;
  std::vector<std::shared_ptr<const BackendPlan>> backends;
  std::vector<std::shared_ptr<const BackendPlan>> disabled;           // backends that only force-be-switch reaches
  std::unordered_map<std::string_view, std::size_t> backend_by_name;  // keys live in the parts; values index `backends`
  std::unordered_map<std::string_view, std::size_t> frontend_by_name;
  std::vector<std::shared_ptr<const UserlistConfig>> userlists;
  std::shared_ptr<const sample::ReferenceBook> references;  // maps and ACLs, for commands
  stick::TableRegistry tables;
  std::vector<std::shared_ptr<peers::Group>> groups;  // peers sections that run
  LogPlan log;                                        // of the process itself

  [[nodiscard]] std::shared_ptr<const BackendPlan> backend(std::string_view name) const;
  [[nodiscard]] std::shared_ptr<const BackendPlan> disabled_backend(std::string_view name) const;
  [[nodiscard]] std::shared_ptr<const FrontendPlan> frontend(std::string_view name) const;
  [[nodiscard]] std::shared_ptr<const UserlistConfig> userlist(std::string_view name) const;
};

}  // namespace weir::proxy
