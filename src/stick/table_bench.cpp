// A million users of `string len 32` with server_id: bytes of process memory for each, lookups per second and core.
// Seen on a busy two-core machine: 106 bytes; 1.8 million lookups, 1.27 million matches with refresh, 1.27 million
// insertions into the full table. Counting, by 4 threads on two cores that others kept busy (processor time): an update
// of a tracked entry 0.05 us, by key 0.25 us; three counters of a connection 0.45 us among 64 clients, 1.6 us among
// 10,000 at random, whose entries had to come from memory each time.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "stick/table.h"

namespace weir::stick {
namespace {

constexpr std::size_t kEntries = 1'000'000;

std::size_t resident_bytes() {
  std::size_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::string key_of(std::size_t number) {
  char text[33];
  std::snprintf(text, sizeof text, "user-%027zu", number);  // all 32 bytes
  return text;
}

/// Filled once, for all benchmarks of this program.
struct Filled {
  std::vector<std::string> keys;
  std::unique_ptr<StickTable> table;
  double bytes_per_entry = 0;
  TimePoint now = Clock::now();
  Filled() {
    for (std::size_t i = 0; i < kEntries; ++i) keys.push_back(key_of(i * 7919 % kEntries));
    TableConfig config;
    config.name = "users";
    config.type = KeyType::string;
    config.key_length = 32;
    config.size = kEntries;
    config.expire = Milliseconds(8 * 3600 * 1000);
    config.columns = {{DataType::server_id}, {DataType::server_key}};
    const std::size_t before = resident_bytes();
    table = std::make_unique<StickTable>(config);
    for (const std::string& key : keys) {
      const auto pin = table->obtain(key, now);
      table->set(pin, DataType::server_id, 1, now);
    }
    bytes_per_entry = static_cast<double>(resident_bytes() - before) / kEntries;
  }
};
Filled& filled() {
  static Filled one;
  return one;
}

void lookup(benchmark::State& state) {
  Filled& all = filled();
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(all.table->value_of(all.keys[i], DataType::server_id, all.now));
    i = (i + 12'289) % kEntries;  // no neighbours: every lookup misses the caches
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes/entry"] = all.bytes_per_entry;
}
BENCHMARK(lookup);

void match_and_refresh(benchmark::State& state) {
  Filled& all = filled();
  std::size_t i = 0;
  for (auto _ : state) {
    const auto pin = all.table->find(all.keys[i], all.now);
    benchmark::DoNotOptimize(all.table->get(pin, DataType::server_id, all.now));
    all.table->refresh(pin, all.now);
    i = (i + 12'289) % kEntries;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(match_and_refresh);

void insert_into_full(benchmark::State& state) {
  Filled& all = filled();
  std::size_t i = kEntries;
  for (auto _ : state) {
    const auto pin = all.table->obtain(key_of(i++), all.now);
    all.table->set(pin, DataType::server_id, 2, all.now);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(insert_into_full)->Iterations(200'000);

/// Clients of a busy front: 10,000 addresses, all counters that a TCP connection feeds.
struct Clients {
  std::vector<std::string> keys;
  std::unique_ptr<StickTable> tables[3];
  TimePoint now = Clock::now();
  Clients() {
    for (std::uint32_t i = 0; i < 10'000; ++i)
      keys.emplace_back(reinterpret_cast<const char*>(&i), sizeof i);  // "type ip"
    for (auto& table : tables) {
      TableConfig config;
      config.name = "clients";
      config.size = 100'000;
      config.expire = Milliseconds(60'000);
      config.columns = {{DataType::gpc0},         {DataType::gpc0_rate, 1, 10'000},
                        {DataType::conn_cnt},     {DataType::conn_rate, 1, 10'000},
                        {DataType::conn_cur},     {DataType::sess_cnt},
                        {DataType::bytes_in_cnt}, {DataType::bytes_out_rate, 1, 10'000}};
      table = std::make_unique<StickTable>(config);
      for (const std::string& key : keys) (void)table->obtain(key, now);
    }
  }
};
Clients& clients() {
  static Clients one;
  return one;
}

// sc_inc_gpc0 of a tracked entry: a counter and its rate.
void update_tracked(benchmark::State& state) {
  Clients& all = clients();
  std::vector<StickTable::Pin> pins;
  const auto first = static_cast<std::size_t>(state.thread_index()) * 2500;
  for (std::size_t i = 0; i < 2500; ++i) pins.push_back(all.tables[0]->find(all.keys[first + i], all.now));
  std::size_t i = 0;
  for (auto _ : state) {
    all.tables[0]->count_event(pins[i], DataType::gpc0, DataType::gpc0_rate, 1, all.now);
    i = (i + 367) % pins.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(update_tracked)->Threads(1)->Threads(4);

// src_inc_gpc0: the key is looked up, the entry refreshed.
void update_by_key(benchmark::State& state) {
  Clients& all = clients();
  std::size_t i = static_cast<std::size_t>(state.thread_index()) * 2500;
  for (auto _ : state) {
    const auto pin = all.tables[0]->obtain(all.keys[i], all.now);
    all.tables[0]->count_event(pin, DataType::gpc0, DataType::gpc0_rate, 1, all.now);
    i = (i + 367) % all.keys.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(update_by_key)->Threads(1)->Threads(4);

// All that track-sc0, track-sc1 and track-sc2 cost one connection: found, counted as a session, left with its bytes.
// With 10,000 addresses at random nearly all of it is waiting for memory.
void three_counters_of_a_connection(benchmark::State& state) {
  Clients& all = clients();
  std::size_t i = static_cast<std::size_t>(state.thread_index()) * 2500;
  for (auto _ : state) {
    StickTable::Pin pins[3];
    for (std::size_t n = 0; n < 3; ++n) pins[n] = all.tables[n]->track(all.keys[i], all.now);
    for (std::size_t n = 0; n < 3; ++n) all.tables[n]->count_session(pins[n], all.now);
    for (std::size_t n = 0; n < 3; ++n) all.tables[n]->untrack(pins[n], {.in = 500, .out = 9000}, all.now);
    i = (i + 367) % static_cast<std::size_t>(state.range(0));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(three_counters_of_a_connection)->Arg(64)->Arg(10'000)->Threads(1)->Threads(4);

}  // namespace
}  // namespace weir::stick

BENCHMARK_MAIN();
