// Which server a session belongs to: stick tables, the RDP routing token, and the key that hashing algorithms use.
//
// All of it reads the client's first bytes, which lie untouched in the request flow until the exchange begins, so keys
// need not be kept: they are looked up before a server is asked for and again when one has been reached. A table keeps
// the server's name beside its id, and the name decides: a reload may number servers anew. Manual: stick
// on/match/store-*, persist rdp-cookie, balance rdp-cookie, balance source, srvkey.
#include <fmt/format.h>

#include "balance/hash.h"
#include "proto/rdp.h"
#include "proxy/explain.h"
#include "proxy/http/cookie.h"
#include "proxy/http/phases.h"
#include "proxy/http/reuse.h"
#include "proxy/rule/asked.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/phases.h"
#include "proxy/worker_context.h"
#include "stick/config.h"
#include "stick/table.h"

namespace weir::proxy {
namespace {

std::string_view first_bytes(const Session& session) {
  const Flow& flow = session.request;
  return flow.buffer == nullptr ? std::string_view()
                                : std::string_view(flow.buffer + flow.start, flow.end - flow.start);
}

std::optional<std::string_view> rdp_cookie(const Session& session, std::string_view name) {
  const proto::rdp::RequestParse parse = proto::rdp::parse_connection_request(first_bytes(session));
  if (parse.outcome != proto::rdp::Outcome::complete) return std::nullopt;
  return parse.request.cookie(name);
}

std::optional<std::string_view> key_of(const StickPlan& stick, sample::Context& context, Session& session) {
  if (!holds(*stick.rule, *session.backend->rules, context, session)) return std::nullopt;
  sample::Sample value;
  if (stick.rule->key.evaluate(context, value) != sample::FetchStatus::ok) return std::nullopt;
  return stick::table_key(stick.table->config(), value, context.arena);
}

// What the table knows a server by, beside its id.
std::string server_key(const stick::TableConfig& table, ServerState& server) {
  if (!table.server_key_is_address) return server.name;
  const std::scoped_lock guard(server.backend.lock);
  return server.address.to_string();
}

std::shared_ptr<ServerState> server_with_key(const stick::TableConfig& table, BackendState& backend,
                                             std::string_view key) {
  const std::scoped_lock guard(backend.lock);
  for (const auto& server : backend.servers)
    if (table.server_key_is_address ? server->address.to_string() == key : server->name == key) return server;
  return nullptr;
}

std::shared_ptr<ServerState> server_with_id(BackendState& backend, std::uint64_t id) {
  const std::scoped_lock guard(backend.lock);
  for (const auto& server : backend.servers)
    if (server->id == id) return server;
  return nullptr;
}

// The id counts for entries that were set by it alone, and for servers that got another name.
std::shared_ptr<ServerState> server_of_entry(stick::StickTable& table, const stick::StickTable::Pin& pin,
                                             BackendState& backend, TimePoint now) {
  if (const std::string key = table.text(pin, stick::DataType::server_key); !key.empty())
    if (auto server = server_with_key(table.config(), backend, key)) return server;
  const auto id = table.get(pin, stick::DataType::server_id, now);
  return id ? server_with_id(backend, *id) : nullptr;
}

// The token names the server's address as the server knows itself.
std::shared_ptr<ServerState> server_of_token(Session& session) {
  const std::optional<std::string_view> cookie = rdp_cookie(session, session.backend->config->settings.rdp_cookie_name);
  if (!cookie) return nullptr;
  const auto target = proto::rdp::decode_routing_cookie(*cookie);
  if (!target) return nullptr;
  const SocketAddress address = SocketAddress::ipv4(target->ipv4_host_order, target->port);
  BackendState& backend = *session.backend->state;
  const std::scoped_lock guard(backend.lock);
  for (const auto& server : backend.servers)
    if (server->address == address) return server;
  return nullptr;
}

std::shared_ptr<ServerState> server_of_tables(Session& session) {
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  for (const StickPlan& stick : session.backend->stick_rules) {
    if (!stick.rule->match) continue;
    explain(session, [&] { return fmt::format("stick table '{}'", stick.table->config().name); });
    const sample::Trace::Deeper in_table(context.trace);
    const auto key = key_of(stick, context, session);
    if (!key) continue;
    const auto pin = stick.table->find(*key, context.now);
    if (!pin) continue;
    explain(session, [] { return std::string("has an entry for it"); });
    stick.table->refresh(pin, context.now);
    if (auto server = server_of_entry(*stick.table, pin, *session.backend->state, context.now)) return server;
  }
  return nullptr;
}

void store(Session& session, bool on_response) {
  if (session.backend->stick_rules.empty() || session.target_config->non_stick) return;
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  for (const StickPlan& stick : session.backend->stick_rules) {
    const bool response_rule = stick.rule->kind == stick::StickRule::Kind::store_response;
    if (!stick.rule->store || response_rule != on_response) continue;
    const auto key = key_of(stick, context, session);
    if (!key) continue;
    const auto pin = stick.table->obtain(*key, context.now);
    if (!pin) continue;
    stick.table->set(pin, stick::DataType::server_id, session.target->id, context.now);
    stick.table->set_text(pin, stick::DataType::server_key, server_key(stick.table->config(), *session.target),
                          context.now);
  }
  session.worker->arena.reset();
}

}  // namespace

void note_persistence(Session& session) {
  session.force_persist = session.ignore_persist = false;
  const std::vector<PersistRule>& rules = session.backend->config->persist_rules;
  if (rules.empty()) return;
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  for (const PersistRule& rule : rules) {
    if (!holds(rule, *session.backend->rules, context, session)) continue;
    (rule.force ? session.force_persist : session.ignore_persist) = true;
    break;
  }
  session.worker->arena.reset();
}

namespace {

// Manual, use-server: a rule whose server may not serve is passed by.
std::shared_ptr<ServerState> usable_server(Session& session, std::string_view name) {
  BackendState& backend = *session.backend->state;
  const bool even_down = session.backend->config->settings.persist || session.force_persist;
  const std::scoped_lock guard(backend.lock);
  for (const auto& server : backend.servers)
    if (server->name == name) return backend.may_be_given(*server, even_down) ? server : nullptr;
  return nullptr;
}

std::shared_ptr<ServerState> server_of_rules(Session& session) {
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  for (const UseServer& rule : session.backend->config->use_servers) {
    explain(session, [&] {
      return fmt::format("{}: use-server {} {}", session.backend->rules->place(rule.number),
                         rule.format ? rule.format->text() : rule.name, rule.condition.text());
    });
    const sample::Trace::Deeper in_rule(context.trace);
    if (!holds(rule, *session.backend->rules, context, session)) continue;
    std::string_view name = rule.name;
    char computed[256];
    if (rule.format != nullptr) name = {computed, rule.format->format(context, computed)};
    if (auto server = usable_server(session, name)) return server;
  }
  return nullptr;
}

}  // namespace

namespace {

// Manual, option prefer-last-server and max-keep-alive-queue: as long as few wait for it.
std::shared_ptr<ServerState> last_server(const Session& session) {
  const HttpSettings& http = session.backend->config->settings.http;
  // Who has logged in over a connection comes back to it.
  const IdleConnection* own = session.own_server;
  if (own != nullptr && own->logged_in && &own->server->backend == session.backend->state.get()) return own->server;
  if (session.http == nullptr || !http.prefer_last_server || !session.extras) return nullptr;
  const std::shared_ptr<ServerState>& server = session.extras->last_server;
  if (server == nullptr || &server->backend != session.backend->state.get()) return nullptr;
  if (http.max_keep_alive_queue_set && server->queued.value() > http.max_keep_alive_queue) return nullptr;
  return server;
}

}  // namespace

std::shared_ptr<ServerState> persistent_server(Session& session) {
  const BackendPlan& backend = *session.backend;
  if (!backend.config->use_servers.empty())
    if (auto server = server_of_rules(session)) {
      if (session.http != nullptr && server_of_cookie(session) != nullptr) session.http->cookie_in = 'U';
      return server;
    }
  if (session.http != nullptr)
    if (auto server = server_of_cookie(session)) {
      explain(session, [&] { return fmt::format("the persistence cookie names server '{}'", server->name); });
      return server;
    }
  // COMPAT: observed on 2.6: what is ignored are cookies; stick tables go on.
  if (backend.config->settings.persist_rdp_cookie && !session.ignore_persist)
    if (auto server = server_of_token(session)) {
      explain(session, [&] { return fmt::format("the RDP routing token names server '{}'", server->name); });
      return server;
    }
  if (!backend.stick_rules.empty())
    if (auto server = server_of_tables(session)) return server;
  return last_server(session);
}

namespace {

// What is hashed are the bytes of the value; `none` reads a number as it is written.
std::optional<std::uint32_t> hash_of_expression(Session& session, const BalanceConfig& balance) {
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  sample::Sample value;
  if (balance.expression->evaluate(context, value) != sample::FetchStatus::ok) return std::nullopt;
  const bool as_written = balance.options.function == balance::HashFunction::none;
  if (!sample::cast(value, as_written ? sample::Type::string : sample::Type::binary, context.arena))
    return std::nullopt;
  return balance::hash_key(balance.options, value.text());
}

}  // namespace

std::optional<std::uint32_t> balance_hash(Session& session) {
  const BalanceConfig& balance = session.backend->config->settings.balance;
  const balance::BalanceAlgorithm* algorithm = session.backend->algorithm;
  switch (algorithm->key) {
    case balance::KeyKind::none: return std::nullopt;
    case balance::KeyKind::source:
      if (!session.facts.client.is_inet()) return std::nullopt;
      return balance::hash_source(balance.options, session.facts.client);
    case balance::KeyKind::rdp_cookie: {
      const auto cookie = rdp_cookie(session, balance.argument);
      if (!cookie) return std::nullopt;
      return balance::hash_key(balance.options, *cookie);
    }
    case balance::KeyKind::expression: return hash_of_expression(session, balance);
    case balance::KeyKind::uri:
    case balance::KeyKind::url_param:
    case balance::KeyKind::header: {
      if (session.http == nullptr || !session.http->request_head_alive) return std::nullopt;
      const auto key = balance_key(session, balance, algorithm->key);
      return key ? std::optional(balance::hash_key(balance.options, *key)) : std::nullopt;
    }
  }
  return std::nullopt;
}

void store_request_sticking(Session& session) { store(session, false); }
void store_response_sticking(Session& session) { store(session, true); }

}  // namespace weir::proxy
