#include "stick/table.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>

namespace weir::stick {
namespace {

TableConfig farm(std::uint64_t size) {
  TableConfig config;
  config.name = "bk_rdp";
  config.type = KeyType::string;
  config.key_length = 32;
  config.size = size;
  config.expire = Milliseconds(1000);
  config.columns = {{DataType::server_id}, {DataType::gpc0}, {DataType::conn_rate, 1, 10'000}};
  return config;
}

TEST(StickTable, EvictsTheOldestOfTheWholeTableAndKeepsPinnedOnes) {
  StickTable table(farm(3), 4);
  const TimePoint now = Clock::now();
  const auto pinned = table.obtain("a", now);
  for (const char* key : {"b", "c", "d"}) ASSERT_TRUE(table.obtain(key, now));
  EXPECT_EQ(table.used(), 3U);
  EXPECT_TRUE(table.find("a", now));
  EXPECT_FALSE(table.find("b", now));
  EXPECT_TRUE(table.find("c", now));
}

TEST(StickTable, RefusesWhenFullWithNopurge) {
  auto config = farm(1);
  config.nopurge = true;
  StickTable table(config);
  const TimePoint now = Clock::now();
  ASSERT_TRUE(table.obtain("a", now));
  EXPECT_FALSE(table.obtain("b", now));
  EXPECT_TRUE(table.obtain("b", now + Milliseconds(1001)));
}

TEST(StickTable, ExpiresAndMigratesCommonColumns) {
  StickTable table(farm(10));
  const TimePoint now = Clock::now();
  {
    ASSERT_TRUE(table.set(table.obtain("joe", now), DataType::server_id, 7, now));
  }
  auto config = farm(10);
  config.columns = {{DataType::server_id}, {DataType::gpt0}};
  StickTable next(config);
  next.migrate(table, now + Milliseconds(400));
  EXPECT_EQ(next.value_of("joe", DataType::server_id, now + Milliseconds(999)), 7U);
  EXPECT_FALSE(next.value_of("joe", DataType::server_id, now + Milliseconds(1001)));
  EXPECT_EQ(table.expire_some(now + Milliseconds(1001), 10), 1U);
  EXPECT_EQ(table.used(), 0U);
}

TEST(StickTable, PinnedEntriesStepAsideAndComeBackAtTheirPlace) {
  StickTable table(farm(4), 1);
  const TimePoint now = Clock::now();
  auto a = table.obtain("a", now);
  auto b = table.obtain("b", now);
  ASSERT_TRUE(table.obtain("c", now));
  ASSERT_TRUE(table.obtain("d", now));
  ASSERT_TRUE(table.obtain("e", now));  // c goes: a and b are held
  EXPECT_FALSE(table.find("c", now));
  b.release();
  a.release();
  ASSERT_TRUE(table.obtain("f", now));  // a is the oldest again
  EXPECT_FALSE(table.find("a", now));
  ASSERT_TRUE(table.obtain("g", now));
  EXPECT_FALSE(table.find("b", now));
  EXPECT_TRUE(table.find("d", now));
}

TEST(StickTable, WhenAllAreHeldNothingEnters) {
  StickTable table(farm(2), 4);
  const TimePoint now = Clock::now();
  auto a = table.obtain("a", now);
  auto b = table.obtain("b", now);
  EXPECT_FALSE(table.obtain("c", now));
  EXPECT_EQ(table.used(), 2U);
  a.release();
  EXPECT_TRUE(table.obtain("c", now));
  EXPECT_EQ(table.used(), 2U);
}

TEST(StickTable, AHeldEntryOutlivesItsTimeUntilReleased) {
  StickTable table(farm(4), 1);
  const TimePoint now = Clock::now();
  auto a = table.obtain("a", now);
  ASSERT_TRUE(table.obtain("b", now));
  const TimePoint later = now + Milliseconds(1001);
  EXPECT_EQ(table.expire_some(later, 10), 1U);
  EXPECT_TRUE(table.find("a", later));
  a.release();
  EXPECT_EQ(table.expire_some(later, 10), 1U);
  EXPECT_EQ(table.used(), 0U);
}

TEST(StickTable, PeersHearOfHeldEntriesToo) {
  StickTable table(farm(2), 1);
  const TimePoint now = Clock::now();
  auto a = table.obtain("a", now);
  ASSERT_TRUE(table.obtain("b", now));
  ASSERT_TRUE(table.obtain("c", now));  // a stepped aside
  std::vector<StickTable::View> heard;
  table.changed_since(0, 10, now, heard);
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_EQ(heard[0].key, "a");
  EXPECT_EQ(heard[1].key, "c");
}

TEST(StickTable, ServerNamesAreKeptAndMigrate) {
  auto config = farm(10);
  config.columns.push_back({DataType::server_key});
  StickTable table(config);
  const TimePoint now = Clock::now();
  EXPECT_TRUE(table.set_text(table.obtain("joe", now), DataType::server_key, "srv02", now));
  EXPECT_FALSE(table.set(table.find("joe", now), DataType::server_key, 1, now));
  EXPECT_FALSE(table.set_text(table.find("joe", now), DataType::gpc0, "x", now));
  StickTable next(config);
  next.migrate(table, now);
  EXPECT_EQ(next.text(next.find("joe", now), DataType::server_key), "srv02");
}

TEST(StickTable, MigratesInPiecesInTheOrderOfUpdates) {
  StickTable table(farm(1000));
  StickTable next(farm(100));
  const TimePoint now = Clock::now();
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(table.obtain(std::to_string(i), now));
  Migration migration(table, next);
  for (bool done = false, touched = false; !done;) {
    done = migration.step(now, 10);
    if (next.used() != 0 && !std::exchange(touched, true)) table.refresh(table.find("7", now), now);
  }
  EXPECT_EQ(next.used(), 100U);
  EXPECT_TRUE(next.find("7", now)) << "changed while the others moved";
  EXPECT_TRUE(next.find("999", now));
  EXPECT_FALSE(next.find("899", now));
}

TableConfig counting() {
  TableConfig config;
  config.name = "clients";
  config.type = KeyType::integer;
  config.size = 10;
  config.expire = Milliseconds(1000);
  config.columns = {{DataType::conn_cnt},
                    {DataType::conn_rate, 1, 10'000},
                    {DataType::conn_cur},
                    {DataType::sess_cnt},
                    {DataType::sess_rate, 1, 10'000},
                    {DataType::bytes_in_cnt},
                    {DataType::bytes_in_rate, 1, 10'000},
                    {DataType::bytes_out_cnt}};
  return config;
}
constexpr std::string_view kOne{"\1\0\0\0", 4};

std::vector<std::uint64_t> values(StickTable& table, std::string_view key, TimePoint now) {
  const auto view = table.view_of(key, now);
  return view ? view->values : std::vector<std::uint64_t>();
}

TEST(StickTable, CountsWhatAConnectionDoes) {
  using Values = std::vector<std::uint64_t>;
  StickTable table(counting());
  const TimePoint now = Clock::now();
  auto first = table.track(kOne, now);
  auto second = table.track(kOne, now);
  EXPECT_EQ(values(table, kOne, now), (Values{2, 2, 2, 0, 0, 0, 0, 0}));
  table.count_session(first, now);
  table.count_bytes(first, {.in = 100, .out = 10}, now);
  table.untrack(first, {.in_told = 100, .in = 150, .out_told = 10, .out = 10}, now);
  EXPECT_FALSE(first);
  EXPECT_EQ(values(table, kOne, now), (Values{2, 2, 1, 1, 1, 150, 150, 10}));
  EXPECT_EQ(table.remove(kOne, now), StickTable::Removal::in_use);
  table.set(second, DataType::conn_cur, 0, now);
  table.untrack(second, {}, now);
  EXPECT_EQ(values(table, kOne, now), (Values{2, 2, 0, 1, 1, 150, 150, 10})) << "never below zero";
  EXPECT_EQ(table.remove(kOne, now), StickTable::Removal::removed);
}

TEST(StickTable, ATrackedEntryIsNeverEvictedAndNeverExpires) {
  auto config = counting();
  config.size = 2;
  StickTable table(config, 2);
  const TimePoint now = Clock::now();
  auto pin = table.track(kOne, now);
  for (std::uint32_t i = 2; i < 100; ++i)
    EXPECT_TRUE(table.track(std::string_view(reinterpret_cast<const char*>(&i), 4), now));
  EXPECT_EQ(table.expire_some(now + Milliseconds(5000), 100), 1U);
  EXPECT_EQ(table.get(pin, DataType::conn_cur, now), 1U);
  table.untrack(pin, {}, now + Milliseconds(5000));
  EXPECT_TRUE(table.find(kOne, now + Milliseconds(5999))) << "the change of conn_cur gave it another second";
  EXPECT_FALSE(table.find(kOne, now + Milliseconds(6001)));
}

TEST(StickTable, OpenConnectionsMoveWithTheirSessions) {
  StickTable table(counting());
  auto next = std::make_shared<StickTable>(counting());
  const TimePoint now = Clock::now();
  auto one = table.track(kOne, now);
  auto two = table.track(kOne, now);
  next->migrate(table, now);
  table.pass_to(next);
  EXPECT_EQ(&table.latest(), next.get());
  EXPECT_EQ(table.successor(), next);
  EXPECT_EQ(next->successor(), nullptr);
  EXPECT_EQ(next->value_of(kOne, DataType::conn_cnt, now), 2U);
  EXPECT_EQ(next->value_of(kOne, DataType::conn_cur, now), 0U) << "nobody is counted there yet";
  ASSERT_TRUE(next->take_over(one, now));
  EXPECT_EQ(next->value_of(kOne, DataType::conn_cur, now), 1U);
  EXPECT_EQ(table.value_of(kOne, DataType::conn_cur, now), 1U);
  ASSERT_TRUE(next->take_over(two, now));
  next->untrack(one, {}, now);
  next->untrack(two, {}, now);
  EXPECT_EQ(next->value_of(kOne, DataType::conn_cur, now), 0U);
  EXPECT_EQ(table.remove(kOne, now), StickTable::Removal::removed);
}

TEST(StickTable, FourThreadsDoEverythingAtOnce) {
  StickTable table(farm(200));
  StickTable next(farm(200));
  const TimePoint start = Clock::now();
  const auto work = [&](int id) {
    std::vector<StickTable::Pin> held;
    for (int i = 0; i < 3000; ++i) {
      const TimePoint now = start + Milliseconds(i / 2);
      const std::string key = std::to_string((i * 13 + id) % 400);
      auto pin = table.obtain(key, now);
      if (pin) {
        table.add(pin, DataType::gpc0, 1, now);
        table.add(pin, DataType::conn_rate, 1, now);
        if (i % 3 == 0) held.push_back(std::move(pin));
      }
      if (held.size() > 20) held.clear();
      if (i % 5 == 0) {
        auto tracked = table.track(key, now);
        if (tracked) table.count_session(tracked, now);
        if (tracked) table.untrack(tracked, {.in = 10, .out = 10}, now);
      }
      if (i % 50 == 0) table.expire_some(now, 20);
      if (i % 60 == 0) (void)table.remove(key, now);
      if (i % 700 == id) {
        std::vector<StickTable::View> views;
        for (StickTable::Cursor cursor; !cursor.done;) table.read_some(cursor, 16, now, views);
        table.changed_since(table.last_update() / 2, 50, now, views);
        for (const auto& view : views) (void)table.key_at(view.address);
      }
      if (i == 1500 && id == 0) next.migrate(table, now);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int id = 0; id < 4; ++id) threads.emplace_back(work, id);
  }
  EXPECT_LE(table.used(), 200U);
  const TimePoint end = start + Milliseconds(100'000);
  while (table.expire_some(end, 64) != 0) {
  }
  EXPECT_EQ(table.used(), 0U) << "nobody holds anything, all is over";
}

TEST(StickTable, FourThreadsStayWithinTheBound) {
  StickTable table(farm(100));
  const TimePoint now = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&table, now, t] {
        for (int i = 0; i < 5000; ++i) {
          const auto pin = table.obtain(std::to_string((i * 7 + t) % 300), now);
          if (pin) table.add(pin, DataType::gpc0, 1, now);
        }
      });
  }
  EXPECT_LE(table.used(), 100U);
  std::vector<StickTable::View> all;
  for (StickTable::Cursor cursor; !cursor.done;) table.read_some(cursor, 7, now, all);
  EXPECT_EQ(all.size(), table.used());
}

}  // namespace
}  // namespace weir::stick
