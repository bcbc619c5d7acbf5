// Actions that answer, refuse or hold up a message. Manual 4.4: allow, auth, deny, pause, redirect, return,
// set-timeout, tarpit, wait-for-body.
//
// An action leaves what is to be said in the exchange and returns its verdict; proxy/http/ does the rest.
#include <fmt/format.h>

#include "proto/http/uri.h"
#include "proxy/http/body.h"
#include "proxy/http/broken.h"
#include "proxy/http/pages.h"
#include "proxy/http/phases.h"
#include "proxy/http/redirect.h"
#include "proxy/rule/action.h"
#include "proxy/rule/read_reply.h"
#include "proxy/rule/tables.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

Verdict allow(const ActionArgument*, Session&, sample::Context&) { return Verdict::accept; }

struct ReplyArgument final : ActionArgument {
  ReplyPtr reply;
};

bool read_into(ActionReader& reader, std::uint16_t usual, bool page_by_default) {
  auto reply = read_reply(reader.context, reader.args, reader.scope, usual);
  if (reply == nullptr) return false;
  // Manual: "deny deny_status 429" means the page of that status, when it has one.
  if (page_by_default && reply->body == Reply::Body::none && reply->added.empty() && has_page(reply->status))
    reply->body = Reply::Body::page;
  auto argument = std::make_shared<ReplyArgument>();
  argument->reply = std::move(reply);
  reader.out = std::move(argument);
  return true;
}

bool parse_deny(ActionReader& reader) {
  return read_into(reader, reader.set == RuleSet::http_request ? 403 : 502, true);
}
bool parse_tarpit(ActionReader& reader) { return read_into(reader, 500, true); }
bool parse_return(ActionReader& reader) { return read_into(reader, 200, false); }

template <Verdict verdict>
Verdict say(const ActionArgument* given, Session& session, sample::Context&) {
  session.http->answer = {};
  session.http->answer.reply = static_cast<const ReplyArgument*>(given)->reply.get();
  return verdict;
}

struct RedirectArgument final : ActionArgument {
  Redirect redirect;
};

bool parse_redirect(ActionReader& reader) {
  auto argument = std::make_shared<RedirectArgument>();
  const bool literal = reader.word.text.empty();  // a `redirect` line
  if (!read_redirect(reader.context, reader.args, reader.scope, literal, argument->redirect)) return false;
  reader.out = std::move(argument);
  return true;
}

Verdict redirect(const ActionArgument* given, Session& session, sample::Context& context) {
  switch (order_redirect(session, static_cast<const RedirectArgument*>(given)->redirect, context)) {
    case RedirectOrder::given: return Verdict::answer;
    case RedirectOrder::skipped: return Verdict::next;
    case RedirectOrder::failed: return Verdict::failed;
  }
  return Verdict::failed;
}

struct AuthArgument final : ActionArgument {
  std::string challenge;
};

bool parse_auth(ActionReader& reader) {
  std::string realm = reader.proxy.name;
  if (reader.args.take("realm")) {
    const config::Word* word = reader.args.expect_word("the realm");
    if (word == nullptr) return false;
    realm = word->text;
  }
  auto argument = std::make_shared<AuthArgument>();
  argument->challenge = fmt::format("Basic realm=\"{}\"", realm);
  reader.out = std::move(argument);
  return true;
}

// Manual, option http-use-proxy-header: a client that speaks to a proxy is asked as one, but where the answer is weir's
// own (stats http-request). RFC 9110 11.7.1.
Verdict auth(const ActionArgument* given, Session& session, sample::Context&) {
  HttpExchange& exchange = *session.http;
  const bool to_proxy = exchange.proxied && exchange.served_by.empty();
  const std::uint16_t status = to_proxy ? 407 : 401;
  exchange.answer = {};
  exchange.answer.reply = &page_of(session, status);
  exchange.answer.fields.emplace_back(to_proxy ? "proxy-authenticate" : "www-authenticate",
                                      static_cast<const AuthArgument*>(given)->challenge);
  return Verdict::answer;
}

struct WaitArgument final : ActionArgument {
  Milliseconds time{};
  std::uint64_t at_least = 0;
};

