// How HTTP connections are kept, what is told about their ends, what of them is captured. Manual 4.2: option
// http-keep-alive and its kin, http-reuse, option forwardfor, originalto, capture, monitor, redirect, retry-on.
#include <fmt/format.h>

#include <algorithm>

#include "proto/http/text.h"
#include "proxy/http/redirect.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/proxy_rows.h"
#include "proxy/keyword/rules.h"
#include "proxy/keyword/tables.h"
#include "proxy/rule/action.h"
#include "proxy/tcp/extras.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using proxy_rows::option;
using proxy_rows::word;

HttpSettings& http_of(ParseContext& context) { return context.target<ProxyConfig>().settings.http; }

// `no option httpclose` brings back what is without it. The last option of the three counts.
template <AfterAnswer mode>
void after_answer(ParseContext& context, const Line&) {
  AfterAnswer& chosen = http_of(context).after_answer;
  if (context.prefix() == Prefix::none)
    chosen = mode;
  else if (chosen == mode)
    chosen = AfterAnswer::keep_alive;
}

void old_tunnel(ParseContext& context, const Line& line) {
  context.warning(line.at, "'option http-tunnel' is gone: every request is looked at").hint =
      "the connections are kept as with 'option http-keep-alive'";
  after_answer<AfterAnswer::keep_alive>(context, line);
}

template <bool HttpSettings::* Member>
void http_switch(ParseContext& context, const Line&) {
  http_of(context).*Member = context.prefix() == Prefix::none;
}

template <bool HttpSettings::* Member>
void front_switch(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = frontend_side(context, line))
    proxy->settings.http.*Member = context.prefix() == Prefix::none;
}

template <AddressField HttpSettings::* Member>
void address_field(ParseContext& context, const Line& line) {
  AddressField field;
  Arguments args(context, line);
  field.enabled = context.prefix() == Prefix::none;
  while (!args.at_end()) {
    const Word& word = *args.next();
    if (word.text == "if-none") {
      field.if_none = true;
    } else if (word.text == "header") {
      const Word* name = args.expect_word("the field's name");
      if (name == nullptr) return;
      field.name = proto::http::lowered(name->text);
    } else if (word.text == "except") {
      const Word* network = args.expect_word("a network");
      if (network == nullptr) return;
      field.except = IpNetwork::parse(network->text);
      if (!field.except) {
        context.error(*network, fmt::format("'{}' is no network", network->text)).hint = "such as 10.0.0.0/8";
        return;
      }
    } else {
      context.error(word, fmt::format("'{}' is not expected here", word.text)).hint =
          "'except <network>', 'header <name>', 'if-none'";
      return;
    }
  }
  http_of(context).*Member = std::move(field);
}

void http_reuse(ParseContext& context, const Line& line) {
  static constexpr std::string_view kModes[] = {"never", "safe", "aggressive", "always"};
  Arguments args(context, line);
  if (const auto mode = args.expect_choice("reuse", kModes)) http_of(context).reuse = static_cast<Reuse>(*mode);
}

void retry_on(ParseContext& context, const Line& line) {
  struct Cause {
    std::string_view name;
    std::uint32_t bits;
  };
  constexpr std::uint32_t kAll = retry::conn_failure | retry::empty_response | retry::junk_response |
                                 retry::response_timeout | retry::rtt_rejected;
  static constexpr Cause kCauses[] = {{"none", 0},
                                      {"conn-failure", retry::conn_failure},
                                      {"empty-response", retry::empty_response},
                                      {"junk-response", retry::junk_response},
                                      {"response-timeout", retry::response_timeout},
                                      {"0rtt-rejected", retry::rtt_rejected},
                                      {"all-retryable-errors", kAll}};
  static constexpr std::int64_t kStatuses[] = {401, 403, 404, 408, 421, 425, 429, 500, 501, 502, 503, 504};
  HttpSettings& settings = http_of(context);
  settings.retry_on = 0;
  settings.retry_statuses.clear();
  for (const Word& word : line.args()) {
    if (const auto* const cause = std::ranges::find(kCauses, std::string_view(word.text), &Cause::name);
        cause != std::end(kCauses)) {
      settings.retry_on |= cause->bits;
      if (cause->bits == kAll) settings.retry_statuses.insert(settings.retry_statuses.end(), {500, 502, 503, 504});
      continue;
    }
    const auto status = parse_integer(word.text, 100, 599);
    if (!status || std::ranges::find(kStatuses, *status) == std::end(kStatuses)) {
      context.error(word, fmt::format("'retry-on' does not know '{}'", word.text)).hint =
          "none, conn-failure, empty-response, junk-response, response-timeout, 0rtt-rejected, all-retryable-errors, "
          "or one of 401, 403, 404, 408, 421, 425, 429, 500, 501, 502, 503, 504";
      return;
    }
    settings.retry_statuses.push_back(static_cast<std::uint16_t>(*status));
  }
}

