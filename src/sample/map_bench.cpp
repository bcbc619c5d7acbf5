// What a large map costs: a million host names read, looked up, changed, and the memory they take.
//
// Lookups are of random keys, so each finds its lines of memory far away; `few` is the same in a map of a hundred.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "sample/reference_book.h"

namespace weir::sample {
namespace {

constexpr int kMillion = 1'000'000;

std::string host(int i) { return fmt::format("www{}.customer-{}.example.com", i % 10, i); }

std::shared_ptr<const std::string> hosts_file(int count) {
  auto text = std::make_shared<std::string>();
  for (int i = 0; i < count; ++i) *text += fmt::format("{} bk_{}\n", host(i), i % 97);
  return text;
}

std::shared_ptr<PatternReference> load(std::shared_ptr<const std::string> content, ViewKind kind) {
  auto list = std::make_shared<PatternReference>(
      PatternSource{.name = "hosts.map", .content = std::move(content), .patterns = {}, .two_columns = true});
  if (!list->use_as_map(kind, MapOutput::text)) std::abort();
  list->forget_content();
  return list;
}

/// Of this process, in bytes.
std::size_t resident() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t pages = 0;
  file >> total >> pages;
  return pages * 4096;
}

/// A file of a million lines, with reading it from the disk.
void load_million(benchmark::State& state) {
  const std::string path = fmt::format("/tmp/map_bench.{}", getpid());
  std::ofstream(path) << *hosts_file(kMillion);
  malloc_trim(0);
  std::size_t bytes = 0;
  for (auto step : state) {
    const std::size_t before = resident();
    ReferenceReading reading(nullptr, nullptr);
    auto opened = reading.open(path, true, ReferenceReading::User::map);
    if (!opened || !opened->list->use_as_map({.match = MatchKind::str}, MapOutput::text)) std::abort();
    opened->content = nullptr;
    const auto book = reading.finish();
    state.PauseTiming();
    bytes = resident() - before;
    opened->list = nullptr;
    const_cast<std::shared_ptr<const ReferenceBook>&>(book) = nullptr;
    malloc_trim(0);
    state.ResumeTiming();
  }
  state.counters["MB"] = static_cast<double>(bytes) / 1e6;
  std::remove(path.c_str());
}

void look_up(benchmark::State& state, int count, bool known) {
  const auto list = load(hosts_file(count), {.match = MatchKind::str});
  std::vector<std::string> keys;
  unsigned random = 1;
  for (int i = 0; i < 65'536; ++i) {
    random = random * 1'664'525 + 1'013'904'223;
    keys.push_back(host(static_cast<int>(random % static_cast<unsigned>(count))) + (known ? "" : "x"));
  }
  Arena arena;
  std::size_t next = 0;
  for (auto step : state) {
    arena.reset();
    const auto* const entry = list->find({.match = MatchKind::str}, Sample::string(keys[next++ & 0xffff]), arena);
    if ((entry != nullptr) != known) std::abort();
    if (entry != nullptr) benchmark::DoNotOptimize(arena.copy(entry->value.load(std::memory_order_acquire)->text()));
  }
}

void look_up_in_few(benchmark::State& state) { look_up(state, 100, true); }
void look_up_in_million(benchmark::State& state) { look_up(state, kMillion, true); }
void look_up_unknown_in_million(benchmark::State& state) { look_up(state, kMillion, false); }

void set_in_million(benchmark::State& state) {
  const auto list = load(hosts_file(kMillion), {.match = MatchKind::str});
  unsigned random = 1;
  for (auto step : state) {
    random = random * 1'664'525 + 1'013'904'223;
    benchmark::DoNotOptimize(list->put(host(static_cast<int>(random % kMillion)), "bk_other"));
  }
}

void add_and_remove_in_million(benchmark::State& state) {
  const auto list = load(hosts_file(kMillion), {.match = MatchKind::str});
  int i = kMillion;
  for (auto step : state) {
    benchmark::DoNotOptimize(list->put(host(++i), "bk_other"));
    benchmark::DoNotOptimize(list->remove(host(i)));
  }
}

void look_up_network(benchmark::State& state) {
  std::string text;
  for (int i = 0; i < 65'536; ++i) text += fmt::format("{}.{}.{}.0/{} x\n", i % 223 + 1, i / 256, i % 256, 18 + i % 7);
  const auto list = load(std::make_shared<const std::string>(std::move(text)), {.match = MatchKind::ip});
  Arena arena;
  unsigned random = 1;
  for (auto step : state) {
    random = random * 1'664'525 + 1'013'904'223;
    benchmark::DoNotOptimize(list->find({.match = MatchKind::ip}, Sample::ipv4(random), arena));
  }
}

BENCHMARK(load_million)->Unit(benchmark::kMillisecond);
BENCHMARK(look_up_in_few);
BENCHMARK(look_up_in_million);
BENCHMARK(look_up_unknown_in_million);
BENCHMARK(set_in_million);
BENCHMARK(add_and_remove_in_million);
BENCHMARK(look_up_network);

}  // namespace
}  // namespace weir::sample
