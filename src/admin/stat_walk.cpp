#include "admin/stat_walk.h"

#include <algorithm>
#include <mutex>

namespace weir::admin {

bool StatWalk::shows(const proxy::ProxyPlan& proxy) const {
  if (selection_.proxy && *selection_.proxy != proxy.config().id) return false;
  if (!selection_.names.empty() && std::ranges::find(selection_.names, proxy.name()) == selection_.names.end())
    return false;
  return selection_.part.empty() || proxy.name().find(selection_.part) != std::string::npos;
}

bool StatWalk::shows(const proxy::BackendState& backend, const proxy::ServerState& server) const {
  if (selection_.server && *selection_.server != server.id) return false;
  const std::scoped_lock guard(backend.lock);
  if (selection_.only_up && (!server.health.up() || server.health.in_maintenance())) return false;
  return !selection_.no_maintenance || !server.health.in_maintenance();
}

void StatWalk::list_servers(const proxy::ProxyPlan& proxy) {
  server_ = 0;
  servers_.clear();
  if (!proxy.backend || !wants(StatSelection::kServers)) return;
  const std::scoped_lock guard(proxy.backend->state->lock);
  servers_ = proxy.backend->state->servers;
}

std::optional<StatRow> StatWalk::next_server(const StatContext& context, const proxy::ProxyPlan& proxy) {
  while (server_ < servers_.size()) {
    std::shared_ptr<proxy::ServerState> server = std::move(servers_[server_++]);
    if (!shows(*proxy.backend->state, *server)) continue;
    Fields fields = server_fields(context, *proxy.backend, *server);
    const FieldOwner owner{'S', proxy.config().id, server->id};
    return StatRow{.fields = std::move(fields), .owner = owner, .proxy = &proxy, .server = std::move(server)};
  }
  return std::nullopt;
}

std::optional<StatRow> StatWalk::next(const StatContext& context) {
  for (; proxy_ < plan_->proxies.size(); proxy_++, at_ = At::frontend) {
    const proxy::ProxyPlan& proxy = plan_->proxies[proxy_];
    if (!shows(proxy)) continue;
    const std::uint32_t id = proxy.config().id;
    if (at_ == At::frontend) {
      at_ = At::servers;
      list_servers(proxy);
      if (proxy.frontend && whole() && wants(StatSelection::kFrontends))
        return StatRow{.fields = frontend_fields(context, *proxy.frontend), .owner = {'F', id, 0}, .proxy = &proxy};
    }
    if (at_ == At::servers) {
      if (auto row = next_server(context, proxy)) return row;
      at_ = At::backend;
      if (proxy.backend && whole() && wants(StatSelection::kBackends))
        return StatRow{.fields = backend_fields(context, *proxy.backend), .owner = {'B', id, 0}, .proxy = &proxy};
    }
  }
  return std::nullopt;
}

void StatWriter::begin(std::string& out) const {
  if (form_ == Form::json) out += '[';
  if (form_ != Form::csv) return;
  out += "# ";
  for (const FieldRow& row : stat_rows()) {
    out += row.name;
    out += ',';
  }
  out += '\n';
}

void StatWriter::write(std::string& out, const StatRow& row) {
  switch (form_) {
    case Form::csv: write_csv(out, row.fields); break;
    case Form::typed: write_typed(out, row.fields, &row.owner, described_); break;
    case Form::json:
      if (!first_) out += ',';
      write_json(out, row.fields, &row.owner);
      break;
  }
  first_ = false;
}

void StatWriter::end(std::string& out) const {
  if (form_ == Form::json) out += "]\n";
}

}  // namespace weir::admin
