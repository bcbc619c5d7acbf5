// The rows of the statistics, one after the other: every proxy's frontend, servers and backend, in the order of the
// file.
//
// A walk is taken in pieces of any size and holds what it walks over: the plan it began with, and the servers of the
// backend it is in. `show stat` and the statistics page say the same because both walk here and write here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/stat_fields.h"

namespace weir::admin {

struct StatSelection {
  static constexpr unsigned kFrontends = 1, kBackends = 2, kServers = 4;
  std::optional<std::uint32_t> proxy;
  unsigned types = ~0U;
  std::optional<std::uint32_t> server;
  bool only_up = false;
  bool no_maintenance = false;
  std::vector<std::string> names;  // of proxies; none: all of them
  std::string part;                // of proxies' names; empty: any
};

struct StatRow {
  Fields fields;
  FieldOwner owner;
  const proxy::ProxyPlan* proxy = nullptr;
  std::shared_ptr<proxy::ServerState> server;  // null: of the proxy itself
};

class StatWalk {
 public:
  StatWalk(std::shared_ptr<const proxy::Plan> plan, StatSelection selection)
      : plan_(std::move(plan)), selection_(std::move(selection)) {}

  /// nullopt: there are no more.
  [[nodiscard]] std::optional<StatRow> next(const StatContext& context);
  [[nodiscard]] const proxy::Plan& plan() const { return *plan_; }
  /// Whether rows of that proxy are among them.
  [[nodiscard]] bool shows(const proxy::ProxyPlan& proxy) const;

 private:
  enum class At : std::uint8_t { frontend, servers, backend };
  [[nodiscard]] bool wants(unsigned type) const { return (selection_.types & type) != 0; }
  [[nodiscard]] bool whole() const { return !selection_.server || *selection_.server == 0; }
  [[nodiscard]] bool shows(const proxy::BackendState& backend, const proxy::ServerState& server) const;
  std::optional<StatRow> next_server(const StatContext& context, const proxy::ProxyPlan& proxy);
  void list_servers(const proxy::ProxyPlan& proxy);

  std::shared_ptr<const proxy::Plan> plan_;
  StatSelection selection_;
  std::size_t proxy_ = 0;
  At at_ = At::frontend;
  std::vector<std::shared_ptr<proxy::ServerState>> servers_;
  std::size_t server_ = 0;
};

/// One of the three forms for programs.
class StatWriter {
 public:
  enum class Form : std::uint8_t { csv, typed, json };
  StatWriter(Form form, bool described) : form_(form), described_(described) {}
  void begin(std::string& out) const;
  void write(std::string& out, const StatRow& row);
  void end(std::string& out) const;

 private:
  Form form_;
  bool described_;
  bool first_ = true;
};

}  // namespace weir::admin
