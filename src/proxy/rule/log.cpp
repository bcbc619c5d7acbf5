// Actions on what the log says: captures, the level, a line of its own. Manual 4.4: capture, do-log, set-log-level;
// 4.2: declare capture.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/keyword/build.h"
#include "proxy/model.h"
#include "proxy/rule/action.h"
#include "proxy/rule/tables.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/session.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

struct CaptureArgument final : ActionArgument {
  sample::Expression expression;
  std::size_t slot = 0;
  bool of_response = false;
};

bool reserve_slot(ActionReader& reader, CaptureArgument& argument) {
  constexpr std::int64_t kLongest = 65'535;
  if (reader.context.section_kind() == config::SectionKind::defaults || !reader.proxy.is_frontend())
    return reader.error(reader.args.here(), "slots for captures belong to frontends",
                        "in a backend, 'id' names a slot that the frontend declares");
  const auto length = reader.args.expect_integer("the longest text to keep", 1, kLongest);
  if (!length) return false;
  auto& slots = reader.proxy.request_captures;
  if (slots.size() >= kMostCaptures)
    return reader.error(reader.args.here(), fmt::format("more than {} captures", kMostCaptures));
  argument.slot = slots.size();
  slots.push_back({.length = static_cast<std::uint32_t>(*length)});
  return true;
}

// A frontend's slots are known where it names them; which frontends lead to a backend is not.
bool name_slot(ActionReader& reader, CaptureArgument& argument) {
  const SourcePosition at = reader.args.here();
  const auto id = reader.args.expect_integer("the number of a declared slot", 0, kMostCaptures - 1);
  if (!id) return false;
  argument.slot = static_cast<std::size_t>(*id);
  const std::size_t declared =
      argument.of_response ? reader.proxy.response_captures.size() : reader.proxy.request_captures.size();
  if (reader.proxy.is_backend() || argument.slot < declared) return true;
  return reader.error(at, fmt::format("there is no capture slot {} above this line", *id),
                      "'declare capture request len <length>' makes one");
}

bool parse_capture(ActionReader& reader) {
  auto expression = reader.expression("what to capture");
  if (!expression) return false;
  auto argument = std::make_shared<CaptureArgument>();
  argument->expression = std::move(*expression);
  argument->of_response = reader.set == RuleSet::http_response;
  constexpr std::string_view kWhere[] = {"len", "id"};
  const auto where = reader.args.expect_choice("place to keep it (len or id)", kWhere);
  if (!where || !(*where == 0 ? reserve_slot(reader, *argument) : name_slot(reader, *argument))) return false;
  reader.out = std::move(argument);
  return true;
}

// Manual: the value is waited for until the inspection delay is over.
Verdict capture(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const CaptureArgument*>(given);
  const ProxyConfig& front = *session.frontend->config;
  const auto& slots = argument.of_response ? front.response_captures : front.request_captures;
  if (argument.slot >= slots.size()) return Verdict::next;
  sample::Sample value;
  const auto status = argument.expression.evaluate(context, value);
  if (status == sample::FetchStatus::need_more) return Verdict::wait;
  if (status != sample::FetchStatus::ok) return Verdict::next;
  const auto text = sample::to_text(value, context.arena);
  if (!text) return Verdict::next;
  SessionExtras& more = extras(session);
  SessionExtras::keep(argument.of_response ? more.response_captures : more.request_captures, argument.slot,
                      text->substr(0, slots[argument.slot].length));
  return Verdict::next;
}

struct LevelArgument final : ActionArgument {
  std::uint8_t level = 0;
};

constexpr std::string_view kLevels[] = {"emerg",  "alert", "crit",  "err",   "warning",
                                        "notice", "info",  "debug", "silent"};

bool parse_log_level(ActionReader& reader) {
  const auto level = reader.args.expect_choice("log level", kLevels);
  if (!level) return false;
  auto argument = std::make_shared<LevelArgument>();
  argument->level = static_cast<std::uint8_t>(*level);
  reader.out = std::move(argument);
  return true;
}

Verdict set_log_level(const ActionArgument* given, Session& session, sample::Context&) {
  extras(session).log_level = static_cast<const LevelArgument*>(given)->level;
  return Verdict::next;
}

struct DoLogArgument final : ActionArgument {
  LogOrigin origin = LogOrigin::unspec;
  std::string profile;
};

LogOrigin origin_of(RuleSet set) {
  switch (set) {
    case RuleSet::tcp_request_connection: return LogOrigin::tcp_req_conn;
    case RuleSet::tcp_request_session: return LogOrigin::tcp_req_sess;
    case RuleSet::tcp_request_content: return LogOrigin::tcp_req_cont;
    case RuleSet::tcp_response_content: return LogOrigin::tcp_res_cont;
    case RuleSet::http_request: return LogOrigin::http_req;
    case RuleSet::http_response: return LogOrigin::http_res;
    case RuleSet::http_after_response: return LogOrigin::http_after_res;
  }
  return LogOrigin::unspec;
}

bool parse_do_log(ActionReader& reader) {
  auto argument = std::make_shared<DoLogArgument>();
  argument->origin = origin_of(reader.set);
  if (reader.args.take("profile")) {
    const config::Word* name = reader.args.expect_word("the name of a log-profile section");
    if (name == nullptr) return false;
    argument->profile = name->text;
    reader.context.model<Build>().log_profile_uses.push_back({name->text, name->at});
  }
  reader.out = std::move(argument);
  return true;
}

// The line is one more: what the session logs at its end does not change.
Verdict log_line(const ActionArgument* given, Session& session, sample::Context&) {
  const auto& argument = *static_cast<const DoLogArgument*>(given);
  log_now(session, argument.origin, argument.profile);
  return Verdict::next;
}

constexpr ActionRow kRows[] = {
    {.name = "capture",
     .sets = rules_of::content | rules_of::http_all,
     .arguments = "<expression> len <length>|id <slot>",
     .parse = parse_capture,
     .apply = capture,
     .doc = "Keeps a value for the log (%hr) and for capture.req.hdr, in a slot of its own or in a declared one.",
     .example = "tcp-request content capture req.rdp_cookie(mstshash) len 32"},
    {.name = "do-log",
     .sets = rules_of::everywhere,
     .arguments = "[profile <log-profile>]",
     .parse = parse_do_log,
     .apply = log_line,
     .doc = "Logs a line now, by the proxy's format or a log profile, beside those that the session has anyway.",
     .example = "tcp-request content do-log if { req.ssl_hello_type 1 }"},
    {.name = "set-log-level",
     .sets = rules_of::content | rules_of::response | rules_of::http_all,
     .arguments = "<level>",
     .parse = parse_log_level,
     .apply = set_log_level,
     .doc = "The syslog level of the session's line; silent: it has none.",
     .example = "tcp-request content set-log-level silent if { src 192.0.2.10 }"},
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> log_actions{kRows};

}  // namespace weir::proxy
