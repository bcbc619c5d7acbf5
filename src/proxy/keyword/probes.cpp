// The checks that speak one protocol, and those that are a command's. Manual: 4.2 (option smtpchk, mysql-check, ...).
//
// The last `option` line decides the kind of check; what it said of a user or a hello is its own.
#include <fmt/format.h>

#include "proto/http/text.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/proxy_rows.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using check::Kind;
using namespace config::vocabulary;
using proxy_rows::option;
using proxy_rows::word;

// The settings to fill in, with the kind set; null when the line is of no use or takes the check back.
ProxySettings* choose(ParseContext& context, const Line& line, Kind kind) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return nullptr;
  ProxySettings& settings = proxy->settings;
  if (context.prefix() != Prefix::none) {
    if (settings.check_kind == kind) settings.check_kind = Kind::connect;
    return nullptr;
  }
  settings.check_kind = kind;
  settings.probe = {};
  return &settings;
}

template <Kind Which>
void plain(ParseContext& context, const Line& line) {
  choose(context, line, Which);
}

// What goes into a line or a packet of the protocol must not end it.
bool fits(Arguments& args, const Word& word, std::size_t most) {
  if (word.text.empty() || word.text.size() > most) {
    args.error_at(word.at, fmt::format("'{}' must have 1 to {} characters", word.text, most));
    return false;
  }
  for (const char c : word.text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      args.error_at(word.at, "control characters cannot be sent here");
      return false;
    }
  return true;
}

void smtpchk(ParseContext& context, const Line& line) {
  ProxySettings* settings = choose(context, line, Kind::smtp);
  if (settings == nullptr) return;
  Arguments args(context, line);
  const Word* hello = args.next();
  if (hello == nullptr) return;
  const Word* domain = args.next();
  // COMPAT: a hello without a domain, or of another name, is the default one.
  if (domain == nullptr || (hello->text != "HELO" && hello->text != "EHLO")) return;
  if (fits(args, *domain, 255)) settings->probe.smtp_hello = fmt::format("{} {}", hello->text, domain->text);
}

constexpr std::size_t kMostUser = 128;

void mysql_check(ParseContext& context, const Line& line) {
  using Mysql = check::ProbeWords::Mysql;
  ProxySettings* settings = choose(context, line, Kind::mysql);
  if (settings == nullptr) return;
  Arguments args(context, line);
  if (args.at_end()) return;
  static constexpr std::string_view kWords[] = {"user"};
  if (!args.expect_choice("word", kWords)) return;
  const Word* user = args.expect_word("the user's name");
  if (user == nullptr || !fits(args, *user, kMostUser)) return;
  settings->probe.user = user->text;
  if (args.at_end()) return;
  static constexpr std::string_view kDialects[] = {"post-41", "pre-41", "post-80"};
  static constexpr Mysql kMeanings[] = {Mysql::post_41, Mysql::pre_41, Mysql::post_80};
  if (const auto chosen = args.expect_choice("age of the server", kDialects))
    settings->probe.mysql = kMeanings[*chosen];
}

void pgsql_check(ParseContext& context, const Line& line) {
  ProxySettings* settings = choose(context, line, Kind::pgsql);
  if (settings == nullptr) return;
  Arguments args(context, line);
  static constexpr std::string_view kWords[] = {"user"};
  if (!args.expect_choice("word", kWords)) return;
  const Word* user = args.expect_word("the user's name");
  if (user != nullptr && fits(args, *user, kMostUser)) settings->probe.user = user->text;
}

void external_command(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  const Word& word = line.args()[0];
  if (word.text.empty() || word.text.front() != '/') {
    context.error(word, fmt::format("'{}' is no absolute path of a command", word.text));
    return;
  }
  proxy->settings.external.command = word.text;
  proxy->settings.external_written = !is_defaults(context);
}

// What stands behind the version of an old line: "HTTP/1.1\r\nHost:\ www".
void split_old_version(std::string_view text, check::HttpWords& http) {
  const std::size_t end = std::min(text.find("\r\n"), text.size());
  http.version = text.substr(0, end);
  text.remove_prefix(end);
  while (text.starts_with("\r\n")) {
    text.remove_prefix(2);
    const std::size_t line = std::min(text.find("\r\n"), text.size());
    const std::string_view field = text.substr(0, line);
    text.remove_prefix(line);
    const std::size_t colon = field.find(':');
    if (colon == field.npos) {
      if (text.starts_with("\r\n")) http.body = text.substr(2);
      return;
    }
    std::string_view value = field.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    http.fields.emplace_back(proto::http::lowered(field.substr(0, colon)), value);
  }
}

void httpchk(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  // What http-check lines have said stays, wherever they stand.
  check::HttpWords http = proxy->settings.probe.http;
  ProxySettings* settings = choose(context, line, Kind::http);
  if (settings == nullptr) return;
  const auto words = line.args();
  if (words.size() == 1) http.uri = words[0].text;
  if (words.size() >= 2) {
    http.method = words[0].text;
    http.uri = words[1].text;
  }
  if (words.size() == 3) split_old_version(words[2].text, http);
  for (const Word& word : words)
    if (word.text.empty()) context.error(word, "an empty word cannot be sent");
  settings->probe.http = std::move(http);
}

