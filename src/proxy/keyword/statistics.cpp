// The statistics page of HTTP mode: `stats` lines of proxies. Manual: 4.2.
//
// Every line asks for the page. The first one of a section starts from the usual values: what a defaults section says
// of the page serves the proxies that say nothing themselves. COMPAT: observed on 2.6.
#include <fmt/format.h>

#include <algorithm>

#include "proto/http/text.h"
#include "proxy/http/stats_config.h"
#include "proxy/keyword/proxy_rows.h"
#include "proxy/keyword/rules.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using proxy_rows::word;

// The section's own settings, to change.
StatsConfig& stats_of(ParseContext& context) {
  auto& proxy = context.target<ProxyConfig>();
  auto mine =
      proxy.own_stats ? std::make_shared<StatsConfig>(*proxy.settings.http.stats) : std::make_shared<StatsConfig>();
  proxy.own_stats = true;
  StatsConfig& stats = *mine;
  proxy.settings.http.stats = std::move(mine);
  return stats;
}

void enable(ParseContext& context, const Line&) { (void)stats_of(context); }

void uri(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const Word* word = args.expect_word("how the page's address begins");
  if (word == nullptr) return;
  const bool good = std::ranges::all_of(word->text, [](char c) { return c > ' ' && c < 127; });
  if (!word->text.starts_with('/') || !good) {
    args.error_at(word->at, fmt::format("'{}' is not how the path of a URL begins", word->text));
    return;
  }
  stats_of(context).uri = word->text;
}

// Both would decide who may see the page.
bool both_ways(ParseContext& context, const Line& line) {
  const auto& proxy = context.target<ProxyConfig>();
  const StatsConfig* stats = proxy.own_stats ? proxy.settings.http.stats.get() : nullptr;
  const bool login = stats != nullptr && (!stats->users.empty() || stats->realm_written);
  if (proxy.stats_rules.empty() || !login) return false;
  context.error(line.at, "'stats auth' and 'stats realm' exclude 'stats http-request'").hint =
      "stats http-request auth realm <realm> unless { http_auth(<userlist>) }";
  return true;
}

void realm(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const Word* word = args.expect_word("the realm");
  if (word == nullptr) return;
  // It stands in a field: what would end the field cannot be in it.
  if (std::ranges::any_of(word->text, [](char c) { return static_cast<unsigned char>(c) < 32; })) {
    args.error_at(word->at, "the realm has a control character in it");
    return;
  }
  StatsConfig& stats = stats_of(context);
  stats.realm = word->text;
  stats.realm_written = true;
  (void)both_ways(context, line);
}

void auth(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const Word* word = args.expect_word("<user>:<password>");
  if (word == nullptr) return;
  const std::size_t colon = word->text.find(':');
  if (colon == 0 || colon == std::string::npos) {
    args.error_at(word->at, "a user, a colon and the password are expected");
    return;
  }
  StatsConfig& stats = stats_of(context);
  stats.users.push_back({.name = word->text.substr(0, colon), .password = word->text.substr(colon + 1)});
  (void)both_ways(context, line);
}

void http_request(ParseContext& context, const Line& line) {
  static constexpr std::string_view kActions[] = {"allow", "auth", "deny"};
  const std::string& action = line.args()[0].text;
  if (std::ranges::find(kActions, action) == std::end(kActions)) {
    context.error(line.args()[0], fmt::format("'stats http-request' has no action '{}'", action)).hint =
        "there are allow, deny and auth";
    return;
  }
  (void)stats_of(context);
  read_rule(context, line, RuleSet::http_request, RuleList::stats, context.target<ProxyConfig>().stats_rules);
  (void)both_ways(context, line);
}

void admin(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  ConditionRule rule;
  if (!read_condition(context, args, Place::request, rule.condition)) return;
  (void)stats_of(context);
  auto& proxy = context.target<ProxyConfig>();
  rule.number = number_rule(proxy, RuleList::stats_admin, line);
  proxy.stats_admins.push_back(std::move(rule));
}

void refresh(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto time = args.expect_time("the time", std::chrono::seconds(1));
  if (!time) return;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*time).count();
  stats_of(context).refresh = static_cast<std::uint32_t>(std::min<std::int64_t>(seconds, INT32_MAX));
}

void scope(ParseContext& context, const Line& line) { stats_of(context).scope.push_back(line.args()[0].text); }

void show_description(ParseContext& context, const Line& line) {
  StatsConfig& stats = stats_of(context);
  stats.show_description = true;
  stats.description = joined(line.args());
}

void show_node(ParseContext& context, const Line& line) {
  StatsConfig& stats = stats_of(context);
  stats.show_node = true;
  stats.node = line.args().empty() ? std::string() : line.args()[0].text;
}

template <bool StatsConfig::* Member, bool value = true>
void show(ParseContext& context, const Line&) {
  stats_of(context).*Member = value;
}

constexpr config::SectionSet kNotDefaults = in::frontend | in::listen | in::backend;

using S = StatsConfig;

constexpr KeywordRow kRows[] = {
    word("stats admin", "if|unless <condition>", 2, config::kAnyArgs, admin,
         "Who may change the state of servers on the statistics page; without such a line nobody may.",
         "stats admin if { src 127.0.0.0/8 }", kNotDefaults),
    word("stats auth", "<user>:<password>", 1, 1, auth,
         "A user who may see the statistics page; with the first one everybody has to log in.",
         "stats auth admin:AdMiN123"),
    word("stats enable", "", 0, 0, enable, "Serves the statistics page at its usual address, /haproxy?stats.",
         "stats enable"),
    word("stats hide-version", "", 0, 0, show<&S::show_version, false>,
         "Keeps the version off the statistics page; it is the default.", "stats hide-version"),
    word("stats http-request", "allow|deny|auth [realm <realm>] [if|unless <condition>]", 1, config::kAnyArgs,
         http_request, "A rule about requests for the statistics page; the first that applies decides.",
         "stats http-request deny unless { src 10.0.0.0/8 }", kNotDefaults),
    word("stats realm", "<realm>", 1, 1, realm, "What browsers call the place that 'stats auth' guards.",
         "stats realm Statistics"),
    word("stats refresh", "<time>", 1, 1, refresh, "How often the statistics page is brought up to date.",
         "stats refresh 5s"),
    word("stats scope", "<proxy>|.", 1, 1, scope,
         "A proxy that the statistics page shows, '.' for the one of the line; without such a line it shows all.",
         "stats scope ."),
    word("stats show-desc", "[<description>]", 0, config::kAnyArgs, show_description,
         "Shows a description on the statistics page: this one, or that of the global section.",
         "stats show-desc Remote desktops of the office"),
    word("stats show-legends", "", 0, 0, show<&S::show_legends>,
         "Shows ids, addresses, cookies and balancing on the statistics page.", "stats show-legends"),
    word("stats show-modules", "", 0, 0, show<&S::show_modules>,
         "Shows what TLS and HTTP count on the statistics page.", "stats show-modules"),
    word("stats show-node", "[<name>]", 0, 1, show_node,
         "Shows the machine's name on the statistics page: this one, or that of the global section.",
         "stats show-node lb1"),
    word("stats show-version", "", 0, 0, show<&S::show_version>, "Shows the version on the statistics page.",
         "stats show-version"),
    word("stats uri", "<prefix>", 1, 1, uri,
         "How the address of the statistics page begins; a proxy's servers never see requests for it.",
         "stats uri /admin?stats"),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> statistics_keywords{kRows};

}  // namespace weir::proxy
