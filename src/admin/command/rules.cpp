// show rules: how often each rule was asked and how often it held, list by list in the order in which they are asked.
//
// The place of a rule, "file:line", is its name in `explain` as well. A `listen` section counts what both its halves
// asked. `clear counters all` begins anew; a reload does not, for rules that stay.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "admin/command/tables.h"
#include "admin/session.h"

namespace weir::admin {
namespace {

void append_rules(std::string& out, const proxy::ProxyPlan& listed) {
  const proxy::RuleCounts& counts = listed.frontend ? *listed.frontend->rules : *listed.backend->rules;
  const auto lines = counts.lines();
  std::vector<proxy::RuleUse> uses = counts.read();
  if (listed.frontend && listed.backend) {
    const std::vector<proxy::RuleUse> others = listed.backend->rules->read();
    for (std::size_t i = 0; i < uses.size() && i < others.size(); i++) {
      uses[i].asked += others[i].asked;
      uses[i].held += others[i].held;
    }
  }
  std::vector<std::size_t> order(uses.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair((*lines)[i].list, i); });
  for (const std::size_t i : order)
    fmt::format_to(std::back_inserter(out), "{:>12} {:>12} {} {} {}\n", uses[i].asked, uses[i].held, listed.name(),
                   counts.place((*lines)[i].at), (*lines)[i].text);
}

io::Task<void> show_rules(Call& call) {
  const std::shared_ptr<const proxy::Plan> plan = call.worker.plan;
  const std::string_view wanted = call.word(0);
  if (!wanted.empty() && !plan->frontend(wanted) && !plan->backend(wanted)) {
    call.error("No such proxy.\n");
    co_return;
  }
  call.out.text += "#      asked         held proxy place rule\n";
  for (const proxy::ProxyPlan& listed : plan->proxies) {
    if (!wanted.empty() && listed.name() != wanted) continue;
    append_rules(call.out.text, listed);
    const bool goes_on = co_await call.out.room();
    if (!goes_on) co_return;
  }
}

constexpr CliCommand kRows[] = {
    {.name = "show rules",
     .level = Level::operator_,
     .usage = "show rules [<proxy>]",
     .run = show_rules,
     .doc = "how often each rule was asked and held, with its file and line"},
};

}  // namespace

constinit const std::span<const CliCommand> rule_commands{kRows};

}  // namespace weir::admin
