// Picks, lines and limits of one backend. The waiters' workers are a list: who was told, in which order.
#include "proxy/state.h"

#include <gtest/gtest.h>

#include <array>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace weir::proxy {
namespace {

using Kind = AssignResult::Kind;

std::mutex told_lock;
std::vector<std::uint32_t> told;

void tell(const SessionHandle& who) {
  const std::scoped_lock guard(told_lock);
  told.push_back(who.slot);
}

struct ServerRow {
  std::uint32_t maxconn = 0;
  std::uint32_t minconn = 0;
  std::uint32_t maxqueue = 0;
  bool backup = false;
};

// A backend with servers s1, s2, ... and eight sessions that may wait; slot numbers tell them apart.
struct Farm {
  std::shared_ptr<BackendState> state = std::make_shared<BackendState>("be", 4);
  std::array<Waiter, 8> waiters;

  explicit Farm(std::vector<ServerRow> rows, std::string_view algorithm = "roundrobin", std::uint32_t fullconn = 0) {
    told.clear();
    set_grant_post(tell);
    for (std::uint32_t i = 0; i < waiters.size(); i++) waiters[i].who = {i, 1, 0};
    const std::scoped_lock guard(state->lock);
    state->fullconn = fullconn;
    for (const ServerRow& row : rows) {
      auto config = std::make_shared<ServerConfig>();
      config->name = "s" + std::to_string(state->servers.size() + 1);
      config->id = static_cast<std::uint32_t>(state->servers.size() + 1);
      config->maxconn = row.maxconn;
      config->minconn = row.minconn;
      config->maxqueue = row.maxqueue;
      config->backup = row.backup;
      state->servers.push_back(std::make_shared<ServerState>(*state, config, 4));
    }
    state->slots.resize(rows.size());
    state->rebuild(std::make_unique<balance::Picker>(*balance::find_algorithm(algorithm), balance::Options{}));
  }