template <std::string HttpSettings::* Member>
void text(ParseContext& context, const Line& line) {
  http_of(context).*Member = context.prefix() == Prefix::none ? line.args()[0].text : std::string();
}

template <std::string HttpSettings::* Member>
void field_name(ParseContext& context, const Line& line) {
  http_of(context).*Member =
      context.prefix() == Prefix::none ? proto::http::lowered(line.args()[0].text) : std::string();
}

void max_keep_alive_queue(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto number = args.expect_integer("the number of requests", -1, INT32_MAX);
  if (!number) return;
  http_of(context).max_keep_alive_queue_set = *number >= 0;
  http_of(context).max_keep_alive_queue = static_cast<std::uint32_t>(std::max<std::int64_t>(0, *number));
}

void monitor_fail(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = frontend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  ConditionRule rule;
  if (!read_condition(context, args, Place::request, rule.condition)) return;
  rule.number = number_rule(*proxy, RuleList::monitor_fail, line);
  proxy->monitor_fails.push_back(std::move(rule));
}

// One word of the old language that is an http-request rule today.
void redirect_rule(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const ActionRow* row = find_action("redirect", RuleSet::http_request);
  Rule rule{.action = row, .argument = {}, .condition = {}, .at = line.at};
  auto& proxy = context.target<ProxyConfig>();
  const sample::Scope scope = scope_of(context, Place::request);
  ActionReader reader{.context = context,
                      .args = args,
                      .word = {},
                      .set = RuleSet::http_request,
                      .proxy = proxy,
                      .scope = scope,
                      .names = *proxy.names.front(),
                      .out = rule.argument};
  if (!row->parse(reader) || !read_condition(context, args, Place::request, rule.condition)) return;
  rule.number = number_rule(proxy, RuleList::redirect, line);
  proxy.redirect_rules.push_back(std::move(rule));
}

void block(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  Rule rule{.action = find_action("deny", RuleSet::http_request), .argument = {}, .condition = {}, .at = line.at};
  auto& proxy = context.target<ProxyConfig>();
  context.warning(line.at, "'block' is an old word").hint = "write 'http-request deny'; it means the same";
  const sample::Scope scope = scope_of(context, Place::request);
  Line empty = line;
  empty.words = line.words.first(1);
  Arguments no_words(context, empty);
  ActionReader reader{.context = context,
                      .args = no_words,
                      .word = {},
                      .set = RuleSet::http_request,
                      .proxy = proxy,
                      .scope = scope,
                      .names = *proxy.names.front(),
                      .out = rule.argument};
  if (!rule.action->parse(reader) || !read_condition(context, args, Place::request, rule.condition)) return;
  rule.number = number_rule(proxy, RuleList::http_request, line);
  proxy.http_request_rules.push_back(std::move(rule));
}

