// Logging of the process and of proxies: log, log-format, log-tag, option tcplog. Manual: 3.1, 4.2, 8.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/parts.h"
#include "log/target.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/finish.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {

constinit const std::string_view kTcpLogFormat =
    "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";
constinit const std::string_view kHttpLogFormat =
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";
constinit const std::string_view kHttpClfLogFormat =
    "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq "
    "%bq %CC %CS %hrl %hsl";
constinit const std::string_view kTcpClfLogFormat =
    "%{Q}o %{-Q}ci - - [%T] \"TCP \" 000 %B \"\" \"\" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- %ac %fc %bc %sc %rc "
    "%sq %bq \"\" \"\" ";

// The fields of the two lines above, by name; absent ones are null, numbers are numbers, the date is that of RFC 3339.
constinit const std::string_view kTcpJsonLogFormat =
    "%{+json}o %(time)[accept_date(ms),ms_utime('%Y-%m-%dT%H:%M:%S.%3NZ')] %(client_ip)ci %(client_port)cp "
    "%(frontend)f %(backend)b %(server)s %(queue_time)Tw %(connect_time)Tc %(total_time)Tt %(bytes_read)B "
    "%(bytes_uploaded)U %(termination_state)ts %(process_connections)ac %(frontend_connections)fc "
    "%(backend_connections)bc %(server_connections)sc %(retries)rc %(server_queue)sq %(backend_queue)bq";
constinit const std::string_view kHttpJsonLogFormat =
    "%{+json}o %(time)[request_date(ms),ms_utime('%Y-%m-%dT%H:%M:%S.%3NZ')] %(client_ip)ci %(client_port)cp "
    "%(frontend)f %(backend)b %(server)s %(method)HM %(uri)HU %(version)HV %(status)ST %(request_time)TR "
    "%(queue_time)Tw %(connect_time)Tc %(response_time)Tr %(active_time)Ta %(bytes_read)B %(bytes_uploaded)U "
    "%(request_cookie)CC %(response_cookie)CS %(termination_state)tsc %(process_connections)ac "
    "%(frontend_connections)fc %(backend_connections)bc %(server_connections)sc %(retries)rc %(server_queue)sq "
    "%(backend_queue)bq %(request_captures)hr %(response_captures)hs %(unique_id)ID";

