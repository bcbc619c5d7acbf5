// Two nodes in one process, each on its worker, with the threads that a process has around them: those that count in
// the tables, one that reloads, one that asks how things are. What this shows under the thread sanitizer is that
// nothing but tables, bells and posts crosses threads.
#include "peers/group.h"

#include <gtest/gtest.h>

#include <netinet/in.h>

#include <atomic>
#include <thread>

#include "base/time.h"
#include "io/socket.h"

namespace weir::peers {
namespace {

using stick::DataType;
using stick::StickTable;

constexpr std::uint32_t kKeys = 500;

stick::TableConfig config_of(std::string name, bool aggregate, std::uint64_t size) {
  stick::TableConfig config{.name = std::move(name), .type = stick::KeyType::integer, .size = size};
  config.expire = Milliseconds(60'000);
  config.aggregate = aggregate;
  config.columns = {{.type = DataType::gpc0, .count = 1}, {.type = DataType::conn_cnt, .count = 1}};
  return config;
}

std::string_view key_of(const std::uint32_t& number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }

TimePoint now() { return Clock::now(); }

/// One of the two; its group and activities are its worker's.
struct Node {
  explicit Node(io::Worker& on) : worker(on) {
    auto made = io::open_listener(SocketAddress::ipv4(INADDR_LOOPBACK, 0), {});
    EXPECT_TRUE(made);
    socket = std::move(*made);
    address = io::local_address(socket.get());
    for (const bool aggregate : {false, true})
      tables.push_back(std::make_shared<StickTable>(config_of(aggregate ? "sums" : "users", aggregate, 1000)));
  }

  template <class Work>
  void on_worker(Work&& work) {
    std::atomic<bool> done{false};
    worker.post([&] {
      work();
      done = true;
      done.notify_one();
    });
    done.wait(false);
  }
  [[nodiscard]] std::vector<TableOfGroup> tables_of_group() const {
    std::vector<TableOfGroup> out;
    for (const auto& table : tables) out.push_back({table, nullptr});
    return out;
  }
  void start(const PeersConfig& config) {
    on_worker([&] {
      activities = std::make_unique<io::Scope>(worker.deferred());
      group = std::make_shared<Group>(worker, *activities, "farm");
      group->configure(config, tables_of_group());
      group->listen_on(std::move(socket));
    });
  }
  /// As a reload does: the next tables take over the entries, then the group is told.
  void reload(const PeersConfig& config, std::uint64_t size) {
    std::vector<std::shared_ptr<StickTable>> next;
    for (const auto& table : tables) {
      next.push_back(std::make_shared<StickTable>(config_of(table->config().name, table->config().aggregate, size)));
      next.back()->migrate(*table, now());
      table->pass_to(next.back());
    }
    tables = std::move(next);
    on_worker([&] { group->configure(config, tables_of_group()); });
  }
  void stop() {
    on_worker([&] { group->shut(); });
    for (bool empty = false; !empty;) on_worker([&] { empty = activities->empty(); });
    on_worker([&] {
      group.reset();
      activities.reset();
    });
  }
  std::uint64_t value(std::size_t table, std::uint32_t key) {
    return tables[table]->value_of(key_of(key), DataType::gpc0, now()).value_or(0);
  }

  io::Worker& worker;
  io::Fd socket;
  SocketAddress address;
  std::vector<std::shared_ptr<StickTable>> tables;
  std::unique_ptr<io::Scope> activities;
  std::shared_ptr<Group> group;
};

struct Pair {
  Pair() {
    workers.create(2);
    a = std::make_unique<Node>(workers.worker(0));
    b = std::make_unique<Node>(workers.worker(1));
    EXPECT_TRUE(workers.start());
    a->start(config("a"));
    b->start(config("b"));
  }
  ~Pair() {
    a->stop();
    b->stop();
    workers.stop();
    workers.join();
  }
  [[nodiscard]] PeersConfig config(const std::string& local) const {
    PeersConfig out;
    out.name = "farm";
    out.local_peer = local;
    for (const auto& [name, node] : {std::pair("a", a.get()), std::pair("b", b.get())}) {
      PeerConfig& peer = out.peers.emplace_back();
      peer.name = name;
      peer.address = node->address;
      peer.local = local == name;
      peer.has_address = true;
    }
    return out;
  }
  template <class Condition>
  static bool comes(Condition&& condition, int times = 3000) {
    for (int i = 0; i < times && !condition(); i++) std::this_thread::sleep_for(Milliseconds(10));
    return condition();
  }
  /// Every key reads the same on both.
  [[nodiscard]] bool agree() const {
    for (std::size_t table = 0; table < 2; table++)
      for (std::uint32_t key = 0; key < kKeys; key++)
        if (a->value(table, key) != b->value(table, key) || a->value(table, key) == 0) return false;
    return true;
  }

  io::WorkerGroup workers;
  std::unique_ptr<Node> a;
  std::unique_ptr<Node> b;
};

TEST(Group, ManyThreadsCountReloadAndLook) {
  Pair pair;
  ASSERT_TRUE(Pair::comes([&] { return pair.a->group->connected() == 1 && pair.b->group->connected() == 1; }));
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  // Each counts in the tables that it began with, as sessions of an older plan do.
  for (Node* node : {pair.a.get(), pair.b.get()})
    for (std::uint32_t which = 0; which < 2; which++)
      threads.emplace_back([&over, tables = node->tables, which] {
        for (std::uint32_t i = which; !over; i++)
          for (const auto& table : tables) {
            StickTable& latest = table->latest();
            const std::uint32_t number = i % kKeys;
            const auto pin = latest.obtain(key_of(number), now());
            if (pin) latest.add(pin, DataType::gpc0, 1, now());
          }
      });
  threads.emplace_back([&] {
    while (!over) {
      std::string said;
      pair.b->on_worker([&] { pair.b->group->show(said, true); });
      EXPECT_NE(said.find("id=farm"), said.npos);
    }
  });
  for (std::uint64_t i = 0; i < 8; i++) {
    std::this_thread::sleep_for(Milliseconds(30));
    pair.a->reload(pair.config("a"), 1000 + i);
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
  // The last writer wins, and both wrote last: now one of them alone.
  const auto write_and_agree = [&] {
    for (std::uint32_t key = 0; key < kKeys; key++)
      for (const auto& table : pair.a->tables)
        if (const auto pin = table->obtain(key_of(key), now())) table->add(pin, DataType::gpc0, 1, now());
    return Pair::comes([&] { return pair.agree(); }, 100);
  };
  EXPECT_TRUE(Pair::comes(write_and_agree, 30));
  EXPECT_EQ(pair.a->group->connected(), 1U) << "eight reloads have kept the link";
}

}  // namespace
}  // namespace weir::peers
