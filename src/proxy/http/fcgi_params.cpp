// A request as parameters: those of CGI/1.1, the request's fields as HTTP_*, and what set-param says.
//
// The path is decoded and taken apart as `path-info` says; a path that no script can be found in is an error, not a
// guess. Fields of one name become one parameter (RFC 3875 4.1.18), for an application sees but one of two. Proxy stays
// out, since HTTP_PROXY means something else to many programs, as do credentials and what is about the connection.
// Manual: 10.1 (path-info, pass-header, set-param), 10.2. COMPAT: observed on 2.6: REMOTE_PORT, CONTENT_LENGTH of 0,
// and SERVER_NAME with the port that Host has.
#include <fmt/format.h>

#include <algorithm>

#include "io/socket.h"
#include "proto/http/text.h"
#include "proto/http/uri.h"
#include "proxy/http/credentials.h"
#include "proxy/http/fcgi.h"
#include "proxy/http/fcgi_app.h"
#include "proxy/http/phases.h"
#include "proxy/worker_context.h"
#include "sample/script_path.h"

namespace weir::proxy {
namespace {

using namespace proto::http;
using proto::fcgi::kRequest;
using proto::fcgi::RecordWriter;
using proto::fcgi::Type;

constexpr std::string_view kFieldPrefix = "HTTP_";

// Whether two fields become the same parameter.
bool same_param(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, proto::fcgi::parameter_byte, proto::fcgi::parameter_byte);
}

bool is_hidden(const FcgiStream& stream, const Field& field) {
  switch (field.id) {
    case FieldId::content_length:
    case FieldId::content_type: return true;  // parameters of their own
    case FieldId::authorization:
    case FieldId::proxy_authorization:
    case FieldId::connection:
    case FieldId::keep_alive:
    case FieldId::proxy_connection:
    case FieldId::te:
    case FieldId::transfer_encoding:
    case FieldId::upgrade: break;
    default:
      if (!same_name(field.name, "proxy")) return false;
  }
  return std::ranges::none_of(stream.passed, [&](std::string_view name) { return same_name(name, field.name); });
}

/// The script of a request.
struct Script {
  std::string_view path;  // decoded, in the exchange's texts
  std::string_view name;
  std::string_view path_info;
};

std::optional<Script> script_of(const FcgiApp& app, const Head& request, TextStore& texts) {
  const Target target = split_target(request.target, request.method == Method::connect);
  const std::string_view written = path_of(target.path_query);
  char* const room = texts.take(written.size());
  if (room == nullptr || !written.starts_with('/')) return std::nullopt;
  const auto size = sample::decode_path(written, room);
  if (!size) return std::nullopt;
  const std::string_view path(room, *size);
  const auto script = sample::script_path(path, app.path_info.get());
  if (!script) return std::nullopt;
  return Script{.path = path, .name = script->name, .path_info = script->path_info};
}

/// Writes parameters, but for those that set-param gives.
class Params {
 public:
  Params(RecordWriter& out, const FcgiStream& stream) : out_(out), stream_(stream) {}
  void add(std::string_view name, std::initializer_list<std::string_view> value) {
    if (is_set(name)) return;
    std::size_t size = 0;
    for (const std::string_view piece : value) size += piece.size();
    out_.param_name({}, name, size);
    for (const std::string_view piece : value) out_.bytes(piece);
  }
  void add(std::string_view name, std::string_view value) { add(name, {value}); }
  void add_field(const Head& head, const Field& field);
  void add_set() {
    for (const auto& [name, value] : stream_.params) out_.param(name, value);
  }

