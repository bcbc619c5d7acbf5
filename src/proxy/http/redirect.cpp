#include "proxy/http/redirect.h"

#include <fmt/format.h>

#include <cstring>

#include "proto/http/uri.h"
#include "proxy/http/line_text.h"
#include "proxy/http/phases.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

struct Reader {
  config::ParseContext& context;
  config::Arguments& args;
  const sample::Scope& scope;
  Redirect& out;

  std::shared_ptr<const sample::LogFormat> format(std::string_view what) {
    const config::Word* word = args.expect_word(what);
    if (word == nullptr) return nullptr;
    return sample::LogFormat::compile(word->text, {.use = sample::FormatUse::text, .merge_spaces = false, .http = true},
                                      scope, word->at, context.diagnostics());
  }

  // Manual: without "http-request" before it, it is no format.
  std::shared_ptr<const sample::LogFormat> literal(std::string_view what) {
    const config::Word* word = args.expect_word(what);
    if (word == nullptr) return nullptr;
    std::string doubled;
    for (const char c : word->text) doubled.append(c == '%' ? 2 : 1, c);
    return sample::LogFormat::compile(doubled, {.use = sample::FormatUse::text, .merge_spaces = false}, scope, word->at,
                                      context.diagnostics());
  }

  bool read_code() {
    const config::Word* word = args.peek();
    const auto code = args.expect_integer("the status", 301, 308);
    if (!code) return false;
    if (*code > 303 && *code < 307) {
      args.error_at(word->at, "a redirection is 301, 302, 303, 307 or 308");
      return false;
    }
    out.code = static_cast<std::uint16_t>(*code);
    return true;
  }

  bool read_cookie(bool clear) {
    const config::Word* word = args.expect_word("the cookie, NAME or NAME=value");
    if (word == nullptr) return false;
    out.cookie = word->text + (clear ? "; path=/; Max-Age=0;" : "; path=/;");
    return true;
  }

  // False: not an option of a redirection, or after an error.
  bool read_option() {
    if (args.take("code")) return read_code();
    if (args.take("set-cookie")) return read_cookie(false);
    if (args.take("clear-cookie")) return read_cookie(true);
    if (args.take("set-cookie-fmt")) return (out.cookie_format = format("the cookie")) != nullptr;
    if (args.take("drop-query")) return out.drop_query = true;
    if (args.take("append-slash")) return out.append_slash = true;
    if (args.take("ignore-empty")) return out.ignore_empty = true;
    if (args.take("keep-query")) return out.keep_query = true;
    args.error(fmt::format("a redirection has no option '{}'", args.peek()->text));
    return false;
  }
};

void add_path(std::string& location, const Redirect& redirect, std::string_view path_query) {
  if (!redirect.drop_query) {
    location += path_query;
    return;
  }
  const std::string_view path = path_of(path_query);
  location += path;
  if (redirect.append_slash && !path.ends_with('/')) location += "/";
}

}  // namespace

bool read_redirect(config::ParseContext& context, config::Arguments& args, const sample::Scope& scope, bool literal,
                   Redirect& out) {
  static constexpr std::string_view kTo[] = {"location", "prefix", "scheme"};
  const auto to = args.expect_choice("redirection", kTo);
  if (!to) return false;
  out.to = static_cast<Redirect::To>(*to);
  Reader reader{.context = context, .args = args, .scope = scope, .out = out};
  if (args.peek() != nullptr) out.written = args.peek()->text;
  out.where = literal ? reader.literal("where to") : reader.format("where to");
  if (out.where == nullptr) return false;
  while (!args.at_end() && args.peek()->text != "if" && args.peek()->text != "unless")
    if (!reader.read_option()) return false;
  Reply reply;
  reply.status = out.code;
  reply.fields.emplace_back("content-length", "0");
  out.reply = std::make_shared<const Reply>(std::move(reply));
  return true;
}

RedirectOrder order_redirect(Session& session, const Redirect& redirect, sample::Context& context) {
  HttpExchange& exchange = *session.http;
  const auto formatted = line_text(session, *redirect.where, context);
  if (!formatted) return RedirectOrder::failed;
  const std::string_view where = *formatted;
  if (where.empty() && redirect.ignore_empty) return RedirectOrder::skipped;
  const bool request_known = exchange.request_head_alive;
  const Target target =
      request_known ? split_target(exchange.request.target, exchange.request.method == Method::connect) : Target{};
  const std::string_view path_query = target.path_query.empty() ? std::string_view("/") : target.path_query;
  std::string location;
  switch (redirect.to) {
    case Redirect::To::location:
      location += where;
      if (const auto query = redirect.keep_query ? query_of(path_query) : std::nullopt) {
        location += where.contains('?') ? "&" : "?";
        location += *query;
      }
      break;
    case Redirect::To::prefix:
      if (redirect.written != "/") location += where;
      add_path(location, redirect, path_query);
      break;
    case Redirect::To::scheme:
      location += where;
      location += "://";
      location += request_known ? exchange.request.value(FieldId::host).value_or("") : std::string_view();
      add_path(location, redirect, path_query);
      break;
  }
  const auto kept = exchange.texts.copy(location);
  if (!kept) return RedirectOrder::failed;
  exchange.answer = {};
  exchange.answer.reply = redirect.reply.get();
  exchange.answer.fields.emplace_back("location", *kept);
  // What may be cached is cached by the permanent ones alone.
  if (redirect.code == 302 || redirect.code == 303 || redirect.code == 307)
    exchange.answer.fields.emplace_back("cache-control", "no-cache");
  if (!redirect.cookie.empty()) exchange.answer.fields.emplace_back("set-cookie", redirect.cookie);
  if (redirect.cookie_format) {
    const auto cookie = line_text(session, *redirect.cookie_format, context);
    if (!cookie) return RedirectOrder::failed;
    exchange.answer.fields.emplace_back("set-cookie", *cookie);
  }
  return RedirectOrder::given;
}

// Manual 5.2, redir: GET and HEAD of a path only. COMPAT: observed on 2.6: the client's connection ends.
bool sent_elsewhere(Session& session) {
  if (!session.is_http) return false;
  HttpExchange& exchange = *session.http;
  if (exchange.request_method != Method::get && exchange.request_method != Method::head) return false;
  static const Reply kReply = [] {
    Reply reply;
    reply.status = 302;
    reply.closes = true;
    reply.fields.emplace_back("cache-control", "no-cache");
    reply.fields.emplace_back("content-length", "0");
    return reply;
  }();
  const std::string_view path_query = split_target(exchange.request.target, false).path_query;
  if (!path_query.starts_with('/')) return false;
  std::string location = session.target_config->redirect;
  location += path_query;
  const auto kept = exchange.texts.copy(location);
  exchange.answer = {};
  if (!kept) {
    answer(session, page_of(session, 500), EndedBy::internal, 'C');
    return true;
  }
  exchange.answer.fields.emplace_back("location", *kept);
  answer(session, kReply, EndedBy::local, 'C');
  return true;
}

}  // namespace weir::proxy