void http_check_send(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  check::HttpWords& http = proxy->settings.probe.http;
  Arguments args(context, line);
  while (!args.at_end()) {
    const Word& what = *args.next();
    if (what.text == "hdr") {
      const Word* name = args.expect_word("the field's name");
      const Word* value = name == nullptr ? nullptr : args.expect_word("the field's value");
      if (value == nullptr) return;
      http.fields.emplace_back(proto::http::lowered(name->text), value->text);
      continue;
    }
    std::string* into = what.text == "meth"   ? &http.method
                        : what.text == "uri"  ? &http.uri
                        : what.text == "ver"  ? &http.version
                        : what.text == "body" ? &http.body
                                              : nullptr;
    if (into == nullptr) {
      context.error(what, fmt::format("'http-check send' does not know '{}' in this version", what.text)).hint =
          "meth, uri, ver, hdr, body";
      return;
    }
    const Word* value = args.expect_word("what to send");
    if (value == nullptr) return;
    *into = value->text;
  }
}

bool read_statuses(Arguments& args, const Word& word, check::HttpExpect& expect) {
  for (std::string_view rest = word.text; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    const auto range = parse_integer_range(one, 100, 999);
    if (!range) {
      args.error_at(word.at, fmt::format("'{}' is no list of statuses", word.text)).hint = "such as 200-399,404";
      return false;
    }
    expect.statuses.emplace_back(static_cast<std::uint16_t>(range->low), static_cast<std::uint16_t>(range->high));
  }
  return true;
}

void http_check_expect(ParseContext& context, const Line& line) {
  static constexpr std::string_view kWhat[] = {"status", "rstatus", "string", "rstring"};
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  check::HttpExpect expect;
  expect.negated = args.take("!");
  const auto what = args.expect_choice("test", kWhat);
  if (!what) return;
  expect.what = static_cast<check::HttpExpect::What>(*what);
  const Word* text = args.expect_word("what to expect");
  if (text == nullptr || !args.expect_end()) return;
  expect.text = text->text;
  if (expect.what == check::HttpExpect::What::status && !read_statuses(args, *text, expect)) return;
  if (expect.what == check::HttpExpect::What::rstatus || expect.what == check::HttpExpect::What::rstring) {
    auto regex = sample::Regex::compile(text->text, false);
    if (!regex) {
      context.error(*text, regex.error().message);
      return;
    }
    expect.regex = std::make_shared<const sample::Regex>(std::move(*regex));
  }
  // Manual: lines of a proxy replace those of its defaults.
  if (proxy->settings.http_expects_inherited) proxy->settings.probe.http.expects.clear();
  proxy->settings.http_expects_inherited = false;
  proxy->settings.probe.http.expects.push_back(std::move(expect));
}

void disable_on_404(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = backend_side(context, line)) proxy->settings.probe.http.disable_on_404 = true;
}

void external_path(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  proxy->settings.external.path = line.args()[0].text;
  proxy->settings.external_written = !is_defaults(context);
}

constexpr KeywordRow kRows[] = {
    word("external-check command", "<command>", 1, 1, external_command,
         "The command that checks a server; its exit status 0 is a pass.",
         "external-check command /usr/local/bin/check-desk"),
    word("external-check path", "<path>", 1, 1, external_path, "The variable PATH of that command.",
         "external-check path \"/usr/bin:/bin\""),
    word("http-check disable-on-404", "", 0, 0, disable_on_404,
         "A server that answers a check with 404 keeps its users and gets no new ones.", "http-check disable-on-404"),
    word("http-check expect", "[!] status|rstatus|string|rstring <pattern>", 2, 3, http_check_expect,
         "What the answer to 'option httpchk' must be; without it 2xx or 3xx.", "http-check expect status 200-399"),
    word("http-check send", "[meth <method>] [uri <uri>] [ver <version>] [hdr <name> <value>]... [body <text>]", 2,
         config::kAnyArgs, http_check_send, "What 'option httpchk' sends.",
         "http-check send meth GET uri /health ver HTTP/1.1 hdr host www.example.com"),
    option("option external-check", plain<Kind::external>, "Checks servers by running a command."),
    option("option httpchk", "[[<method>] <uri> [<version>]]", 0, 3, httpchk, "Checks servers by an HTTP request.",
           "option httpchk GET /health"),
    option("option ldap-check", plain<Kind::ldap>, "Checks servers by an anonymous LDAPv3 bind."),
    option("option mysql-check", "[user <name> [post-41|pre-41|post-80]]", 0, 3, mysql_check,
           "Checks servers by MySQL's greeting, and with a user by a login without a password.",
           "option mysql-check user balancer"),
    option("option pgsql-check", "user <name>", 0, 2, pgsql_check,
           "Checks servers by PostgreSQL's answer to a startup message.", "option pgsql-check user balancer"),
    option("option redis-check", plain<Kind::redis>, "Checks servers by a PING of Redis."),
    option("option smtpchk", "[HELO|EHLO <domain>]", 0, 2, smtpchk,
           "Checks servers by SMTP's greeting and the answer to a hello.", "option smtpchk EHLO mail.example.com"),
    option("option ssl-hello-chk", plain<Kind::ssl_hello>,
           "Checks servers by their answer to an SSL hello; 'check-ssl' does more."),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> probe_keywords{kRows};

}  // namespace weir::proxy
