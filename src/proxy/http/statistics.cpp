// When a request is for the statistics page, and who may see it and change things by it.
//
// The page itself is a service that this layer only knows by its interface: what it shows belongs to those above.
// Manual: stats uri, auth, realm, admin, http-request.
#include <fmt/format.h>

#include <algorithm>

#include "proto/http/text.h"
#include "proto/http/uri.h"
#include "proxy/http/body.h"
#include "proxy/http/credentials.h"
#include "proxy/http/phases.h"
#include "proxy/http/stats_config.h"
#include "proxy/process_state.h"
#include "proxy/rule/asked.h"
#include "proxy/userlist.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

// The path and query of whatever form the target has. Manual: any that begins so.
std::string_view asked_for(const Head& head) {
  return head.target.starts_with('/') ? head.target : split_target(head.target).path_query;
}

bool is_user(const StatsConfig& stats, const BasicCredentials& told) {
  // All are compared, so that the time tells nothing of who is among them.
  bool found = false;
  for (const StatsConfig::User& user : stats.users) {
    const bool name = same_secret(told.user, user.name);
    const bool password = same_secret(told.password, user.password);
    found = found || (name && password);
  }
  return found;
}

bool is_admin(Session& session, const ProxyConfig& proxy) {
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  const bool of_frontend = &proxy == session.frontend->config.get();
  const bool admin = any_holds(proxy.stats_admins, *(of_frontend ? session.frontend->rules : session.backend->rules),
                               context, session);
  session.worker->arena.reset();
  return admin;
}

}  // namespace

bool asks_for_statistics(const Session& session, const ProxyConfig& proxy) {
  const StatsConfig* stats = proxy.settings.http.stats.get();
  if (stats == nullptr) return false;
  const Head& head = session.http->request;
  const bool method = head.method == Method::get || head.method == Method::head || head.method == Method::post;
  return method && asked_for(head).starts_with(stats->uri);
}

bool may_see_statistics(Session& session, const StatsConfig& stats) {
  if (stats.users.empty()) return true;
  HttpExchange& exchange = *session.http;
  // The page is weir's own, whatever form the target has: a client logs in as to any server.
  const auto field = exchange.request.value(FieldId::authorization);
  const auto told = basic_credentials(Authorization(field.value_or("")), session.worker->arena);
  const bool known = told && is_user(stats, *told);
  session.worker->arena.reset();
  if (known) return true;
  const auto challenge = exchange.texts.copy(fmt::format("Basic realm={}", quoted(stats.realm)));
  exchange.answer = {};
  exchange.answer.reply = &page_of(session, 401);
  if (challenge) exchange.answer.fields.emplace_back("www-authenticate", *challenge);
  return false;
}

void show_statistics(Session& session, std::shared_ptr<const ProxyConfig> proxy) {
  HttpExchange& exchange = *session.http;
  const BodyState& body = exchange.request_body;
  const std::string_view form = buffered_body(session.request, body);
  const bool whole = body.read_over || body.framing.kind == BodyKind::none ||
                     (body.framing.kind == BodyKind::length && form.size() >= body.reader.known_rest());
  const bool admin = is_admin(session, *proxy);
  const ServiceRequest request{.worker = *session.worker,
                               .plan = session.plan,
                               .proxy = std::move(proxy),
                               .head = exchange.request,
                               .body = form,
                               .body_cut = !whole,
                               .may_change = admin};
  serve_from_inside(session, session.worker->process->statistics->serve(request));
}

}  // namespace weir::proxy
