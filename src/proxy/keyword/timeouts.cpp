// Timeouts of proxies, under today's names and those of old files. 0 switches one off. Manual: 4.2 (timeout).
#include "proxy/keyword/build.h"
#include "proxy/keyword/proxy_rows.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

void read_timeout(ParseContext& context, const Line& line, Timeout& into) {
  Arguments args(context, line);
  const auto time = args.expect_time("the time");
  if (!time) return;
  into.reset();
  if (time->count() != 0) into = *time;
}

template <Timeout Timeouts::* Member>
void of_frontend(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = frontend_side(context, line)) read_timeout(context, line, proxy->settings.timeouts.*Member);
}
template <Timeout Timeouts::* Member>
void of_backend(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = backend_side(context, line)) read_timeout(context, line, proxy->settings.timeouts.*Member);
}
template <Timeout Timeouts::* Member>
void of_both(ParseContext& context, const Line& line) {
  read_timeout(context, line, context.target<ProxyConfig>().settings.timeouts.*Member);
}

void old_word(ParseContext& context, const Line& line, const char* today) {
  context.warning(line.at, "'" + line.words[0].text + "' is an old word").hint =
      "write '" + std::string(today) + "'; it means the same";
}
void clitimeout(ParseContext& context, const Line& line) {
  old_word(context, line, "timeout client");
  of_frontend<&Timeouts::client>(context, line);
}
void srvtimeout(ParseContext& context, const Line& line) {
  old_word(context, line, "timeout server");
  of_backend<&Timeouts::server>(context, line);
}
void contimeout(ParseContext& context, const Line& line) {
  old_word(context, line, "timeout connect");
  of_backend<&Timeouts::connect>(context, line);
}

constexpr KeywordRow row(std::string_view name, config::KeywordFunction parse, std::string_view doc,
                         std::string_view example) {
  return proxy_rows::word(name, "<time>", 1, 1, parse, doc, example);
}

constexpr KeywordRow kRows[] = {
    row("clitimeout", clitimeout, "An old word for 'timeout client'.", "clitimeout 50s"),
    row("contimeout", contimeout, "An old word for 'timeout connect'.", "contimeout 5s"),
    row("srvtimeout", srvtimeout, "An old word for 'timeout server'.", "srvtimeout 50s"),
    row("timeout check", of_backend<&Timeouts::check>, "How long a health check may wait once it is connected.",
        "timeout check 2s"),
    row("timeout client", of_frontend<&Timeouts::client>, "Closes a session whose client is silent for that long.",
        "timeout client 1h"),
    row("timeout client-fin", of_frontend<&Timeouts::client_fin>,
        "The same once one side has closed; without it 'timeout client' holds.", "timeout client-fin 30s"),
    row("timeout connect", of_backend<&Timeouts::connect>, "Gives up an attempt to connect to a server.",
        "timeout connect 4s"),
    row("timeout http-keep-alive", of_both<&Timeouts::http_keep_alive>,
        "How long an idle HTTP client may take to begin its next request.", "timeout http-keep-alive 10s"),
    row("timeout http-request", of_both<&Timeouts::http_request>,
        "How long a client may take to send a request's head.", "timeout http-request 10s"),
    row("timeout queue", of_backend<&Timeouts::queue>,
        "How long a session may wait for a free place; without it as long as 'timeout connect'.", "timeout queue 30s"),
    row("timeout server", of_backend<&Timeouts::server>, "Closes a session whose server is silent for that long.",
        "timeout server 1h"),
    row("timeout server-fin", of_backend<&Timeouts::server_fin>,
        "The same once one side has closed; without it 'timeout server' holds.", "timeout server-fin 30s"),
    row("timeout tarpit", of_both<&Timeouts::tarpit>, "How long a tarpitted request is held.", "timeout tarpit 60s"),
    row("timeout tunnel", of_backend<&Timeouts::tunnel>,
        "Takes the place of both idle timeouts once both sides are connected and speaking.", "timeout tunnel 1h"),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> timeout_keywords{kRows};

}  // namespace weir::proxy