 private:
  [[nodiscard]] bool is_set(std::string_view name) const {
    return std::ranges::any_of(stream_.params, [&](const auto& set) { return set.first == name; });
  }
  [[nodiscard]] bool field_is_set(std::string_view name) const {
    return std::ranges::any_of(stream_.params, [&](const auto& set) {
      return set.first.starts_with(kFieldPrefix) && same_param(set.first.substr(kFieldPrefix.size()), name);
    });
  }
  RecordWriter& out_;
  const FcgiStream& stream_;
};

// The first of its name speaks for all of them.
void Params::add_field(const Head& head, const Field& field) {
  const std::string_view separator = field.id == FieldId::cookie ? "; " : ", ";
  std::size_t size = 0;
  bool first = true;
  for (const Field& other : head.fields()) {
    if (other.removed || is_hidden(stream_, other) || !same_param(other.name, field.name)) continue;
    if (first && &other != &field) return;
    size += other.value.size() + (first ? 0 : separator.size());
    first = false;
  }
  if (field_is_set(field.name)) return;
  out_.param_name(kFieldPrefix, field.name, size);
  for (const Field& other : head.fields()) {
    if (other.removed || is_hidden(stream_, other) || !same_param(other.name, field.name)) continue;
    if (&other != &field) out_.bytes(separator);
    out_.bytes(other.value);
  }
}

void add_peers(Session& session, Params& params) {
  const SessionFacts& facts = session.facts;
  const SocketAddress& local = local_address(session);
  if (facts.client.is_inet()) {
    params.add("REMOTE_ADDR", facts.client.host());
    params.add("REMOTE_PORT", fmt::format("{}", facts.client.port()));
  }
  const auto host = session.http->request.value(FieldId::host);
  if (host)
    params.add("SERVER_NAME", *host);
  else if (local.is_inet())
    params.add("SERVER_NAME", local.host());
  if (local.is_inet()) params.add("SERVER_PORT", fmt::format("{}", local.port()));
}

void add_user(Session& session, Params& params) {
  const auto field = session.http->request.value(FieldId::authorization);
  if (!field) return;
  if (const auto told = basic_credentials(Authorization(*field), session.worker->arena)) {
    params.add("AUTH_TYPE", "Basic");
    params.add("REMOTE_USER", told->user);
  }
  session.worker->arena.reset();
}

void add_script(const FcgiApp& app, const Script& script, Params& params) {
  const std::string_view index = script.name.ends_with('/') ? std::string_view(app.index) : std::string_view();
  params.add("DOCUMENT_ROOT", app.docroot);
  params.add("SCRIPT_NAME", {script.name, index});
  params.add("SCRIPT_FILENAME", {app.docroot, script.name, index});
  if (script.path_info.empty()) return;
  params.add("PATH_INFO", script.path_info);
  params.add("PATH_TRANSLATED", {app.docroot, script.path_info});
}

// What begin_fcgi() has made sure of: a body whose length is known.
std::uint64_t content_length(const BodyState& body) {
  switch (body.framing.kind) {
    case BodyKind::length: return body.framing.length;
    case BodyKind::chunked: return body.decoded;
    default: return 0;
  }
}

void add_request(const HttpExchange& exchange, Params& params) {
  const Head& request = exchange.request;
  const Target target = split_target(request.target, request.method == Method::connect);
  params.add("GATEWAY_INTERFACE", "CGI/1.1");
  params.add("SERVER_SOFTWARE", "weir");
  params.add("SERVER_PROTOCOL", version_text(request.version));
  params.add("REQUEST_METHOD", request.method_text);
  params.add("REQUEST_URI", request.target);
  if (const auto query = query_of(target.path_query); query && !query->empty()) params.add("QUERY_STRING", *query);
  params.add("CONTENT_LENGTH", fmt::format("{}", content_length(exchange.request_body)));
  if (const auto type = request.value(FieldId::content_type)) params.add("CONTENT_TYPE", *type);
}

}  // namespace

std::string_view write_fcgi_head(Session& session) {
  HttpExchange& exchange = *session.http;
  const FcgiApp& app = app_of(session);
  const auto script = script_of(app, exchange.request, exchange.texts);
  if (!script) return {};
  const std::span<char> scratch = session.worker->io->scratch();
  RecordWriter out(scratch);
  Params params(out, *exchange.fcgi);
  out.begin_request(kRequest, app.keep_conn);
  out.begin_params(kRequest);
  add_script(app, *script, params);
  add_request(exchange, params);
  add_peers(session, params);
  add_user(session, params);
  for (const Field& field : exchange.request.fields())
    if (!field.removed && !is_hidden(*exchange.fcgi, field)) params.add_field(exchange.request, field);
  params.add_set();
  out.end_params();
  if (exchange.request_body.framing.kind == BodyKind::none) out.empty(Type::in, kRequest);
  exchange.texts.keep_only(script->path.data(), 0);  // another attempt decodes it again
  return {scratch.data(), out.size()};
}

bool note_fcgi_params(Session& session) {
  HttpExchange& exchange = *session.http;
  const FcgiApp& app = app_of(session);
  exchange.fcgi = std::make_unique<FcgiStream>();
  FcgiStream& stream = *exchange.fcgi;
  stream.session = &session;
  if (app.passed.empty() && app.params.empty()) return true;
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  bool fits = true;
  for (const FcgiApp::PassedField& passed : app.passed)
    if (passed.condition.evaluate(context) == sample::Truth::yes) stream.passed.emplace_back(passed.name);
  for (const FcgiApp::Param& param : app.params) {
    if (param.condition.evaluate(context) != sample::Truth::yes) continue;
    const std::span<char> scratch = session.worker->io->scratch();
    const std::size_t size = param.format->format(context, scratch);
    if (size == 0) continue;
    const auto value = exchange.texts.copy({scratch.data(), size});
    fits = fits && value;
    if (!value) break;
    const auto same = std::ranges::find(stream.params, param.name, [](const auto& set) { return set.first; });
    if (same != stream.params.end())
      same->second = *value;
    else
      stream.params.emplace_back(param.name, *value);
  }
  session.worker->arena.reset();
  if (!fits) answer(session, page_of(session, 500), EndedBy::internal, 'H');
  return fits;
}

}  // namespace weir::proxy
