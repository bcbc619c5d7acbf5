// Stick tables of proxies and the rules that fill them; the lines themselves are read in stick/. Manual: 11.1, 4.2.
#include "stick/config.h"

#include "proxy/keyword/build.h"
#include "proxy/keyword/proxy_rows.h"
#include "proxy/keyword/rules.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

void stick_table(ParseContext& context, const Line& line) {
  auto& proxy = context.target<ProxyConfig>();
  if (proxy.table) {
    context.error(line.at, "a proxy has one stick table, and this one has it already").hint =
        "a table of a backend without servers serves any proxy by that backend's name";
    return;
  }
  proxy.table = stick::parse_table(context, line, proxy.name);
}

void stick_rule(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  auto rule = stick::parse_stick_rule(context, line, proxy->acls, scope_of(context, Place::request),
                                      scope_of(context, Place::response));
  if (!rule) return;
  rule->number = number_rule(*proxy, RuleList::stick, line);
  proxy->stick_rules.push_back(std::move(*rule));
}

constexpr config::SectionSet kRunning = in::frontends | in::backends;

constexpr KeywordRow rule(std::string_view name, std::string_view doc, std::string_view example) {
  return proxy_rows::word(name, "<expression> [table <table>] [if|unless <condition>]", 1, config::kAnyArgs, stick_rule,
                          doc, example, kRunning);
}

constexpr KeywordRow kRows[] = {
    rule("stick match", "Sends a session to the server that the table remembers for the key.", "stick match src"),
    rule("stick on", "Remembers a key's server and sends the key's sessions there.", "stick on rdp_cookie(mstshash)"),
    rule("stick store-request", "Remembers the server of a session under a key of the request.",
         "stick store-request src"),
    rule("stick store-response", "Remembers the server of a session under a key of the response.",
         "stick store-response res.payload(0,8)"),
    {.name = "stick-table",
     .sections = kRunning,
     .arguments = "type <type> size <entries> [expire <time>] [nopurge] [recv-only] [write-to <table>] [peers <peers> "
                  "[aggregate [aggregate-timeout "
                  "<time>]]] [store <columns>]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = stick_table,
     .doc = "A table of keys and what is remembered of each.",
     .example = "stick-table type string len 32 size 10k expire 8h"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> stick_keywords{kRows};

}  // namespace weir::proxy
