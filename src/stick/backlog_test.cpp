#include "stick/backlog.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace weir::stick {
namespace {

TableConfig config(std::uint64_t size = 100000) {
  TableConfig table{.name = "t", .type = KeyType::integer, .size = size, .expire = Milliseconds(60000)};
  table.columns = {{DataType::gpc0}, {DataType::conn_rate, 1, 10000}};
  return table;
}
std::string key(std::uint32_t number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }
std::uint32_t number(const std::string& key) {
  std::uint32_t value = 0;
  std::memcpy(&value, key.data(), sizeof value);
  return value;
}

struct Bench {
  std::shared_ptr<StickTable> table = std::make_shared<StickTable>(config());
  Backlog backlog{table};
  TimePoint now = Clock::now();

  void count(std::uint32_t who) { table->add(table->obtain(key(who), now), DataType::gpc0, 1, now); }
  void learn(std::uint32_t who, std::uint64_t value) {
    const StickTable::Heard heard[] = {{DataType::gpc0, 0, {.number = value}}};
    table->learn(key(who), std::nullopt, heard, now);
  }
  std::vector<std::uint32_t> tell() {
    std::vector<std::uint32_t> keys;
    StickTable::Told told;
    std::uint64_t before = 0;
    for (;;) {
      const Backlog::Step step = backlog.next(now, told);
      if (step == Backlog::Step::none) return keys;
      if (step == Backlog::Step::later) continue;
      EXPECT_GT(told.update, before);
      before = told.update;
      keys.push_back(number(told.key));
    }
  }
};

TEST(Backlog, TellsEachChangeOnceInOrder) {
  Bench bench;
  EXPECT_FALSE(bench.backlog.waiting());
  for (const std::uint32_t who : {1U, 2U, 3U, 1U}) bench.count(who);
  EXPECT_TRUE(bench.backlog.waiting());
  EXPECT_EQ(bench.tell(), (std::vector<std::uint32_t>{2, 3, 1}));
  EXPECT_TRUE(bench.tell().empty());
  EXPECT_FALSE(bench.backlog.waiting());
  bench.count(3);
  EXPECT_EQ(bench.tell(), (std::vector<std::uint32_t>{3}));
  EXPECT_EQ(bench.backlog.told(), bench.table->last_update());
}

TEST(Backlog, WhatWasLearnedIsToldOnlyToWhoAsksForAll) {
  Bench bench;
  bench.learn(7, 70);
  bench.count(8);
  EXPECT_EQ(bench.tell(), (std::vector<std::uint32_t>{8}));
  bench.backlog.start_over();
  EXPECT_TRUE(bench.backlog.teaching());
  EXPECT_EQ(bench.tell(), (std::vector<std::uint32_t>{7, 8}));
  EXPECT_FALSE(bench.backlog.teaching());
  bench.learn(9, 1);
  EXPECT_TRUE(bench.tell().empty());
  bench.count(9);  // from here on it is ours
  EXPECT_EQ(bench.tell(), (std::vector<std::uint32_t>{9}));
}

TEST(Backlog, ResumesBehindWhatIsKnownOverThere) {
  Bench bench;
  for (std::uint32_t who = 0; who < 10; who++) bench.count(who);
  EXPECT_EQ(bench.tell().size(), 10U);
  const auto middle = bench.table->view_of(key(4), bench.now);
  bench.backlog.resume_behind(middle->update);
  EXPECT_EQ(bench.tell(), (std::vector<std::uint32_t>{5, 6, 7, 8, 9}));
}

TEST(Backlog, ALargeTableInPieces) {
  Bench bench;
  constexpr std::uint32_t kMany = 50000;
  for (std::uint32_t who = 0; who < kMany; who++) bench.count(who);
  EXPECT_EQ(bench.tell().size(), kMany);
  bench.count(3);
  EXPECT_EQ(bench.tell(), (std::vector<std::uint32_t>{3}));
}

TEST(Backlog, CellsTravelAsTheyAre) {
  Bench bench;
  bench.count(1);
  const auto pin = bench.table->find(key(1), bench.now);
  bench.table->add(pin, DataType::conn_rate, 5, bench.now);
  bench.now += Milliseconds(1000);
  StickTable::Told told;
  while (bench.backlog.next(bench.now, told) != Backlog::Step::entry) {
  }
  ASSERT_EQ(told.cells.size(), 2U);
  EXPECT_EQ(told.cells[0].number, 1U);
  EXPECT_EQ(told.cells[1].current, 5U);
  EXPECT_EQ(told.expires_in, Milliseconds(59000));
  StickTable other(config());
  const TimePoint elsewhere = bench.now + std::chrono::hours(1);
  const StickTable::Heard heard[] = {{DataType::gpc0, 0, told.cells[0]}, {DataType::conn_rate, 0, told.cells[1]}};
  other.learn(told.key, Milliseconds(500), heard, elsewhere);
  EXPECT_EQ(other.value_of(key(1), DataType::conn_rate, elsewhere), 5U);
  EXPECT_EQ(other.value_of(key(1), DataType::gpc0, elsewhere), 1U);
  EXPECT_EQ(other.read(key(1), DataType::gpc0, elsewhere + Milliseconds(501)).state,
            StickTable::Reading::State::no_entry);
}

TEST(Backlog, AMovedTableTellsNothingTwice) {
  Bench bench;
  bench.learn(1, 1);
  for (std::uint32_t who = 2; who < 6; who++) bench.count(who);
  EXPECT_EQ(bench.tell().size(), 4U);
  bench.count(3);
  TableConfig wider = config();
  wider.size *= 2;
  auto next = std::make_shared<StickTable>(wider);
  next->migrate(*bench.table, bench.now);
  bench.backlog.move_to(next);
  bench.table = next;
  EXPECT_EQ(bench.tell(), (std::vector<std::uint32_t>{3}));
  bench.count(1);
  EXPECT_EQ(bench.tell(), (std::vector<std::uint32_t>{1}));
}

// A change that came to the former table after its entries were taken bears a number that the new table gives again.
TEST(Backlog, AMovedTableTellsItsOwnChangesWhateverTheFormerOneTold) {
  Bench bench;
  TableConfig wider = config();
  wider.size *= 2;
  auto next = std::make_shared<StickTable>(wider);
  next->migrate(*bench.table, bench.now);
  bench.table->pass_to(next);
  for (std::uint32_t who = 0; who < 10; who++) bench.count(who);
  EXPECT_EQ(bench.tell().size(), 10U);
  bench.table = next;
  bench.count(20);
  bench.backlog.move_to(next);
  EXPECT_EQ(bench.tell(), (std::vector<std::uint32_t>{20}));
}

TEST(Backlog, WhatIsTooMuchForACellIsTheMostItHolds) {
  Bench bench;
  const StickTable::Heard heard[] = {{DataType::gpc0, 0, {.number = (std::uint64_t{1} << 32U) + 5}},
                                     {DataType::conn_rate, 0, {std::uint64_t{1} << 32U, 7, 0}}};
  bench.table->learn(key(1), std::nullopt, heard, bench.now);
  EXPECT_EQ(bench.table->value_of(key(1), DataType::gpc0, bench.now), 0xffffffffU);
  EXPECT_EQ(bench.table->value_of(key(1), DataType::conn_rate, bench.now), 0U) << "a rate of long ago";
}

TEST(Backlog, TheBellRingsOnceAfterItWasArmed) {
  static int rings = 0;
  Bench bench;
  const auto bell = std::make_shared<Bell>([](Bell&) { rings++; });
  bench.table->set_bell(bell);
  bench.count(1);
  EXPECT_EQ(rings, 0);
  bell->armed = true;
  bench.count(1);
  bench.count(1);
  EXPECT_EQ(rings, 1);
}

TEST(Backlog, NothingIsLostWhileTwoThreadsCount) {
  Bench bench;
  std::atomic<bool> done{false};
  const auto work = [&](std::uint32_t from) {
    for (std::uint32_t i = 0; i < 20000; i++) bench.count(from + i % 5000);
  };
  std::thread first(work, 0);
  std::thread second(work, 100000);
  std::map<std::uint32_t, std::uint64_t> heard;
  StickTable::Told told;
  std::thread end([&] {
    first.join();
    second.join();
    done = true;
  });
  for (;;) {
    const bool last = done;
    const Backlog::Step step = bench.backlog.next(bench.now, told);
    if (step == Backlog::Step::entry) heard[number(told.key)] = told.cells[0].number;
    if (last && step == Backlog::Step::none) break;
  }
  end.join();
  ASSERT_EQ(heard.size(), 10000U);
  for (const auto& [who, value] : heard) ASSERT_EQ(value, 4U) << who;
}

}  // namespace
}  // namespace weir::stick
