// The checks that speak one protocol, and those that are a command's. Manual: 4.2 (option smtpchk, mysql-check, ...).
//
// The last `option` line decides the kind of check; what it said of a user or a hello is its own.
#include <fmt/format.h>

#include "proxy/keyword/build.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using check::Kind;
using namespace config::vocabulary;

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

void external_path(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  proxy->settings.external.path = line.args()[0].text;
  proxy->settings.external_written = !is_defaults(context);
}

constexpr KeywordRow option(std::string_view name, config::KeywordFunction parse, std::string_view doc) {
  return {.name = name,
          .sections = in::proxies,
          .accepts = accepts::no_prefix | accepts::default_prefix,
          .parse = parse,
          .doc = doc,
          .example = name};
}
constexpr KeywordRow worded(std::string_view name, std::string_view arguments, int min, int max,
                            config::KeywordFunction parse, std::string_view doc, std::string_view example) {
  return {.name = name,
          .sections = in::proxies,
          .arguments = arguments,
          .min_args = min,
          .max_args = max,
          .accepts = accepts::no_prefix | accepts::default_prefix,
          .parse = parse,
          .doc = doc,
          .example = example};
}

constexpr KeywordRow kRows[] = {
    {.name = "external-check command",
     .sections = in::proxies,
     .arguments = "<command>",
     .min_args = 1,
     .max_args = 1,
     .parse = external_command,
     .doc = "The command that checks a server; its exit status 0 is a pass.",
     .example = "external-check command /usr/local/bin/check-desk"},
    {.name = "external-check path",
     .sections = in::proxies,
     .arguments = "<path>",
     .min_args = 1,
     .max_args = 1,
     .parse = external_path,
     .doc = "The variable PATH of that command.",
     .example = "external-check path \"/usr/bin:/bin\""},
    option("option external-check", plain<Kind::external>, "Checks servers by running a command."),
    option("option ldap-check", plain<Kind::ldap>, "Checks servers by an anonymous LDAPv3 bind."),
    worded("option mysql-check", "[user <name> [post-41|pre-41|post-80]]", 0, 3, mysql_check,
           "Checks servers by MySQL's greeting, and with a user by a login without a password.",
           "option mysql-check user balancer"),
    worded("option pgsql-check", "user <name>", 0, 2, pgsql_check,
           "Checks servers by PostgreSQL's answer to a startup message.", "option pgsql-check user balancer"),
    option("option redis-check", plain<Kind::redis>, "Checks servers by a PING of Redis."),
    worded("option smtpchk", "[HELO|EHLO <domain>]", 0, 2, smtpchk,
           "Checks servers by SMTP's greeting and the answer to a hello.", "option smtpchk EHLO mail.example.com"),
    option("option ssl-hello-chk", plain<Kind::ssl_hello>,
           "Checks servers by their answer to an SSL hello; 'check-ssl' does more."),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> probe_keywords{kRows};

}  // namespace weir::proxy