namespace {

using namespace config::vocabulary;
using Format = LogSettings::Format;

void log_of_process(ParseContext& context, const Line& line) {
  auto& logs = context.target<GlobalConfig>().logs;
  if (context.negated()) {
    if (Arguments(context, line).expect_end()) logs.clear();
    return;
  }
  if (auto target = log::parse_log_line(line.args(), line.end, context.diagnostics()))
    logs.push_back(std::move(*target));
}

void log_of_proxy(ParseContext& context, const Line& line) {
  LogSettings& log = context.target<ProxyConfig>().settings.log;
  Arguments args(context, line);
  if (context.negated()) {
    if (!args.expect_end()) return;
    log.targets.clear();
    log.use_global = false;
    return;
  }
  if (line.args().size() == 1 && line.args()[0].text == "global") {
    log.use_global = true;
    return;
  }
  if (line.args()[0].text == "global") {
    context.error(line.args()[1], fmt::format("unexpected word '{}' after 'log global'", line.args()[1].text)).example =
        "log global";
    return;
  }
  if (auto target = log::parse_log_line(line.args(), line.end, context.diagnostics()))
    log.targets.push_back(std::move(*target));
}

// COMPAT: its lines are of no use on the backend's side, and no mistake there.
void log_steps(ParseContext& context, const Line& line) {
  constexpr std::string_view kNames[] = {"accept", "request", "connect", "response", "close", "all"};
  static_assert(std::size(kNames) == std::size_t{std::popcount(kAllLogSteps)} + 1);
  const Word& word = line.args()[0];
  LogSteps steps = 0;
  for (const std::string_view name : Parts(word.text, ',')) {
    const auto* found = std::ranges::find(kNames, name);
    if (found == std::end(kNames)) {
      auto& wrong = context.error(word, fmt::format("unknown log step '{}'", name));
      const std::string_view near = nearest_word(name, kNames);
      wrong.hint = near.empty() ? "expected are accept, request, connect, response, close, or all"
                                : fmt::format("did you mean '{}'?", near);
      return;
    }
    steps |= *found == "all" ? kAllLogSteps : bit_of(static_cast<LogStep>(found - std::begin(kNames)));
  }
  if (ProxyConfig* proxy = frontend_side(context, line)) proxy->settings.log.steps = steps;
}

void log_tag(ParseContext& context, const Line& line) {
  const std::string& tag = line.args()[0].text;
  if (auto* global = context.target_if<GlobalConfig>())
    global->log_tag = tag;
  else
    context.target<ProxyConfig>().settings.log.tag = tag;
}

void log_send_hostname(ParseContext& context, const Line& line) {
  std::optional<std::string>& name = context.target<GlobalConfig>().log_send_hostname;
  if (context.negated())
    name.reset();
  else
    name = line.args().empty() ? std::string() : line.args()[0].text;
}

void set_format(ParseContext& context, const Line& line, Format format, std::string_view text) {
  LogSettings& log = context.target<ProxyConfig>().settings.log;
  log.format = context.prefix() == Prefix::none ? format : Format::connect;
  log.custom_format = context.prefix() == Prefix::none ? text : std::string_view();
  log.format_at = line.args().empty() ? line.at : line.args()[0].at;
}

void tcplog(ParseContext& context, const Line& line) {
  const bool clf = !line.args().empty();
  if (clf && line.args()[0].text != "clf") {
    context.error(line.args()[0], fmt::format("'option tcplog' knows 'clf', not '{}'", line.args()[0].text));
    return;
  }
  set_format(context, line, clf ? Format::custom : Format::tcp, clf ? kTcpClfLogFormat : std::string_view());
}

void httplog(ParseContext& context, const Line& line) {
  if (!line.args().empty() && line.args()[0].text != "clf") {
    context.error(line.args()[0], fmt::format("'option httplog' knows 'clf', not '{}'", line.args()[0].text));
    return;
  }
  const bool clf = !line.args().empty();
  set_format(context, line, Format::http, clf ? kHttpClfLogFormat : std::string_view());
}

void jsonlog(ParseContext& context, const Line& line) { set_format(context, line, Format::json, {}); }

void log_format(ParseContext& context, const Line& line) {
  set_format(context, line, Format::custom, line.args()[0].text);
}

template <LogText LogSettings::* Member>
void further_format(ParseContext& context, const Line& line) {
  LogText& text = context.target<ProxyConfig>().settings.log.*Member;
  text.text = line.args()[0].text;
  text.at = line.args()[0].at;
}

constexpr KeywordRow kRows[] = {
    {.name = "error-log-format",
     .sections = in::proxies,
     .arguments = "<format>",
     .min_args = 1,
     .max_args = 1,
     .parse = further_format<&LogSettings::errors>,
     .doc = "What the line of a session says that failed, was retried or was redispatched.",
     .example = "error-log-format \"%ci:%cp [%t] %ft %b/%s %ts failed\""},
    {.name = "log",
     .sections = in::global,
     .arguments =
         "<target> [len <bytes>] [format <format>] [sample <ranges>:<size>] [profile <log-profile>] <facility> "
         "[<level> [<minimum>]]",
     .min_args = 0,
     .max_args = config::kAnyArgs,
     .accepts = accepts::no_prefix,
     .parse = log_of_process,
     .doc = "Where the process sends its own messages, and those of proxies that say 'log global'.",
     .example = "log 127.0.0.1:514 local0 notice"},
    {.name = "log",
     .sections = in::proxies,
     .arguments = "global, or <target> [len <bytes>] [format <format>] [sample <ranges>:<size>] "
                  "[profile <log-profile>] <facility> [<level> [<minimum>]]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .accepts = accepts::no_prefix,
     .parse = log_of_proxy,
     .doc = "Where the proxy's sessions are logged; 'no log' forgets the targets so far.",
     .example = "log global"},
    {.name = "log-format",
     .sections = in::proxies,
     .arguments = "<format>",
     .min_args = 1,
     .max_args = 1,
     .accepts = accepts::no_prefix,
     .parse = log_format,
     .doc = "What a session's line says.",
     .example = "log-format \"%ci:%cp [%t] %ft %b/%s %ts\""},
    {.name = "log-format-sd",
     .sections = in::proxies,
     .arguments = "<format>",
     .min_args = 1,
     .max_args = 1,
     .parse = further_format<&LogSettings::structured>,
     .doc = "The structured data of a session's line where the target's format is rfc5424.",
     .example = "log-format-sd \"[session@1 bytes=%B]\""},
    {.name = "log-send-hostname",
     .sections = in::global,
     .arguments = "[<name>]",
     .max_args = 1,
     .accepts = accepts::no_prefix,
     .parse = log_send_hostname,
     .doc = "Puts the host's name, or another one, into the header of log lines.",
     .example = "log-send-hostname lb1"},
    {.name = "log-steps",
     .sections = in::proxies,
     .arguments = "<step>[,<step>]*|all",
     .min_args = 1,
     .max_args = 1,
     .parse = log_steps,
     .doc =
         "Logs a line at each of these steps instead of one: accept, connect, close; in HTTP also request, response.",
     .example = "log-steps accept,close"},
    {.name = "log-tag",
     .sections = in::global | in::proxies,
     .arguments = "<tag>",
     .min_args = 1,
     .max_args = 1,
     .parse = log_tag,
     .doc = "The program's name in the header of log lines.",
     .example = "log-tag rdp"},
    {.name = "option httplog",
     .sections = in::proxies,
     .arguments = "[clf]",
     .max_args = 1,
     .accepts = accepts::no_prefix | accepts::default_prefix,
     .parse = httplog,
     .doc = "Logs HTTP requests; proxies in TCP mode log as 'option tcplog' does.",
     .example = "option httplog"},
    {.name = "option jsonlog",
     .sections = in::proxies,
     .accepts = accepts::no_prefix | accepts::default_prefix,
     .parse = jsonlog,
     .doc = "Logs what 'option httplog' or, in TCP mode, 'option tcplog' does, as one JSON object a line.",
     .example = "option jsonlog"},
    {.name = "option tcplog",
     .sections = in::proxies,
     .arguments = "[clf]",
     .max_args = 1,
     .accepts = accepts::no_prefix | accepts::default_prefix,
     .parse = tcplog,
     .doc = "Logs sessions with timers, counters and how they ended.",
     .example = "option tcplog"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> log_keywords{kRows};

}  // namespace weir::proxy