// <name> len <length>
std::optional<CaptureSlot> read_capture(ParseContext& context, const Line& line, std::string_view what) {
  Arguments args(context, line);
  const Word* name = args.expect_word(what);
  if (name == nullptr) return std::nullopt;
  if (!args.take("len")) {
    args.error("'len' and the longest text to keep are expected");
    return std::nullopt;
  }
  const auto length = args.expect_integer("the longest text to keep", 1, 65'535);
  if (!length || !args.expect_end()) return std::nullopt;
  return CaptureSlot{.length = static_cast<std::uint32_t>(*length), .header = name->text};
}

template <bool request>
void capture_header(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = frontend_side(context, line);
  if (proxy == nullptr) return;
  auto capture = read_capture(context, line, "the field's name");
  if (!capture) return;
  auto& slots = request ? proxy->request_captures : proxy->response_captures;
  if (slots.size() >= kMostCaptures) {
    context.error(line.at, fmt::format("more than {} captures", kMostCaptures));
    return;
  }
  slots.push_back(std::move(*capture));
}

void capture_cookie(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = frontend_side(context, line);
  if (proxy == nullptr) return;
  if (auto capture = read_capture(context, line, "the cookie's name, or how it begins"))
    proxy->captured_cookie = std::move(*capture);
}

struct CookieFlag {
  std::string_view word;
  bool CookieSettings::* member;
};
constexpr CookieFlag kCookieFlags[] = {{"indirect", &CookieSettings::indirect}, {"nocache", &CookieSettings::nocache},
                                       {"postonly", &CookieSettings::postonly}, {"preserve", &CookieSettings::preserve},
                                       {"httponly", &CookieSettings::httponly}, {"secure", &CookieSettings::secure},
                                       {"dynamic", &CookieSettings::dynamic}};

// One word of the line with what follows it. False after an error.
bool read_cookie_word(Arguments& args, const Word& word, CookieSettings& cookie) {
  static constexpr std::string_view kModes[] = {"passive", "insert", "rewrite", "prefix"};
  if (const auto* const flag = std::ranges::find(kCookieFlags, std::string_view(word.text), &CookieFlag::word);
      flag != std::end(kCookieFlags))
    return cookie.*(flag->member) = true;
  if (const auto* const mode = std::ranges::find(kModes, word.text); mode > kModes && mode != std::end(kModes)) {
    if (cookie.how != CookieSettings::How::passive) {
      args.error_at(word.at, "'insert', 'rewrite' and 'prefix' exclude each other");
      return false;
    }
    cookie.how = static_cast<CookieSettings::How>(mode - kModes);
    return true;
  }
  if (word.text == "domain" || word.text == "attr") {
    const Word* value = args.expect_word(word.text == "domain" ? "a domain" : "an attribute");
    if (value == nullptr) return false;
    if (value->text.find(';') != std::string::npos) {
      args.error_at(value->at, "there is no ';' in it: write the word again for each");
      return false;
    }
    (word.text == "domain" ? cookie.domains : cookie.attributes).push_back(value->text);
    return true;
  }
  if (word.text == "maxidle" || word.text == "maxlife") {
    const auto time = args.expect_time("the time", std::chrono::seconds(1));
    if (!time) return false;
    (word.text == "maxidle" ? cookie.max_idle : cookie.max_life) =
        static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(*time).count());
    return true;
  }
  args.error_at(word.at, fmt::format("'cookie' does not know '{}'", word.text)).hint =
      "rewrite, insert, prefix, indirect, nocache, postonly, preserve, httponly, secure, domain, maxidle, maxlife, "
      "dynamic, attr";
  return false;
}

void cookie(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  if (context.negated()) {
    proxy->settings.http.cookie = {};
    return;
  }
  Arguments args(context, line);
  CookieSettings settings;
  const Word* name = args.expect_word("the cookie's name");
  if (name == nullptr) return;
  settings.name = name->text;
  while (!args.at_end())
    if (!read_cookie_word(args, *args.next(), settings)) return;
  proxy->settings.http.cookie = std::move(settings);
}

using H = HttpSettings;

