// `show peers`: each section is described by the worker that runs it.
#include <ranges>
#include <utility>

#include "admin/command/tables.h"
#include "admin/on_worker.h"
#include "admin/session.h"
#include "peers/group.h"

namespace weir::admin {
namespace {

// Manual: `dict` adds the dictionaries; `-` stands for it, so that a section may be called dict.
io::Task<void> show_peers(Call& call) {
  std::size_t at = 0;
  bool with_texts = false;
  if (call.word(0) == "dict" || call.word(0) == "-") {
    with_texts = call.word(0) == "dict";
    at = 1;
  }
  const std::string wanted(call.word(at));
  const std::shared_ptr<const proxy::Plan> plan = call.worker.plan;
  bool found = false;
  for (const auto& group : plan->groups | std::views::reverse) {
    if (!wanted.empty() && group->name() != wanted) continue;
    if (std::exchange(found, true)) call.out.text += '\n';
    call.out.text += co_await on_worker(group->worker(), [group, with_texts] {
      std::string text;
      group->show(text, with_texts);
      return text;
    });
    const bool goes_on = co_await call.out.room();
    if (!goes_on) co_return;
  }
  if (!found && !wanted.empty()) call.error("No such peers\n");
}

constexpr CliCommand kRows[] = {
    {.name = "show peers",
     .usage = "show peers [dict|-] [<peers section>]",
     .run = show_peers,
     .doc = "peers sections: who is in touch, and how far each has heard of the other"},
};

}  // namespace

constinit const std::span<const CliCommand> peers_commands{kRows};

}  // namespace weir::admin
