// `show pools`: the memory that workers keep, in the order and amount that is asked for. Manual: management 9.3.
#include <algorithm>
#include <optional>
#include <vector>

#include "admin/command/tables.h"
#include "admin/on_worker.h"
#include "admin/pools.h"
#include "admin/session.h"
#include "base/units.h"
#include "proxy/process_state.h"

namespace weir::admin {
namespace {

struct Wishes {
  enum class Order : std::uint8_t { none, name, size, usage } order = Order::none;
  bool detailed = false;
  std::string_view prefix;
  std::size_t most = SIZE_MAX;
};

std::optional<Wishes> parse(std::span<const std::string> words) {
  Wishes wishes;
  for (std::size_t i = 0; i < words.size(); i++) {
    const std::string_view word = words[i];
    if (word == "byname") {
      wishes.order = Wishes::Order::name;
    } else if (word == "bysize") {
      wishes.order = Wishes::Order::size;
    } else if (word == "byusage") {
      wishes.order = Wishes::Order::usage;
    } else if (word == "detailed") {
      wishes.detailed = true;
    } else if (word == "match" && i + 1 < words.size()) {
      wishes.prefix = words[++i];
    } else if (const auto most = parse_integer(word, 1, INT32_MAX)) {
      wishes.most = static_cast<std::size_t>(*most);
    } else {
      return std::nullopt;
    }
  }
  return wishes;
}

void choose(std::vector<Pool>& pools, const Wishes& wishes) {
  std::erase_if(pools, [&](const Pool& pool) {
    return !pool.name.starts_with(wishes.prefix) || (wishes.order == Wishes::Order::usage && pool.bytes() == 0);
  });
  switch (wishes.order) {
    case Wishes::Order::none: break;
    case Wishes::Order::name: std::ranges::sort(pools, {}, &Pool::name); break;
    case Wishes::Order::size: std::ranges::sort(pools, std::greater<>(), &Pool::size); break;
    case Wishes::Order::usage: std::ranges::sort(pools, std::greater<>(), &Pool::bytes); break;
  }
  if (pools.size() > wishes.most) pools.resize(wishes.most);
}

io::Task<void> show_pools(Call& call) {
  const auto wishes = parse(call.words);
  if (!wishes) {
    call.error("Usage: show pools [byname|bysize|byusage] [detailed] [match <pfx>] [<nb>]\n");
    co_return;
  }
  std::vector<WorkerPools> seen;
  for (const auto& context : call.worker.process->contexts) {
    const proxy::WorkerContext* worker = context.get();
    seen.push_back(co_await on_worker(*worker->io, [worker] { return pools_of(*worker); }));
  }
  std::vector<Pool> pools = sum_up(seen, call.worker.process->compression.memory.load(std::memory_order_relaxed));
  choose(pools, *wishes);
  call.out.text += shown(pools, wishes->detailed);
}

constexpr CliCommand kRows[] = {
    {.name = "show pools",
     .usage = "show pools [byname|bysize|byusage] [detailed] [match <pfx>] [<nb>]",
     .run = show_pools,
     .doc = "memory kept for buffers, pipes and sessions"},
};

}  // namespace

constinit const std::span<const CliCommand> pool_commands{kRows};

}  // namespace weir::admin
