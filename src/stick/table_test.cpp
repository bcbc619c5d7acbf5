#include "stick/table.h"

#include <gtest/gtest.h>

#include <thread>

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