bool parse_wait_for_body(ActionReader& reader) {
  if (!reader.args.take("time")) return reader.error(reader.args.here(), "'time <time>' is expected");
  const auto time = reader.args.expect_time("the time");
  if (!time) return false;
  auto argument = std::make_shared<WaitArgument>();
  argument->time = *time;
  if (reader.args.take("at-least")) {
    const auto bytes = reader.args.expect_size("the number of bytes");
    if (!bytes) return false;
    argument->at_least = *bytes;
  }
  if (const config::Word* word = reader.args.peek(); word != nullptr && word->text == "use-large-buffer")
    return reader.error(word->at, "'use-large-buffer' is not available in this version");
  reader.out = std::move(argument);
  return true;
}

Verdict wait_for_body(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const WaitArgument*>(given);
  HttpExchange& exchange = *session.http;
  const BodyGathered gathered = context.in_response ? gather_response_body(session, argument.at_least)
                                                    : gather_request_body(session, argument.at_least);
  if (gathered == BodyGathered::enough) {
    const sample::HttpMessage* seen = context.in_response ? context.http_response : context.http_request;
    const std::string_view now = context.in_response ? buffered_body(session.response, exchange.response_body)
                                                     : buffered_body(session.request, exchange.request_body);
    exchange.look_again = seen != nullptr && seen->body.size() != now.size();
    if (exchange.look_again) return Verdict::wait;
    exchange.body_deadline = TimePoint::max();
    exchange.body_over_due = false;
    return Verdict::next;
  }
  if (gathered == BodyGathered::broken)
    context.in_response ? keep_broken_response_body(session) : keep_broken_request_body(session);
  if (gathered == BodyGathered::broken || exchange.body_over_due) {
    exchange.answer = {};
    exchange.answer.reply = &page_of(session, context.in_response ? 504 : gathered == BodyGathered::broken ? 400 : 408);
    exchange.answer.late = gathered != BodyGathered::broken;
    return Verdict::deny;
  }
  if (exchange.body_deadline == TimePoint::max()) exchange.body_deadline = context.now + argument.time;
  return Verdict::wait;
}

struct TimeArgument final : ActionArgument {
  std::optional<Milliseconds> fixed;
  sample::Expression expression;
  std::size_t which = 0;
  [[nodiscard]] std::optional<Milliseconds> value(sample::Context& context) const {
    if (fixed) return fixed;
    sample::Sample sample;
    if (expression.evaluate(context, sample) != sample::FetchStatus::ok ||
        !sample::cast(sample, sample::Type::integer, context.arena) || sample.as_integer() < 0)
      return std::nullopt;
    constexpr std::int64_t kMost = 2'147'483'647;
    return Milliseconds(std::min(sample.as_integer(), kMost));
  }
};

// A word that begins with a digit is a time, any other an expression.
bool read_time(ActionReader& reader, TimeArgument& argument) {
  const config::Word* word = reader.args.peek();
  if (word != nullptr && !word->text.empty() && word->text[0] >= '0' && word->text[0] <= '9') {
    const auto time = reader.args.expect_time("the time");
    if (!time) return false;
    argument.fixed = *time;
    return true;
  }
  auto expression = reader.expression("a time, or an expression that gives milliseconds");
  if (!expression) return false;
  argument.expression = std::move(*expression);
  return true;
}

bool parse_pause(ActionReader& reader) {
  auto argument = std::make_shared<TimeArgument>();
  if (!read_time(reader, *argument)) return false;
  reader.out = std::move(argument);
  return true;
}

Verdict pause(const ActionArgument* given, Session& session, sample::Context& context) {
  HttpExchange& exchange = *session.http;
  if (exchange.pausing) {
    if (context.now < session.phase_deadline) return Verdict::wait;
    exchange.pausing = false;
    session.phase_deadline = TimePoint::max();
    return Verdict::next;
  }
  const auto time = static_cast<const TimeArgument*>(given)->value(context);
  if (!time || time->count() == 0) return Verdict::next;
  exchange.pausing = true;
  session.phase_deadline = context.now + *time;
  return Verdict::wait;
}

