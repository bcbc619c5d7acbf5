// Lists of patterns that all workers match while others change them: what TSan and ASan have to say about it.
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <atomic>

#include "io/worker.h"
#include "sample/pattern_reference.h"

namespace weir::proxy {
namespace {

using sample::MatchKind;
using sample::PatternReference;
using sample::Sample;
using sample::ViewKind;

constexpr int kKeys = 400;
constexpr ViewKind kText{.match = MatchKind::str};
constexpr ViewKind kLowered{.match = MatchKind::str, .ignore_case = true};
constexpr ViewKind kBeginning{.match = MatchKind::beg};
constexpr ViewKind kPart{.match = MatchKind::sub};

struct Hall {
  std::shared_ptr<PatternReference> list;
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> hits{0};
  std::atomic<std::uint64_t> turns{0};
  std::atomic<std::uint64_t> wrong{0};
};

/// One worker's turns: looks up until it is over. A value begins with its key.
void look(Hall& hall, io::Worker& worker, unsigned seed) {
  sample::Arena arena;
  std::uint64_t hits = 0;
  for (int i = 0; i < 200; ++i) {
    seed = seed * 1'664'525 + 1'013'904'223;
    const std::string key = fmt::format("k{}", seed % kKeys);
    for (const ViewKind kind : {kText, kLowered, kBeginning, kPart}) {
      arena.reset();
      const auto* const entry = hall.list->find(kind, Sample::string(key), arena);
      if (entry == nullptr) continue;
      ++hits;
      const std::string_view value = entry->value.load(std::memory_order_acquire)->text();
      if (!value.starts_with(entry->key()) || (kind == kText && entry->key() != key)) ++hall.wrong;
    }
  }
  hall.hits += hits;
  ++hall.turns;
  if (hall.over.load()) return;
  worker.post([&hall, &worker, seed] { look(hall, worker, seed); });
}

/// A worker that changes it, as a rule does.
void change(Hall& hall, io::Worker& worker, int step) {
  for (int i = 0; i < 20; ++i) {
    const std::string key = fmt::format("k{}", (step * 20 + i) * 7 % kKeys);
    static_cast<void>(hall.list->put(key, fmt::format("{} by worker {}", key, step)));
    if (i % 3 == 0) hall.list->remove(key);
  }
  if (hall.over.load()) return;
  worker.post([&hall, &worker, step] { change(hall, worker, step + 1); });
}

/// What commands do, from another thread.
void rewrite(PatternReference& list, int round) {
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = fmt::format("k{}", i);
    EXPECT_TRUE(list.put(key, fmt::format("{} in round {}", key, round)));
    if (i % 4 == 0) EXPECT_TRUE(list.add(key, key + " again"));
    if (i % 5 == 0) list.remove(key);
  }
  const std::uint32_t version = list.prepare();
  for (int i = 0; i < kKeys; i += 2) {
    const std::string key = fmt::format("k{}", i);
    EXPECT_TRUE(list.add(key, key + " prepared", version));
  }
  if (round % 2 == 0) EXPECT_EQ(list.commit(version), PatternReference::Outcome::done);
  if (round % 5 == 0) list.clear({});
}

TEST(PatternThreads, are_read_while_they_change) {
  Hall hall;
  hall.list = std::make_shared<PatternReference>(sample::PatternSource{
      .name = "list", .content = std::make_shared<const std::string>("k1 k1\n"), .two_columns = true});
  for (const ViewKind kind : {kText, kLowered, kBeginning, kPart})
    ASSERT_TRUE(hall.list->use_as_map(kind, sample::MapOutput::text));
  io::WorkerGroup group;
  group.create(3);
  for (std::size_t i = 0; i < 2; ++i) {
    io::Worker& worker = group.worker(i);
    worker.post([&hall, &worker, i] { look(hall, worker, static_cast<unsigned>(i)); });
  }
  group.worker(2).post([&] { change(hall, group.worker(2), 0); });
  ASSERT_TRUE(group.start());
  for (int round = 1; round <= 30; ++round) rewrite(*hall.list, round);
  hall.over = true;
  group.stop();
  group.join();
  EXPECT_EQ(hall.wrong, 0U);
  EXPECT_GT(hall.hits, 0U);
  EXPECT_GT(hall.turns, 2U);
}

}  // namespace
}  // namespace weir::proxy