constexpr KeywordRow kRows[] = {
    word("block", "if|unless <condition>", 2, config::kAnyArgs, block, "An old word for 'http-request deny'.",
         "block if { path_beg /admin }"),
    word("capture cookie", "<name> len <length>", 3, 3, capture_cookie,
         "Logs a cookie of the request and what the answer sets it to (%CC, %CS).",
         "capture cookie JSESSIONID= len 32"),
    word("capture request header", "<name> len <length>", 3, 3, capture_header<true>,
         "Logs the last field of a name in requests (%hr).", "capture request header host len 64"),
    word("capture response header", "<name> len <length>", 3, 3, capture_header<false>, "The same in answers (%hs).",
         "capture response header server len 20"),
    word("cookie",
         "<name> [rewrite|insert|prefix] [indirect] [nocache] [postonly] [preserve] [httponly] [secure] "
         "[domain <domain>]... [maxidle <time>] [maxlife <time>] [dynamic] [attr <value>]...",
         0, config::kAnyArgs, cookie, "Brings clients back to the server that a cookie names.",
         "cookie SRV insert indirect nocache", in::proxies, accepts::no_prefix),
    word("dynamic-cookie-key", "<key>", 1, 1, text<&H::dynamic_cookie_key>,
         "What the cookies of 'cookie ... dynamic' are made with, beside the servers' addresses.",
         "dynamic-cookie-key MYKEY"),
    word("http-reuse", "never|safe|aggressive|always", 1, 1, http_reuse,
         "Which requests may travel over connections to servers that other clients' requests opened.",
         "http-reuse aggressive"),
    word("http-send-name-header", "[<name>]", 0, 1, field_name<&H::send_name_header>,
         "Tells the server its own name in this field.", "http-send-name-header x-target", in::proxies,
         accepts::no_prefix),
    word("max-keep-alive-queue", "<requests>", 1, 1, max_keep_alive_queue,
         "With how many requests waiting for a server its old clients are sent to others.", "max-keep-alive-queue 10"),
    word("monitor fail", "if|unless <condition>", 2, config::kAnyArgs, monitor_fail,
         "When the frontend's monitor-uri answers 503.", "monitor fail if { nbsrv(bk_rdp) lt 2 }"),
    word("monitor-uri", "<uri>", 1, 1, text<&H::monitor_uri>,
         "Requests for exactly this are answered here: 200, or 503 by 'monitor fail'. They are not logged.",
         "monitor-uri /haproxy_test"),
    option("option accept-invalid-http-request", http_switch<&H::accept_unsafe_request>,
           "An old spelling of 'option accept-unsafe-violations-in-http-request'."),
    option("option accept-invalid-http-response", http_switch<&H::accept_unsafe_response>,
           "An old spelling of 'option accept-unsafe-violations-in-http-response'."),
    option("option accept-unsafe-violations-in-http-request", http_switch<&H::accept_unsafe_request>,
           "Takes requests that break the standard where that is known to be done."),
    option("option accept-unsafe-violations-in-http-response", http_switch<&H::accept_unsafe_response>,
           "The same for servers' answers."),
    option("option forceclose", after_answer<AfterAnswer::close>, "An old word for 'option httpclose'."),
    option("option forwardfor", "[except <network>] [header <name>] [if-none]", 0, config::kAnyArgs,
           address_field<&H::forward_for>, "Tells servers the client's address in X-Forwarded-For, or another field.",
           "option forwardfor except 127.0.0.0/8"),
    option("option http-buffer-request", http_switch<&H::buffer_request>,
           "Waits for the whole body, as far as a buffer holds it, before a request goes on."),
    option("option http-ignore-probes", http_switch<&H::ignore_probes>,
           "Says and logs nothing when a client leaves, or is silent, without having sent anything."),
    option("option http-keep-alive", after_answer<AfterAnswer::keep_alive>,
           "Keeps the connections of both sides between requests; it is the default."),
    config::no_meaning("option http-no-delay", in::proxies, "every piece of a message leaves at once"),
    option("option http-pretend-keepalive", http_switch<&H::pretend_keepalive>,
           "Lets servers believe in keep-alive although their connections will be closed."),
    option("option http-server-close", after_answer<AfterAnswer::server_close>,
           "Closes servers' connections after each answer and keeps clients'."),
    option("option http-tunnel", old_tunnel, "An old way to look at the first request only."),
    option("option http-use-proxy-header", front_switch<&H::use_proxy_header>,
           "Requests for a proxy, whose target begins with neither '/' nor '*', say Proxy-Connection instead of "
           "Connection "
           "and log in by proxy authentication."),
    option("option httpclose", after_answer<AfterAnswer::close>,
           "Closes the connections of both sides after each answer."),
    option("option originalto", "[except <network>] [header <name>] [if-none]", 0, config::kAnyArgs,
           address_field<&H::original_to>,
           "Tells servers the address the client connected to in X-Original-To, or another field.",
           "option originalto header x-dst"),
    option("option prefer-last-server", http_switch<&H::prefer_last_server>,
           "Sends a client's next request to the server that has its connection already."),
    word("redirect", "location|prefix|scheme <target> [code <code>] [<option>]... [if|unless <condition>]", 2,
         config::kAnyArgs, redirect_rule, "Sends clients somewhere else, after the http-request rules.",
         "redirect scheme https if { dst_port 80 }"),
    word("retry-on", "<cause>...", 1, config::kAnyArgs, retry_on, "After which failures a request is sent again.",
         "retry-on conn-failure empty-response 503"),
    word("unique-id-header", "<name>", 1, 1, field_name<&H::unique_id_header>,
         "Tells servers the request's unique id in this field.", "unique-id-header x-unique-id"),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> http_keywords{kRows};

}  // namespace weir::proxy
