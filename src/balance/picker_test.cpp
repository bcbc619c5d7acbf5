#include "balance/picker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace weir::balance {
namespace {

using Picks = std::vector<std::uint32_t>;

std::vector<ServerSlot> servers(const std::vector<std::uint16_t>& weights) {
  std::vector<ServerSlot> slots(weights.size());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    slots[i].id = static_cast<std::uint32_t>(i + 1);
    slots[i].node_key = node_key(NodeKey::id, slots[i].id, {});
    slots[i].weight = weights[i];
  }
  return slots;
}

// A backend that keeps every session, as the callers of a Picker must.
struct Farm {
  Farm(std::string_view algorithm, const std::vector<std::uint16_t>& weights, bool all_backups = false)
      : Farm(algorithm, weights, Options{.all_backups = all_backups}) {}
  Farm(std::string_view algorithm, const std::vector<std::uint16_t>& weights, const Options& options)
      : slots(servers(weights)), picker(*find_algorithm(algorithm), options) {
    picker.rebuild(slots);
  }
  std::uint32_t take(const PickRequest& request = {}) {
    const std::uint32_t index = picker.pick(request);
    if (index != kNoServer) {
      ++slots[index].served;
      picker.load_changed(index);
    }
    return index;
  }
  Picks take_many(std::size_t count) {
    Picks picks;
    for (std::size_t i = 0; i < count; ++i) picks.push_back(take());
    return picks;
  }
  Picks pick_many(std::size_t count) {
    Picks picks;
    for (std::size_t i = 0; i < count; ++i) picks.push_back(picker.pick());
    return picks;
  }
  void up(std::uint32_t index, bool value) {
    slots[index].up = value;
    picker.state_changed(index);
  }
  std::vector<ServerSlot> slots;
  Picker picker;
};

TEST(Picker, AlgorithmsAreFoundByName) {
  for (const BalanceAlgorithm& row : algorithms()) EXPECT_EQ(find_algorithm(row.name), &row);
  EXPECT_EQ(find_algorithm("robin"), nullptr);
  EXPECT_EQ(find_algorithm("source")->key, KeyKind::source);
  EXPECT_TRUE(find_algorithm("rdp-cookie")->takes_argument);
}

// Seen on Debian's haproxy 2.6, one thread, sessions kept open.
TEST(Picker, LeastconnPicksAsObserved) {
  struct {
    std::vector<std::uint16_t> weights;
    Picks seen;
  } const kSeen[] = {
      {{1, 1}, {0, 1, 0, 1}},
      {{3, 1}, {0, 1, 0, 0, 0, 0, 1, 0}},
      {{5, 3, 2}, {0, 1, 2, 0, 0, 1, 0, 2, 1, 0, 0, 1, 0, 2, 0, 1, 0, 2, 1, 0}},
      {{1, 2, 3}, {0, 1, 2, 2, 1, 2, 2, 1, 2, 0, 1, 2}},
      {{10, 20, 30, 40}, {0, 1, 2, 3, 3, 2, 3, 1, 2, 3, 3, 2, 1, 3, 2, 3, 0, 1, 2, 3, 3, 2, 1, 3, 2, 3, 0}},
      {{7, 7, 1}, {0, 1, 2, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 0, 1}},
      {{2, 5}, {0, 1, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1}},
      {{100, 50, 25}, {0, 1, 2, 0, 0, 1, 0, 0, 1, 0, 0, 2, 1, 0, 0, 1, 0, 0, 2, 1, 0, 0, 1, 0, 0, 2, 1}},
  };
  for (const auto& row : kSeen)
    EXPECT_EQ(Farm("leastconn", row.weights).take_many(row.seen.size()), row.seen) << row.weights[0];
}

TEST(Picker, FullServersAreSkippedWhileAnotherIsFree) {
  for (const std::string_view name : {"roundrobin", "static-rr", "leastconn", "first", "random"}) {
    Farm farm(name, {1, 1, 1});
    for (const std::uint32_t full : {0U, 2U}) {
      farm.slots[full].maxconn = 1;
      farm.slots[full].served = 1;
      farm.picker.load_changed(full);
    }
    // Chance may draw the same full one twice.
    if (name != "random") EXPECT_EQ(farm.pick_many(3), (Picks{1, 1, 1})) << name;
    EXPECT_NE(farm.picker.pick({.exclude = 1}), 1U) << name;
    farm.slots[1].maxconn = 5;
    farm.slots[1].queued = 1;
    farm.picker.load_changed(1);
    EXPECT_NE(farm.picker.pick(), kNoServer) << name;
  }
}