  ServerState& server(std::size_t number) const { return *state->servers[number - 1]; }
  std::uint32_t served(std::size_t number) const { return state->slots[number - 1].served; }
  AssignResult ask(std::uint32_t who, AssignRequest request = {}) {
    request.waiter = &waiters[who];
    return state->assign(request);
  }
  AssignResult ask_for(std::uint32_t who, std::size_t number) { return ask(who, {.wanted = &server(number)}); }
  std::string granted(std::uint32_t who) {
    const auto server = state->take_grant(waiters[who]);
    return server ? server->name : "none";
  }
  void set_admin(std::size_t number, check::Admin flag, bool on) const {
    const std::scoped_lock guard(state->lock);
    server(number).health.set_admin(flag, on);
    state->refresh_slot(server(number));
  }
};

TEST(Assign, PicksAndReserves) {
  Farm farm({{}, {}});
  EXPECT_EQ(farm.ask(0).server->name, "s1");
  EXPECT_EQ(farm.ask(1).server->name, "s2");
  EXPECT_EQ(farm.served(1), 1U);
  EXPECT_EQ(farm.served(2), 1U);
  farm.state->release(farm.server(1));
  EXPECT_EQ(farm.served(1), 0U);
}

TEST(Assign, PassesOverAFullServerWhileAnotherHasRoom) {
  Farm farm({{.maxconn = 1}, {}});
  EXPECT_EQ(farm.ask(0).server->name, "s1");
  for (std::uint32_t who = 1; who < 4; who++) EXPECT_EQ(farm.ask(who).server->name, "s2");
}

TEST(Assign, SaysWhenThereIsNoServer) {
  Farm farm({{}});
  farm.set_admin(1, check::Admin::forced_maint, true);
  EXPECT_EQ(farm.ask(0).kind, Kind::no_server);
  EXPECT_EQ(Farm({}).ask(0).kind, Kind::no_server);
}

TEST(Assign, CountsPlacesFromOne) {
  Farm farm({{.maxconn = 1}});
  EXPECT_EQ(farm.ask(0).kind, Kind::server);
  for (std::uint32_t place = 1; place <= 3; place++) {
    const AssignResult result = farm.ask(place);
    EXPECT_EQ(result.kind, Kind::queued);
    EXPECT_EQ(result.backend_queue, place);
    EXPECT_EQ(result.server_queue, 0U);
    EXPECT_EQ(result.server, nullptr) << "any server will do";
  }
  EXPECT_EQ(farm.state->queued.value(), 3U);
}

TEST(Assign, PersistenceWaitsForItsServer) {
  Farm farm({{.maxconn = 1}, {}});
  EXPECT_EQ(farm.ask_for(0, 1).server->name, "s1");
  const AssignResult first = farm.ask_for(1, 1);
  const AssignResult second = farm.ask_for(2, 1);
  EXPECT_EQ(first.kind, Kind::queued);
  EXPECT_EQ(first.server_queue, 1U);
  EXPECT_EQ(second.server_queue, 2U);
  EXPECT_EQ(second.backend_queue, 0U);
  EXPECT_EQ(second.server->name, "s1") << "the log names whom it waits for";
  EXPECT_EQ(farm.server(1).queued.value(), 2U);
  EXPECT_EQ(farm.state->queued.value(), 0U) << "the backend counts who waits for any server";
}

TEST(Assign, PersistenceIsWorthlessWithoutItsServer) {
  Farm farm({{}, {}});
  farm.set_admin(1, check::Admin::forced_maint, true);
  EXPECT_EQ(farm.ask_for(0, 1).server->name, "s2");
  EXPECT_EQ(farm.ask(1, {.wanted = &farm.server(1), .wanted_even_down = true}).server->name, "s2")
      << "maintenance is stronger than option persist";
  farm.set_admin(1, check::Admin::forced_maint, false);
  {
    const std::scoped_lock guard(farm.state->lock);
    farm.server(1).health.force(check::State::stopped);
    farm.state->refresh_slot(farm.server(1));
  }
  EXPECT_EQ(farm.ask_for(2, 1).server->name, "s2");
  EXPECT_EQ(farm.ask(3, {.wanted = &farm.server(1), .wanted_even_down = true}).server->name, "s1");
}

TEST(Assign, DrainingKeepsItsUsers) {
  Farm farm({{}, {}});
  farm.set_admin(1, check::Admin::forced_drain, true);
  for (std::uint32_t who = 0; who < 3; who++) EXPECT_EQ(farm.ask(who).server->name, "s2");
  EXPECT_EQ(farm.ask_for(3, 1).server->name, "s1");
}

TEST(Assign, BehindAFullQueuePersistenceGivesWay) {
  Farm farm({{.maxconn = 1, .maxqueue = 1}, {}});
  farm.ask_for(0, 1);
  EXPECT_EQ(farm.ask_for(1, 1).kind, Kind::queued);
  const AssignResult other = farm.ask_for(2, 1);
  ASSERT_EQ(other.kind, Kind::server);
  EXPECT_EQ(other.server->name, "s2");
}

TEST(Assign, AHashedSessionHasNoOtherServer) {
  Farm farm({{.maxconn = 1, .maxqueue = 1}}, "source");
  EXPECT_EQ(farm.ask(0, {.hash = 7}).kind, Kind::server);
  EXPECT_EQ(farm.ask(1, {.hash = 7}).server_queue, 1U);
  const AssignResult full = farm.ask(2, {.hash = 7});
  EXPECT_EQ(full.kind, Kind::queue_full);
  EXPECT_EQ(full.server->name, "s1");
}

TEST(Assign, ANewcomerDoesNotOvertake) {
  Farm farm({{.maxconn = 1}});
  farm.ask(0);
  farm.ask(1);
  farm.state->release(farm.server(1));
  EXPECT_EQ(told, (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(farm.served(1), 1U) << "the slot stays counted while the news travels";
  EXPECT_EQ(farm.ask(2).kind, Kind::queued);
  EXPECT_EQ(farm.granted(1), "s1");
  EXPECT_EQ(farm.granted(1), "none") << "a grant is taken once";
}

TEST(Assign, RedispatchTakesAnother) {
  Farm farm({{}, {}});
  for (std::uint32_t who = 0; who < 4; who++)
    EXPECT_EQ(farm.ask(who, {.excluded = &farm.server(1)}).server->name, "s2");
  Farm alone({{}});
  EXPECT_EQ(alone.ask(0, {.excluded = &alone.server(1)}).server->name, "s1") << "unless there is no other";
}

TEST(Assign, BackupsServeWhenNobodyElseDoes) {
  Farm farm({{}, {.backup = true}});
  EXPECT_EQ(farm.ask(0).server->name, "s1");
  EXPECT_EQ(farm.ask(1).server->name, "s1");
  farm.set_admin(1, check::Admin::forced_maint, true);
  EXPECT_EQ(farm.ask(2).server->name, "s2");
}

TEST(Lines, WhoCameFirstIsServedFirstOverBothLines) {
  Farm farm({{.maxconn = 1}});
  farm.ask(0);
  farm.ask(1);         // the backend's line
  farm.ask_for(2, 1);  // the server's line
  farm.ask(3);
  farm.ask_for(4, 1);
  for (int i = 0; i < 4; i++) farm.state->release(farm.server(1));
  EXPECT_EQ(told, (std::vector<std::uint32_t>{1, 2, 3, 4}));
  EXPECT_EQ(farm.state->queued.value(), 0U);
  EXPECT_EQ(farm.server(1).queued.value(), 0U);
  EXPECT_EQ(farm.server(1).queued.max(), 2U);
}

TEST(Lines, AServerDoesNotTakeWhoWaitsForAnother) {
  Farm farm({{.maxconn = 1}, {.maxconn = 1}});
  farm.ask_for(0, 1);
  farm.ask_for(1, 2);
  farm.ask_for(2, 1);
  farm.ask(3);
  farm.state->release(farm.server(2));
  EXPECT_EQ(told, (std::vector<std::uint32_t>{3}));
  EXPECT_EQ(farm.granted(3), "s2");
}

TEST(Lines, AGrantedWaiterThatLeavesPassesItsSlotOn) {
  Farm farm({{.maxconn = 1}});
  farm.ask(0);
  farm.ask(1);
  farm.ask(2);
  farm.state->release(farm.server(1));
  farm.state->leave_line(farm.waiters[1]);
  EXPECT_EQ(told, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(farm.granted(2), "s1");
  EXPECT_EQ(farm.granted(1), "none");
  EXPECT_EQ(farm.served(1), 1U);
  farm.state->release(farm.server(1));
  EXPECT_EQ(farm.served(1), 0U);
}

TEST(Lines, WhoLeavesIsForgotten) {
  Farm farm({{.maxconn = 1, .maxqueue = 1}, {.maxconn = 1}});
  farm.ask_for(0, 1);
  EXPECT_EQ(farm.ask_for(1, 1).kind, Kind::queued);
  farm.state->leave_line(farm.waiters[1]);
  EXPECT_EQ(farm.state->slots[0].queued, 0U);
  EXPECT_EQ(farm.server(1).queued.value(), 0U);
  EXPECT_EQ(farm.ask_for(2, 1).kind, Kind::queued) << "the one place in the queue is free again";
  farm.state->leave_line(farm.waiters[1]);  // twice does no harm
  farm.state->leave_line(farm.waiters[2]);
  farm.state->release(farm.server(1));
  EXPECT_TRUE(told.empty());
}

TEST(Lines, WhoWaitedForALostServerAsksAgain) {
  Farm farm({{.maxconn = 1}, {}});
  farm.ask_for(0, 1);
  farm.ask_for(1, 1);
  farm.ask_for(2, 1);
  farm.set_admin(1, check::Admin::forced_maint, true);
  {
    const std::scoped_lock guard(farm.state->lock);
    EXPECT_EQ(farm.state->requeue_waiters(farm.server(1)), 2U);
  }
  EXPECT_EQ(told, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(farm.granted(1), "none");
  EXPECT_EQ(farm.ask_for(1, 1).server->name, "s2");
  EXPECT_EQ(farm.state->queued.value(), 0U);
}

TEST(Lines, MoreRoomCallsWaiters) {
  Farm farm({{.maxconn = 1}});
  farm.ask(0);
  farm.ask(1);
  farm.ask(2);
  farm.ask(3);
  const std::scoped_lock guard(farm.state->lock);
  farm.server(1).runtime_maxconn = 3;
  farm.state->refresh_slot(farm.server(1));
  farm.state->serve_waiters();
  EXPECT_EQ(told, (std::vector<std::uint32_t>{1, 2}));
}

// Manual, minconn and fullconn: the limit follows the backend's sessions between the two.
TEST(Limits, FollowTheLoadOfTheBackend) {
  struct Row {
    std::uint32_t sessions;
    std::uint32_t limit;
  };
  const Row rows[] = {{0, 2}, {10, 2}, {20, 4}, {50, 10}, {99, 19}, {100, 20}, {500, 20}};
  for (const Row& row : rows) {
    Farm farm({{.maxconn = 20, .minconn = 2}}, "leastconn", 100);
    for (std::uint32_t i = 0; i < row.sessions; i++) farm.state->sessions.increment();
    farm.ask(0);
    EXPECT_EQ(farm.state->slots[0].maxconn, row.limit) << row.sessions << " sessions";
  }
}

TEST(Limits, WithoutFullconnTheLimitIsMaxconn) {
  Farm farm({{.maxconn = 20, .minconn = 2}});
  farm.ask(0);
  EXPECT_EQ(farm.state->slots[0].maxconn, 20U);
}

// Manual, slowstart: the weight and the limit grow linearly from 1 to all of it.
TEST(SlowStart, RaisesWeightAndLimitWithTime) {
  Farm farm({{.maxconn = 200}, {.maxconn = 200}});
  auto config = std::make_shared<ServerConfig>(*farm.server(1).config);
  config->weight = 100;
  config->slowstart = Milliseconds(10'000);
  const TimePoint start = TimePoint{} + std::chrono::hours(1);
  const std::scoped_lock guard(farm.state->lock);
  farm.server(1).config = config;
  farm.state->start_warming(farm.server(1), start);
  struct {
    int ms;
    std::uint32_t weight;
    std::uint32_t limit;
  } constexpr kRows[] = {{0, 1, 2}, {2'500, 25, 50}, {5'000, 50, 100}, {9'999, 99, 198}, {10'000, 100, 200}};
  for (const auto& row : kRows) {
    const bool warming = farm.state->warm_up(start + Milliseconds(row.ms));
    EXPECT_EQ(warming, row.ms < 10'000) << row.ms;
    EXPECT_EQ(farm.state->slots[0].shown_weight(), row.weight) << row.ms;
    EXPECT_EQ(farm.state->slots[0].maxconn, row.limit) << row.ms;
  }
  EXPECT_FALSE(farm.server(1).warming_since.has_value());
}

TEST(SlowStart, EndsWithTheServer) {
  Farm farm({{}, {}});
  auto config = std::make_shared<ServerConfig>(*farm.server(1).config);
  config->slowstart = Milliseconds(10'000);
  const std::scoped_lock guard(farm.state->lock);
  farm.server(1).config = config;
  farm.state->start_warming(farm.server(1), TimePoint{});
  farm.server(1).health.set_admin(check::Admin::forced_maint, true);
  EXPECT_FALSE(farm.state->warm_up(TimePoint{} + Milliseconds(10)));
  EXPECT_EQ(farm.state->slots[0].warm, 100);
}

// Manual, set-priority-class, set-priority-offset.
TEST(Queue, PriorityDecidesWhoIsServed) {
  Farm farm({{.maxconn = 1}});
  farm.ask(0);
  farm.ask(1, {.priority = {.rank = 1}});
  farm.ask(2);
  farm.ask(3, {.priority = {.rank = 0, .offset_ms = -20}});
  farm.state->release(farm.server(1));
  EXPECT_EQ(farm.granted(3), "s1");
  farm.state->release(farm.server(1));
  EXPECT_EQ(farm.granted(2), "s1");
  farm.state->release(farm.server(1));
  EXPECT_EQ(farm.granted(1), "s1");
}

// Four workers take, give back, wait and give up at once. Afterwards nobody is served, nobody waits, and at no time a
// server had more than its limit.
TEST(Threads, AgreeOnEverySlot) {
  constexpr std::uint32_t kLimit = 2;
  constexpr int kRounds = 3000;
  Farm farm({{.maxconn = kLimit, .maxqueue = 3}, {.maxconn = kLimit}}, "leastconn");
  set_grant_post(nullptr);
  std::atomic<bool> exceeded{false};
  const auto work = [&](std::uint32_t who) {
    std::mt19937 dice(who);
    Waiter& waiter = farm.waiters[who];
    for (int round = 0; round < kRounds; round++) {
      AssignRequest request{.waiter = &waiter};
      if (dice() % 3 == 0) request.wanted = &farm.server(1 + dice() % 2);
      AssignResult result = farm.state->assign(request);
      std::shared_ptr<ServerState> server = result.kind == Kind::server ? result.server : nullptr;
      if (result.kind == Kind::queued && dice() % 2 == 0) server = farm.state->take_grant(waiter);
      if (server) {
        {
          const std::scoped_lock guard(farm.state->lock);
          for (const balance::ServerSlot& slot : farm.state->slots)
            if (slot.served > kLimit) exceeded = true;
        }
        farm.state->release(*server);
      }
      if (result.kind == Kind::queued) farm.state->leave_line(waiter);
    }
  };
  std::vector<std::thread> threads;
  for (std::uint32_t who = 0; who < 4; who++) threads.emplace_back(work, who);
  // Two more sessions hold places, so that the others must wait now and then.
  threads.emplace_back(work, 4);
  threads.emplace_back(work, 5);
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(exceeded);
  for (std::size_t number = 1; number <= 2; number++) {
    EXPECT_EQ(farm.served(number), 0U);
    EXPECT_TRUE(farm.server(number).line.empty());
    EXPECT_EQ(farm.server(number).queued.value(), 0U);
  }
  EXPECT_TRUE(farm.state->line.empty());
  EXPECT_EQ(farm.state->queued.value(), 0U);
}

}  // namespace
}  // namespace weir::proxy
