// Commands on stick tables. The words are stick/show.h's business; here is the pace: a piece of a table a turn, so that
// a table of millions neither stalls traffic nor fills memory.
#include "admin/command/tables.h"
#include "admin/session.h"
#include "io/stream.h"
#include "peers/group.h"
#include "stick/show.h"

namespace weir::admin {
namespace {

constexpr std::size_t kEntriesATurn = 256;

std::vector<std::string_view> behind_name(const Call& call) {
  std::vector<std::string_view> words;
  for (std::size_t i = 1; i < call.words.size(); i++) words.emplace_back(call.words[i]);
  return words;
}

std::shared_ptr<stick::StickTable> named_table(Call& call) {
  auto table = call.worker.plan->tables.share(call.word(0));
  if (!table) call.error(stick::kNoSuchTable);
  return table;
}

/// Over how many shares of the keys the peers of that section are told of a table.
std::uint32_t shards_of(const proxy::Plan& plan, const std::string& section) {
  for (const auto& group : plan.groups)
    if (group->name() == section) return group->shards();
  return 0;
}

// Lets the loop turn: what piled up meanwhile goes first.
io::Task<bool> next_turn(Call& call) {
  co_await io::sleep_for(*call.worker.io, Milliseconds(1));
  const bool goes_on = co_await call.out.room();
  co_return goes_on;
}

io::Task<void> list_tables(Call& call) {
  const std::shared_ptr<const proxy::Plan> plan = call.worker.plan;
  for (const auto& [name, table] : plan->tables.all()) {
    stick::write_table_header(*table, call.out.text);
    const bool goes_on = co_await call.out.room();
    if (!goes_on) co_return;
  }
}

io::Task<void> show_table(Call& call) {
  if (call.words.empty()) {
    co_await list_tables(call);
    co_return;
  }
  const auto table = named_table(call);
  if (!table) co_return;
  auto show = stick::parse_show(table->config(), behind_name(call));
  if (!show) {
    call.error(show.error().message);
    co_return;
  }
  show->shards = shards_of(*call.worker.plan, table->config().peers);
  while (!stick::show_some(*table, *show, call.out.text, call.worker.io->now(), kEntriesATurn)) {
    const bool goes_on = co_await next_turn(call);
    if (!goes_on) co_return;
  }
}

io::Task<void> clear_table(Call& call) {
  if (call.words.empty()) {
    call.error(stick::kClearUsage);
    co_return;
  }
  const auto table = named_table(call);
  if (!table) co_return;
  if (call.session.level < Level::operator_) {
    call.error("Permission denied\n");
    co_return;
  }
  auto clear = stick::parse_clear(table->config(), behind_name(call));
  if (!clear) {
    call.error(clear.error().message);
    co_return;
  }
  while (!stick::clear_some(*table, *clear, call.out.text, call.worker.io->now(), kEntriesATurn)) {
    const bool goes_on = co_await next_turn(call);
    if (!goes_on) co_return;
  }
}

void set_table(Call& call) {
  if (call.words.empty()) {
    call.error(stick::kSetUsage);
    return;
  }
  const auto table = named_table(call);
  if (!table) return;
  if (call.session.level < Level::operator_) {
    call.error("Permission denied\n");
    return;
  }
  call.out.text += stick::set_table(*table, behind_name(call), call.worker.io->now());
}

constexpr CliCommand kRows[] = {
    {.name = "clear table",
     .usage = "clear table <table> [<filter>]*",
     .run = clear_table,
     .doc = "remove entries of a table (filter: key, ptr, data)"},
    {.name = "set table",
     .usage = "set table <table> key <k> [data.* <v>]*",
     .answer = set_table,
     .doc = "make or change an entry of a table"},
    {.name = "show table",
     .usage = "show table <table> [<filter>]*",
     .run = show_table,
     .doc = "tables, or the entries of one (filter: key, ptr, data)"},
};

}  // namespace

constinit const std::span<const CliCommand> table_commands{kRows};

}  // namespace weir::admin