TEST(Picker, ExcludedServerIsTakenOnlyWhenAlone) {
  for (const BalanceAlgorithm& row : algorithms()) {
    Farm farm(row.name, {1, 1});
    for (std::uint32_t hash = 0; hash < 4; ++hash) {
      EXPECT_EQ(farm.picker.pick({.hash = hash, .exclude = 0}), 1U) << row.name;
      EXPECT_EQ(farm.picker.pick({.hash = hash, .exclude = 1}), 0U) << row.name;
    }
    farm.up(1, false);
    EXPECT_EQ(farm.picker.pick({.hash = 7, .exclude = 0}), 0U) << row.name;
    farm.up(0, false);
    EXPECT_EQ(farm.picker.pick({.hash = 7}), kNoServer) << row.name;
    EXPECT_EQ(farm.picker.usable(), 0U);
  }
}

TEST(Picker, BackupsServeOnlyWhenNoActiveServerIsLeft) {
  for (const bool all : {false, true}) {
    Farm farm("roundrobin", {1, 1, 1, 1}, all);
    farm.slots[2].backup = farm.slots[3].backup = true;
    farm.picker.rebuild(farm.slots);
    EXPECT_EQ(farm.pick_many(4), (Picks{0, 1, 0, 1}));
    farm.up(0, false);
    farm.up(1, false);
    EXPECT_TRUE(farm.picker.on_backup());
    EXPECT_EQ(farm.pick_many(4), (all ? Picks{2, 3, 2, 3} : Picks{2, 2, 2, 2}));
    farm.up(2, false);
    EXPECT_EQ(farm.pick_many(2), (Picks{3, 3}));
    farm.up(2, true);
    EXPECT_EQ(farm.picker.usable(), all ? 2U : 1U);
    farm.up(1, true);
    EXPECT_FALSE(farm.picker.on_backup());
    EXPECT_EQ(farm.pick_many(2), (Picks{1, 1}));
  }
}

// Seven equal servers, `balance source`, the third one down: clients 0.0.0.12 to 0.0.0.23.
TEST(Picker, HashedKeysSpreadOverTheServersLeftAsObserved) {
  Farm farm("source", {1, 1, 1, 1, 1, 1, 1});
  farm.up(2, false);
  Picks picks;
  for (std::uint32_t client = 12; client < 24; ++client) picks.push_back(farm.picker.pick({.hash = client}));
  EXPECT_EQ(picks, (Picks{0, 1, 3, 4, 5, 6, 0, 1, 3, 4, 5, 6}));
}

TEST(Picker, AHashDecidesEvenForAFullServer) {
  Farm farm("source", {1, 1});
  farm.slots[1].maxconn = 1;
  EXPECT_EQ(farm.take({.hash = 5}), 1U);
  EXPECT_EQ(farm.take({.hash = 5}), 1U);
  EXPECT_EQ(farm.picker.pick(), 0U);  // no key: turns, past the full one
}

// Seen on Debian's haproxy 2.6: `option allbackups`, both active servers down, the third down for three picks.
TEST(Picker, ABackupThatReturnsTakesTheObservedTurns) {
  Farm farm("roundrobin", {1, 1, 1, 1}, true);
  farm.slots[2].backup = farm.slots[3].backup = true;
  farm.picker.rebuild(farm.slots);
  EXPECT_EQ(farm.pick_many(3), (Picks{0, 1, 0}));
  farm.up(0, false);
  farm.up(1, false);
  EXPECT_EQ(farm.pick_many(4), (Picks{2, 3, 2, 3}));
  farm.up(2, false);
  EXPECT_EQ(farm.pick_many(3), (Picks{3, 3, 3}));
  farm.up(2, true);
  EXPECT_EQ(farm.pick_many(4), (Picks{3, 2, 3, 2}));
  farm.up(3, false);
  farm.up(2, false);
  EXPECT_EQ(farm.picker.pick(), kNoServer);
  EXPECT_EQ(farm.picker.usable(), 0U);
  farm.up(3, true);
  EXPECT_EQ(farm.picker.pick(), 3U);
}

// Seen on Debian's haproxy 2.6: sessions kept open, `maxconn 2` on one server.
TEST(Picker, AFullServerLeavesTheObservedTurns) {
  Farm light("roundrobin", {1, 1, 1});
  light.slots[1].maxconn = 2;
  EXPECT_EQ(light.take_many(14), (Picks{0, 1, 2, 0, 1, 2, 0, 2, 0, 2, 0, 2, 0, 2}));
  Farm heavy("roundrobin", {3, 1, 2});
  heavy.slots[0].maxconn = 2;
  EXPECT_EQ(heavy.take_many(14), (Picks{0, 2, 0, 1, 2, 2, 1, 2, 2, 1, 2, 2, 1, 2}));
}

// Seen on Debian's haproxy 2.6: weights 1, 2, 3; the second down for nine picks.
TEST(Picker, StaticTurnsKeepTheirPlaceWhenTheMapChanges) {
  Farm farm("static-rr", {1, 2, 3});
  EXPECT_EQ(farm.pick_many(8), (Picks{0, 2, 1, 2, 1, 2, 0, 2}));
  farm.up(1, false);
  EXPECT_EQ(farm.pick_many(9), (Picks{2, 2, 0, 2, 2, 2, 0, 2, 2}));
  farm.up(1, true);
  EXPECT_EQ(farm.pick_many(9), (Picks{2, 1, 2, 0, 2, 1, 2, 1, 2}));
}

