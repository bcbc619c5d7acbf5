// `show pools`: the memory that workers keep by kind: buffers, pipes, sessions.
//
// Each worker counts its own; what the list shows is their sum. A session's block is never given back while the process
// runs, so "allocated" is the most there ever were, rounded up. Manual: management 9.3.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "admin/command/tables.h"
#include "admin/on_worker.h"
#include "admin/session.h"
#include "base/units.h"
#include "proxy/process_state.h"
#include "proxy/tcp/session.h"

namespace weir::admin {
namespace {

struct PoolCount {
  std::size_t used = 0;
  std::size_t cached = 0;
};

struct Pool {
  std::string_view name;
  std::size_t size = 0;
  std::vector<PoolCount> workers;
  [[nodiscard]] PoolCount sum() const {
    PoolCount all;
    for (const PoolCount& one : workers) {
      all.used += one.used;
      all.cached += one.cached;
    }
    return all;
  }
  [[nodiscard]] std::size_t bytes() const {
    const PoolCount all = sum();
    return (all.used + all.cached) * size;
  }
};

struct WorkerPools {
  PoolCount buffers, pipes, sessions;
  std::size_t buffer_size = 0;
  std::size_t pipe_size = 0;
};

WorkerPools pools_of(proxy::WorkerContext& worker) {
  const io::BufferPool& buffers = worker.io->buffers();
  const io::PipePool& pipes = worker.io->pipes();
  return {.buffers = {buffers.in_use(), buffers.cached()},
          .pipes = {pipes.in_use(), pipes.cached()},
          .sessions = {worker.sessions.live(), worker.sessions.capacity() - worker.sessions.live()},
          .buffer_size = buffers.buffer_size(),
          .pipe_size = pipes.pipe_size()};
}

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

void write(std::string& out, const std::vector<Pool>& pools, bool detailed) {
  const auto end = std::back_inserter(out);
  out += "Dumping pools usage.\n";
  std::size_t allocated = 0, used = 0, cached = 0;
  for (const Pool& pool : pools) {
    const PoolCount all = pool.sum();
    fmt::format_to(end, "  - Pool {} ({} bytes) : {} allocated ({} bytes), {} used (~{} by thread caches), {} users\n",
                   pool.name, pool.size, all.used + all.cached, pool.bytes(), all.used, all.cached,
                   pool.workers.size());
    allocated += pool.bytes();
    used += all.used * pool.size;
    cached += all.cached * pool.size;
    if (!detailed) continue;
    for (std::size_t i = 0; i < pool.workers.size(); i++)
      fmt::format_to(end, "      thread {} : {} used, {} cached\n", i + 1, pool.workers[i].used,
                     pool.workers[i].cached);
  }
  fmt::format_to(end, "Total: {} pools, {} bytes allocated, {} used (~{} by thread caches).\n", pools.size(), allocated,
                 used, cached);
}

io::Task<void> show_pools(Call& call) {
  const auto wishes = parse(call.words);
  if (!wishes) {
    call.error("Usage: show pools [byname|bysize|byusage] [detailed] [match <pfx>] [<nb>]\n");
    co_return;
  }
  std::vector<Pool> pools(3);
  pools[0].name = "buffer";
  pools[1].name = "pipe";
  pools[2].name = "session";
  pools[2].size = sizeof(proxy::Session);
  for (const auto& context : call.worker.process->contexts) {
    proxy::WorkerContext* worker = context.get();
    const WorkerPools one = co_await on_worker(*worker->io, [worker] { return pools_of(*worker); });
    pools[0].size = one.buffer_size;
    pools[1].size = one.pipe_size;
    pools[0].workers.push_back(one.buffers);
    pools[1].workers.push_back(one.pipes);
    pools[2].workers.push_back(one.sessions);
  }
  choose(pools, *wishes);
  write(call.out.text, pools, wishes->detailed);
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
