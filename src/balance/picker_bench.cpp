// What one pick costs, with the load reported as a caller must: it should grow with the logarithm of the servers.
#include <benchmark/benchmark.h>

#include <vector>

#include "balance/picker.h"

namespace weir::balance {
namespace {

void pick(benchmark::State& state, const char* name, const Options& options = {}) {
  std::vector<ServerSlot> slots(static_cast<std::size_t>(state.range(0)));
  for (std::size_t i = 0; i < slots.size(); ++i) {
    slots[i].id = static_cast<std::uint32_t>(i + 1);
    slots[i].node_key = node_key(NodeKey::id, slots[i].id, {});
    slots[i].weight = static_cast<std::uint16_t>(1 + i % 10);
    slots[i].maxconn = 50;
  }
  Picker picker(*find_algorithm(name), options);
  picker.rebuild(slots);
  // Sessions end in another order than they began: the oldest of a ring leaves as a new one comes.
  std::vector<std::uint32_t> open(slots.size() * 3, kNoServer);
  std::size_t next = 0;
  for (auto _ : state) {
    const std::uint32_t index = picker.pick({.hash = static_cast<std::uint32_t>(next * 2654435761U)});
    ++slots[index].served;
    picker.load_changed(index);
    const std::uint32_t left = open[next];
    open[next] = index;
    next = (next + 1) % open.size();
    if (left == kNoServer) continue;
    --slots[left].served;
    picker.load_changed(left);
  }
}

const Options kRing{.consistent = true};
const Options kBoundedRing{.consistent = true, .balance_factor = 150};
BENCHMARK_CAPTURE(pick, roundrobin, "roundrobin")->Arg(10)->Arg(1'000)->Arg(20'000);
BENCHMARK_CAPTURE(pick, static_rr, "static-rr")->Arg(10)->Arg(1'000)->Arg(20'000);
BENCHMARK_CAPTURE(pick, leastconn, "leastconn")->Arg(10)->Arg(1'000)->Arg(20'000);
BENCHMARK_CAPTURE(pick, first, "first")->Arg(10)->Arg(1'000)->Arg(20'000);
BENCHMARK_CAPTURE(pick, random, "random")->Arg(10)->Arg(1'000)->Arg(20'000);
BENCHMARK_CAPTURE(pick, map, "source")->Arg(10)->Arg(1'000)->Arg(20'000);
BENCHMARK_CAPTURE(pick, ring, "source", kRing)->Arg(10)->Arg(1'000)->Arg(20'000);
BENCHMARK_CAPTURE(pick, bounded_ring, "source", kBoundedRing)->Arg(10)->Arg(1'000)->Arg(20'000);

}  // namespace
}  // namespace weir::balance
