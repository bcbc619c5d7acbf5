#include "proxy/thread_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ThreadLayout, ReadsSetsOfNumbers) {
  struct Row {
    std::string_view text;
    std::vector<unsigned> members;  // among 1 to 6
  };
  const Row rows[] = {{"3", {3}},     {"1-4", {1, 2, 3, 4}}, {"4-1", {1, 2, 3, 4}}, {"-2", {1, 2}},
                      {"5-", {5, 6}}, {"odd", {1, 3, 5}},    {"even", {2, 4, 6}},   {"all", {1, 2, 3, 4, 5, 6}}};
  for (const Row& row : rows) {
    const auto set = parse_number_set(row.text, 6);
    ASSERT_TRUE(set.has_value()) << row.text;
    std::vector<unsigned> members;
    for (unsigned n = 0; n < 9; n++)
      if (set->contains(n)) members.push_back(n);
    EXPECT_EQ(members, row.members) << row.text;
    EXPECT_EQ(set->size(), row.members.size()) << row.text;
  }
  for (const std::string_view bad : {"", "0", "7", "x", "1-9", "1-2-3", "al", "-1-", "--"})
    EXPECT_FALSE(parse_number_set(bad, 6).has_value()) << bad;
}

TEST(ThreadLayout, ReadsCpus) {
  std::vector<unsigned> cpus;
  EXPECT_TRUE(parse_cpu_set("3,1-2", cpus).has_value());
  EXPECT_TRUE(parse_cpu_set("2-4", cpus).has_value());
  EXPECT_THAT(cpus, ElementsAre(1, 2, 3, 4));
  cpus.clear();
  EXPECT_TRUE(parse_cpu_set("62-", cpus).has_value());
  EXPECT_THAT(cpus, ElementsAre(62, 63));
  for (const std::string_view bad : {"", ",", "1,", "-3", "x", "9999", "1-9999"})
    EXPECT_FALSE(parse_cpu_set(bad, cpus).has_value()) << bad;
}

ThreadLayout layout(const ThreadGroups& groups, unsigned threads) {
  auto made = ThreadLayout::make(groups, threads);
  EXPECT_TRUE(made.has_value());
  return *made;
}

TEST(ThreadLayout, DividesThreadsIntoGroups) {
  EXPECT_EQ(layout({}, 4).groups(), 1U);
  EXPECT_EQ(layout({}, 40).groups(), 3U);
  const ThreadLayout two = layout({.count = 2}, 4);
  EXPECT_EQ(two.group_of(1), 1U);
  EXPECT_EQ(two.group_of(2), 2U);
  EXPECT_EQ(two.place_of(2), 1U);
  ThreadGroups named{.count = 2};
  named.members[1] = {*parse_number_set("3", 64)};
  const ThreadLayout other = layout(named, 4);
  EXPECT_EQ(other.group_of(2), 1U);
  EXPECT_EQ(other.group_of(0), 2U);
  EXPECT_EQ(other.place_of(3), 3U);
  named.members[2] = {*parse_number_set("1", 64)};
  EXPECT_THAT(ThreadLayout::make(named, 4).error().message, HasSubstr("thread 2 belongs to no group"));
  named.members[2] = {*parse_number_set("1-4", 64)};
  EXPECT_THAT(ThreadLayout::make(named, 4).error().message, HasSubstr("thread 3 is in group 1 and in group 2"));
  EXPECT_THAT(ThreadLayout::make({.count = 1}, 65).error().message, HasSubstr("64 is the most"));
}

std::vector<std::vector<unsigned>> placed(std::string_view threads, std::string_view cpus, unsigned count) {
  CpuMapLine line;
  EXPECT_TRUE(parse_cpu_map_threads(threads, line).has_value());
  EXPECT_TRUE(parse_cpu_set(cpus, line.cpus).has_value());
  return layout({.count = 2}, count).place({line});
}

TEST(ThreadLayout, PlacesThreadsOnCpus) {
  using Cpus = std::vector<unsigned>;
  EXPECT_THAT(placed("1", "0-1", 4), ElementsAre(Cpus{0, 1}, Cpus{0, 1}, Cpus{}, Cpus{}));
  EXPECT_THAT(placed("2/1", "3", 4), ElementsAre(Cpus{}, Cpus{}, Cpus{3}, Cpus{}));
  EXPECT_THAT(placed("auto:1/1-2", "4-5", 4), ElementsAre(Cpus{4}, Cpus{5}, Cpus{}, Cpus{}));
  EXPECT_THAT(placed("auto:1-2/2", "6-7", 4), ElementsAre(Cpus{}, Cpus{6}, Cpus{}, Cpus{7}));
  EXPECT_THAT(placed("all/odd", "1", 4), ElementsAre(Cpus{1}, Cpus{}, Cpus{1}, Cpus{}));
  CpuMapLine line;
  EXPECT_FALSE(parse_cpu_map_threads("auto:1-2/1-2", line).has_value());
  EXPECT_FALSE(parse_cpu_map_threads("/1", line).has_value());
  EXPECT_FALSE(parse_cpu_map_threads("1/", line).has_value());
}

TEST(ThreadLayout, ChoosesThreadsOfABindLine) {
  const ThreadLayout two = layout({.count = 2}, 4);
  EXPECT_TRUE(two.selects({.group = 2, .threads = *parse_number_set("1", 64)}, 2));
  EXPECT_FALSE(two.selects({.group = 2, .threads = *parse_number_set("1", 64)}, 0));
  EXPECT_TRUE(two.selects({.group = 0, .threads = *parse_number_set("3-", 64)}, 3));
  EXPECT_EQ(thread_count(7, 0), 7U);
  EXPECT_EQ(thread_count(7, 3), 3U);
  EXPECT_GE(thread_count(0, 0), 1U);
}

}  // namespace
}  // namespace weir::proxy