TEST(Picker, AFullServerLosesItsStaticTurn) {
  Farm farm("static-rr", {1, 1, 1});
  farm.slots[1].maxconn = 1;
  EXPECT_EQ(farm.take_many(7), (Picks{0, 1, 2, 0, 2, 0, 2}));
}

TEST(Picker, WeightsAreFixedWhereAMapOrAListDecides) {
  for (const BalanceAlgorithm& row : algorithms()) {
    const bool fixed = row.key != KeyKind::none || row.name == "static-rr";
    EXPECT_EQ(Picker(row, Options{}).fixed_weights(), fixed) << row.name;
    EXPECT_EQ(Picker(row, Options{.consistent = true}).fixed_weights(), row.name == "static-rr") << row.name;
  }
}

TEST(Picker, RandomSharesByWeightAndEvensOut) {
  Farm one("random", {1, 3}, Options{.draws = 1});
  std::uint32_t heavy = 0;
  for (int i = 0; i < 4'000; ++i) heavy += one.picker.pick() == 1 ? 1U : 0U;
  EXPECT_NEAR(heavy, 3'000, 200);  // three quarters; seven standard deviations
  // Held sessions: the better of a few draws keeps two servers of one weight close together.
  Farm two("random", {10, 10}, Options{.draws = 4});
  for (int i = 0; i < 1'000; ++i) (void)two.take();
  EXPECT_NEAR(two.slots[0].served, 500, 40);
}

// Manual, balance random: of equally loaded servers the one picked less in the last second.
TEST(Picker, RandomTellsIdleServersApartByTheLastSecond) {
  Farm farm("random", {20, 20, 20, 20}, Options{.draws = 8});
  std::vector<std::uint32_t> picks(4, 0);
  for (std::uint64_t ms = 0; ms < 400; ++ms) ++picks[farm.picker.pick({.now_ms = 1'000 + ms})];
  for (const std::uint32_t count : picks) EXPECT_NEAR(count, 100, 20);
}

TEST(Picker, BoundedLoadPassesKeysOn) {
  Farm farm("source", {1, 1, 1, 1}, Options{.consistent = true, .balance_factor = 125});
  for (int i = 0; i < 100; ++i) (void)farm.take({.hash = 0x12345678});    // one key for all
  for (const ServerSlot& slot : farm.slots) EXPECT_LE(slot.served, 32U);  // a quarter of 100, and a quarter more
  Farm unbound("source", {1, 1, 1, 1}, Options{.consistent = true});
  for (int i = 0; i < 100; ++i) (void)unbound.take({.hash = 0x12345678});
  EXPECT_EQ(std::ranges::max(unbound.slots, {}, &ServerSlot::served).served, 100U);
}

// Manual, hash-preserve-affinity.
TEST(Picker, AffinityMayEndAtAFullServerOrAFullQueue) {
  using enum Options::Affinity;
  for (const bool consistent : {false, true}) {
    for (const auto affinity : {always, maxconn, maxqueue}) {
      Farm farm("source", {1, 1, 1}, Options{.consistent = consistent, .affinity = affinity});
      const std::uint32_t own = farm.picker.pick({.hash = 77});
      farm.slots[own].maxconn = 2;
      farm.slots[own].served = 2;
      farm.slots[own].maxqueue = 1;
      farm.picker.load_changed(own);
      EXPECT_EQ(farm.picker.pick({.hash = 77}) == own, affinity != maxconn);
      farm.slots[own].queued = 1;
      farm.picker.load_changed(own);
      EXPECT_EQ(farm.picker.pick({.hash = 77}) == own, affinity == always);
    }
  }
}

TEST(Picker, WhenAllAreFullTheKeyWaitsAtTheOneBeforeItsOwn) {
  Farm farm("source", {1, 1, 1}, Options{.affinity = Options::Affinity::maxconn});
  for (std::uint32_t i = 0; i < 3; ++i) {
    farm.slots[i].maxconn = farm.slots[i].served = 1;
    farm.picker.load_changed(i);
  }
  EXPECT_EQ(farm.picker.pick({.hash = 1}), 0U);
  EXPECT_EQ(farm.picker.pick({.hash = 0}), 2U);
}

TEST(Picker, AWarmingServerHasFewPointsAndFewTurns) {
  for (const std::string_view name : {"roundrobin", "random"}) {
    Farm farm(name, {100, 100}, Options{.draws = 1});
    farm.slots[1].warm = 10;
    farm.picker.state_changed(1);
    std::uint32_t warming = 0;
    for (int i = 0; i < 1'100; ++i) warming += farm.picker.pick() == 1 ? 1U : 0U;
    EXPECT_NEAR(warming, 100, 60) << name;
  }
}

}  // namespace
}  // namespace weir::balance
