// The `option` lines of proxies that are plain switches, and the figures of TCP keep-alives. Manual: 4.2 (option).
#include "proxy/keyword/build.h"
#include "proxy/keyword/proxy_rows.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using proxy_rows::option;
using proxy_rows::word;
using S = ProxySettings;

void redispatch(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  int interval = -1;
  if (context.prefix() == Prefix::none && !args.at_end()) {
    const auto number = args.expect_integer("the number of retries", -1'000'000, 1'000'000);
    if (!number) return;
    interval = static_cast<int>(*number);
  }
  proxy->settings.redispatch = context.prefix() == Prefix::none && interval != 0;
  proxy->settings.redispatch_interval = interval == 0 ? -1 : interval;
}

void old_redispatch(ParseContext& context, const Line& line) {
  context.warning(line.at, "'" + line.words[0].text + "' is an old word").hint =
      "write 'option redispatch'; it means the same";
  redispatch(context, line);
}

void all_backups(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = backend_side(context, line))
    proxy->settings.balance.options.all_backups = context.prefix() == Prefix::none;
}

void tcpka(ParseContext& context, const Line&) {
  S& settings = context.target<ProxyConfig>().settings;
  settings.client_keepalive = settings.server_keepalive = context.prefix() == Prefix::none;
}

void splice(ParseContext& context, bool request, bool response) {
  S& settings = context.target<ProxyConfig>().settings;
  if (request) settings.no_splice_request = context.negated();
  if (response) settings.no_splice_response = context.negated();
}
void splice_auto(ParseContext& context, const Line&) { splice(context, true, true); }
void splice_request(ParseContext& context, const Line&) { splice(context, true, false); }
void splice_response(ParseContext& context, const Line&) { splice(context, false, true); }

template <bool LogSettings::* Member>
void log_switch(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = frontend_side(context, line)) proxy->settings.log.*Member = context.prefix() == Prefix::none;
}

template <io::KeepaliveOptions S::* Side>
void count(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto number = args.expect_integer("the number of probes", 1, 127))
    (context.target<ProxyConfig>().settings.*Side).count = static_cast<unsigned>(*number);
}
template <io::KeepaliveOptions S::* Side, auto Member>
void seconds(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto time = args.expect_time("the time", std::chrono::seconds(1));
  if (!time) return;
  const auto whole = std::chrono::ceil<std::chrono::seconds>(*time);
  if (whole.count() < 1 || whole.count() > 32'767)
    args.error("the system takes from 1 second to 32767");
  else
    context.target<ProxyConfig>().settings.*Side.*Member = whole;
}

void abort_on_close(ParseContext& context, const Line&) {
  S& settings = context.target<ProxyConfig>().settings;
  settings.abort_on_close = context.prefix() == config::Prefix::none;
  settings.keep_on_close = context.prefix() == config::Prefix::no;
}

using Keepalive = io::KeepaliveOptions;

constexpr KeywordRow kRows[] = {
    word("clitcpka-cnt", "<count>", 1, 1, count<&S::client_keepalive_options>,
         "After how many unanswered keep-alive probes a client counts as gone.", "clitcpka-cnt 3"),
    word("clitcpka-idle", "<time>", 1, 1, seconds<&S::client_keepalive_options, &Keepalive::idle>,
         "How long a client's connection is idle before the first keep-alive probe.", "clitcpka-idle 60s"),
    word("clitcpka-intvl", "<time>", 1, 1, seconds<&S::client_keepalive_options, &Keepalive::interval>,
         "The time between two keep-alive probes to a client.", "clitcpka-intvl 10s"),
    option("option abortonclose", abort_on_close,
           "Drops a session whose client leaves while it waits for a server; the default of HTTP backends."),
    option("option allbackups", all_backups, "Uses all backup servers when no other is left, not the first one alone."),
    option("option clitcpka", switch_on_frontend<&S::client_keepalive>, "Sends TCP keep-alives to clients."),
    option("option contstats", switch_on_frontend<&S::continuous_stats>,
           "Counts bytes while sessions run, not at their end."),
    option("option dontlog-normal", log_switch<&LogSettings::skip_normal>, "Logs only sessions that went wrong."),
    option("option dontlognull", log_switch<&LogSettings::skip_null>, "Does not log clients that sent nothing."),
    option("option independant-streams", switch_on<&S::independent_streams>,
           "An old spelling of 'option independent-streams'."),
    option("option independent-streams", switch_on<&S::independent_streams>,
           "What one direction sends does not refresh the timeout of the other."),
    option("option log-health-checks", switch_on_backend<&S::log_health_checks>,
           "Logs every check whose result changes a server's health."),
    option("option log-separate-errors", log_switch<&LogSettings::separate_errors>,
           "Raises the log level of sessions that went wrong to err."),
    option("option logasap", log_switch<&LogSettings::as_soon_as_possible>,
           "Logs a session once the server is connected, not at its end."),
    option("option nolinger", switch_on<&S::no_linger>, "Closes connections by reset, leaving nothing behind."),
    option("option persist", switch_on_backend<&S::persist>,
           "Sends a user to the server that persistence names even when it is down."),
    option("option redispatch", "[<retries>]", 0, 1, redispatch,
           "Lets a session go to another server when the one it belongs to cannot be reached.", "option redispatch 1"),
    option("option splice-auto", splice_auto, "Lets the kernel move the data of large transfers in both directions."),
    option("option splice-request", splice_request, "The same from clients to servers."),
    option("option splice-response", splice_response, "The same from servers to clients."),
    option("option srvtcpka", switch_on_backend<&S::server_keepalive>, "Sends TCP keep-alives to servers."),
    option("option tcp-smart-accept", switch_on_frontend<&S::smart_accept>,
           "Acknowledges a client's first data together with the answer."),
    option("option tcp-smart-connect", switch_on_backend<&S::smart_connect>,
           "Saves the empty acknowledgement of a server's connection; HTTP does without being told."),
    option("option tcpka", tcpka, "Sends TCP keep-alives to clients and servers."),
    {.name = "redisp",
     .sections = in::proxies,
     .accepts = accepts::no_prefix,
     .parse = old_redispatch,
     .doc = "An old word for 'option redispatch'.",
     .example = "redisp"},
    {.name = "redispatch",
     .sections = in::proxies,
     .accepts = accepts::no_prefix,
     .parse = old_redispatch,
     .doc = "An old word for 'option redispatch'.",
     .example = "redispatch"},
    word("srvtcpka-cnt", "<count>", 1, 1, count<&S::server_keepalive_options>,
         "After how many unanswered keep-alive probes a server counts as gone.", "srvtcpka-cnt 3"),
    word("srvtcpka-idle", "<time>", 1, 1, seconds<&S::server_keepalive_options, &Keepalive::idle>,
         "How long a server's connection is idle before the first keep-alive probe.", "srvtcpka-idle 60s"),
    word("srvtcpka-intvl", "<time>", 1, 1, seconds<&S::server_keepalive_options, &Keepalive::interval>,
         "The time between two keep-alive probes to a server.", "srvtcpka-intvl 10s"),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> option_keywords{kRows};

}  // namespace weir::proxy
