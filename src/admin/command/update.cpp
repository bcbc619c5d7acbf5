// Commands on updates of lists: what is known of each, and asking a source now. The updates themselves live on the
// control thread (update/service.h); here is a copy of what they say of themselves.
#include <fmt/format.h>

#include "admin/answered.h"
#include "admin/command/tables.h"

namespace weir::admin {
namespace {

io::Task<void> show_updates(Call& call) {
  call.out.text += "# id (list) figures; ages are seconds, problem is that of the last question\n";
  for (const update::Status& status : call.control.updates()) {
    if (!call.words.empty() && call.word(0) != status.list && call.word(0) != fmt::format("#{}", status.id)) continue;
    call.out.text += update::line(status, call.worker.io->wall_now()) + "\n";
    const bool goes_on = co_await call.out.room();
    if (!goes_on) co_return;
  }
}

io::Task<void> update_now(Call& call) {
  Answered answered;
  call.control.update_now(std::string(call.word(0)), answered.callback());
  const Answered::State answer = co_await answered;
  std::string text = answer.text;
  if (!text.ends_with('\n')) text += '\n';
  if (answer.ok)
    call.out.text += text;
  else
    call.error(text);
}

constexpr CliCommand kRows[] = {
    {.name = "show updates",
     .usage = "show updates [<list>]",
     .run = show_updates,
     .doc = "updates of lists: their age, their outcome, their figures"},
    {.name = "update now",
     .level = Level::operator_,
     .usage = "update now [<list>]",
     .run = update_now,
     .doc = "ask the source of a list, or of all, and say what came of it"},
};

}  // namespace

constinit const std::span<const CliCommand> update_commands{kRows};

}  // namespace weir::admin