constexpr std::string_view kTimeouts[] = {"client", "connect", "queue", "server", "tarpit", "tunnel"};

bool parse_set_timeout(ActionReader& reader) {
  const auto which = reader.args.expect_choice("timeout", kTimeouts);
  if (!which) return false;
  auto argument = std::make_shared<TimeArgument>();
  argument->which = *which;
  if (!read_time(reader, *argument)) return false;
  reader.out = std::move(argument);
  return true;
}

Verdict set_timeout(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const TimeArgument*>(given);
  const auto time = argument.value(context);
  if (!time) return Verdict::next;
  HttpExchange& exchange = *session.http;
  Timeout* const places[] = {&exchange.client_timeout, &exchange.connect_timeout, &exchange.queue_timeout,
                             &exchange.server_timeout, &exchange.tarpit_timeout,  &exchange.tunnel_timeout};
  *places[argument.which] = *time;
  return Verdict::next;
}

constexpr std::string_view kReply =
    "[status <code>] [content-type <type>] [default-errorfiles|errorfile <file>|errorfiles <section>|file <file>|"
    "lf-file <file>|string <text>|lf-string <format>] [hdr <name> <format>]...";

constexpr ActionRow kRows[] = {
    {.name = "allow",
     .sets = rules_of::http_all,
     .apply = allow,
     .doc = "Ends the rule set: the message goes on.",
     .example = "http-request allow if { path /ping }"},
    {.name = "auth",
     .sets = rules_of::http_request,
     .arguments = "[realm <realm>]",
     .parse = parse_auth,
     .apply = auth,
     .doc = "Asks the client for a user and a password (401, or 407 under option http-use-proxy-header).",
     .example = "http-request auth realm Gimme unless { req.hdr(authorization) -m found }"},
    {.name = "deny",
     .sets = rules_of::http,
     .arguments = kReply,
     .parse = parse_deny,
     .apply = say<Verdict::deny>,
     .doc = "Refuses the message: 403 for a request, 502 for a response, or what is said.",
     .example = "http-request deny deny_status 429 if { path_beg /admin }"},
    {.name = "pause",
     .sets = rules_of::http,
     .arguments = "<time>|<expression>",
     .parse = parse_pause,
     .apply = pause,
     .doc = "Holds the message for a while.",
     .example = "http-request pause 250 if { path_beg /slow }"},
    {.name = "redirect",
     .sets = rules_of::http,
     .arguments = "location|prefix|scheme <format> [code <code>] [<option>]...",
     .parse = parse_redirect,
     .apply = redirect,
     .doc = "Sends the client somewhere else.",
     .example = "http-request redirect scheme https code 301"},
    {.name = "return",
     .sets = rules_of::http,
     .arguments = kReply,
     .parse = parse_return,
     .apply = say<Verdict::answer>,
     .doc = "Answers at once.",
     .example = "http-request return status 200 content-type text/plain string \"ok\" if { path /ping }"},
    {.name = "set-timeout",
     .sets = rules_of::http,
     .arguments = "client|connect|queue|server|tarpit|tunnel <time>|<expression>",
     .parse = parse_set_timeout,
     .apply = set_timeout,
     .doc = "Gives this exchange a timeout of its own.",
     .example = "http-request set-timeout server 30s"},
    {.name = "tarpit",
     .sets = rules_of::http_request,
     .arguments = kReply,
     .parse = parse_tarpit,
     .apply = say<Verdict::tarpit>,
     .doc = "Lets the client wait for 'timeout tarpit', then refuses (500, or what is said).",
     .example = "http-request tarpit deny_status 429 if { path_beg /login }"},
    {.name = "wait-for-body",
     .sets = rules_of::http,
     .arguments = "time <time> [at-least <bytes>]",
     .parse = parse_wait_for_body,
     .apply = wait_for_body,
     .doc = "Waits until the body is there, or as much of it as is wanted or fits a buffer.",
     .example = "http-request wait-for-body time 1s at-least 1k"},
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> http_answer_actions{kRows};

}  // namespace weir::proxy
