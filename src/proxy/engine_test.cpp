// Applying configurations: what stays, what moves, and that a refused one leaves everything as it was. The workers'
// threads are never started: what is installed on them runs here.
#include "proxy/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/outside.h"
#include "io/socket.h"
#include "proxy/keyword/load.h"
#include "proxy/test_tables.h"

namespace weir::proxy {
namespace {

using testing::HasSubstr;

Config load(const std::string& text) {
  Diagnostics diagnostics;
  std::vector<config::SourceFile> sources;
  sources.push_back({"t.cfg",
                     "global\n nbthread 2\ndefaults\n mode tcp\n timeout client 1s\n timeout server 1s\n"
                     " timeout connect 1s\n" +
                         text});
  auto config = load_config(
      std::move(sources), {.table = &test_keywords(), .registry = &test_registry(), .local_peer = "lb1"}, diagnostics);
  EXPECT_TRUE(config) << diagnostics.render();
  return config ? std::move(*config) : Config{};
}

/// A port of 127.0.0.1 that is free, or, while `holder` lives, one that nobody else can have.
std::uint16_t some_port(io::Fd* holder = nullptr) {
  io::ListenOptions alone;
  alone.reuse_port = false;
  io::Fd socket = std::move(*io::open_listener(SocketAddress::ipv4(0x7f000001, 0), alone));
  const std::uint16_t port = io::local_address(socket.get()).port();
  if (holder != nullptr) *holder = std::move(socket);
  return port;
}

std::string frontend(const std::string& name, std::uint16_t port, const std::string& more = "") {
  return "frontend " + name + "\n bind 127.0.0.1:" + std::to_string(port) + " " + more + "\n default_backend be\n";
}

std::vector<int> sockets(Engine& engine) {
  std::vector<int> all;
  for (const auto& worker : engine.process().contexts)
    for (const auto& listener : worker->listeners) all.push_back(listener->acceptor->fd());
  return all;
}

constexpr const char* kBackend =
    "backend be\n stick-table type string len 32 size 100 expire 1h\n server s1 127.0.0.1:9\n server s2 127.0.0.1:10\n";

TEST(Engine, ARefusedConfigurationChangesNothing) {
  io::Fd holder;
  const std::uint16_t taken = some_port(&holder);
  const std::uint16_t free = some_port();
  Engine engine(test_registry());
  ASSERT_TRUE(engine.start(load(frontend("fe", free) + kBackend)));
  const std::shared_ptr<const Plan> plan = engine.plan();
  const std::shared_ptr<stick::StickTable> table = plan->tables.share("be");
  ASSERT_TRUE(table->obtain("alice", Clock::now()));
  const std::vector<int> before = sockets(engine);
  const std::vector<std::shared_ptr<ServerState>> servers = plan->backend("be")->state->servers;

  const std::string other = "ring r1\n size 32768\nlisten more\n bind 127.0.0.1:" + std::to_string(taken) +
                            "\n server m1 127.0.0.1:11\n" + frontend("renamed", free) +
                            "backend be\n stick-table type string len 32 size 200 expire 2h\n server s2 127.0.0.1:99\n";
  const auto refused = engine.apply(load(other));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("frontend 'more'"));
  EXPECT_THAT(refused.error().message, HasSubstr(std::to_string(taken)));

  EXPECT_EQ(engine.plan(), plan);
  EXPECT_EQ(engine.config().proxies.size(), 2U);
  EXPECT_EQ(engine.sinks().find_ring("r1"), nullptr);
  EXPECT_EQ(sockets(engine), before);
  EXPECT_EQ(plan->backend("be")->state->servers, servers);
  EXPECT_TRUE(table->find("alice", Clock::now()));
  for (const auto& worker : engine.process().contexts) EXPECT_EQ(worker->plan, plan);

  // The same once the port is free: it starts from what there was.
  holder.reset();
  ASSERT_TRUE(engine.apply(load(other)));
  EXPECT_TRUE(engine.plan()->tables.share("be")->find("alice", Clock::now())) << "the entries moved";
  EXPECT_EQ(engine.plan()->backend("be")->state->servers.size(), 1U);
  EXPECT_NE(engine.sinks().find_ring("r1"), nullptr);
  EXPECT_TRUE(servers[0]->removed.load());
}

TEST(Engine, TablesOfPeersSectionsServeRulesAndKeepTheServersName) {
  const std::string peers = "peers them\n peer lb1 127.0.0.1:1024\n table t type ip size 10 expire 1m\n";
  const std::string backend =
      "backend be\n server s1 127.0.0.1:9\n stick match src table them/t\n stick store-request src table them/t\n";
  Engine engine(test_registry());
  ASSERT_TRUE(engine.start(load(peers + frontend("fe", some_port()) + backend)));
  const std::shared_ptr<stick::StickTable> table = engine.plan()->tables.share("them/t");
  ASSERT_TRUE(table);
  EXPECT_TRUE(table->stores(stick::DataType::server_id));
  EXPECT_TRUE(table->stores(stick::DataType::server_key));
  ASSERT_EQ(engine.plan()->backend("be")->stick_rules.size(), 2U);
  EXPECT_EQ(engine.plan()->backend("be")->stick_rules[0].table, table);
}

TEST(Engine, AnAddressKeepsItsSocketsWhoeverServesItAndWhateverItsOptions) {
  const std::uint16_t port = some_port();
  Engine engine(test_registry());
  ASSERT_TRUE(engine.start(load(frontend("fe", port) + kBackend)));
  const std::vector<int> before = sockets(engine);
  ASSERT_EQ(before.size(), 2U);
  const ListenerState* state = engine.process().contexts[0]->listeners[0]->state.get();

  ASSERT_TRUE(engine.apply(load(frontend("fe", port, "maxconn 7 defer-accept backlog 50") + kBackend)));
  EXPECT_EQ(sockets(engine), before);
  EXPECT_EQ(engine.process().contexts[0]->listeners[0]->state.get(), state);
  EXPECT_EQ(state->maxconn.load(), 7U);
  int deferred = 0;
  socklen_t length = sizeof deferred;
  ::getsockopt(before[0], IPPROTO_TCP, TCP_DEFER_ACCEPT, &deferred, &length);
  EXPECT_NE(deferred, 0);

  ASSERT_TRUE(engine.apply(load(frontend("renamed", port, "name rdp") + kBackend)));
  EXPECT_EQ(sockets(engine), before);
  EXPECT_EQ(engine.process().contexts[1]->listeners[0]->state->name, "rdp");
  EXPECT_EQ(engine.process().contexts[1]->listeners[0]->frontend->config->name, "renamed");
  ::getsockopt(before[0], IPPROTO_TCP, TCP_DEFER_ACCEPT, &deferred, &length);
  EXPECT_EQ(deferred, 0) << "what is no longer wanted is switched off";

  ASSERT_TRUE(engine.apply(load(frontend("renamed", some_port()) + kBackend)));
  EXPECT_NE(sockets(engine), before);
}

TEST(Engine, BackendsAndServersKeepTheirIdentity) {
  const std::uint16_t port = some_port();
  Engine engine(test_registry());
  ASSERT_TRUE(engine.start(load(frontend("fe", port) + kBackend)));
  const auto state = engine.plan()->backend("be")->state;
  const auto s2 = state->servers[1];
  ASSERT_TRUE(engine.apply(
      load(frontend("fe", port) + "backend be\n server s0 127.0.0.1:8\n server s2 127.0.0.1:10 weight 5\n")));
  EXPECT_EQ(engine.plan()->backend("be")->state, state);
  ASSERT_EQ(state->servers.size(), 2U);
  EXPECT_EQ(state->servers[1], s2);
  EXPECT_EQ(s2->config->weight, 5U);
  EXPECT_EQ(s2->id, 2U);
}

const char* moving_host = "192.0.2.1";

// The words of a file may stay and mean another address: a reload is what brings that in.
TEST(Engine, ANameThatMeansAnotherAddressIsAChange) {
  set_outside(
      {direct_outside().open_for_reading, [](Lookup, const std::string&) { return Result<std::string>(moving_host); }});
  const std::string rows[] = {
      "backend be\n server s1 host.example:80\n",
      "backend be\n server s1 127.0.0.1:9 check addr host.example\n",
      "backend be\n server s1 127.0.0.1:9 agent-check agent-port 1 agent-addr host.example\n",
      "backend be\n default-server addr host.example\n server s1 127.0.0.1:9 check\n",
      "backend be\n log host.example local0\n server s1 127.0.0.1:9\n",
      "backend be\n dispatch host.example:80\n",
  };
  for (const std::string& row : rows) {
    const std::string text = frontend("fe", some_port()) + row;
    moving_host = "192.0.2.1";
    Engine engine(test_registry());
    ASSERT_TRUE(engine.start(load(text))) << row;
    const auto before = engine.plan()->backend("be");
    ASSERT_TRUE(engine.apply(load(text))) << row;
    EXPECT_EQ(engine.plan()->backend("be"), before) << row;
    moving_host = "192.0.2.2";
    ASSERT_TRUE(engine.apply(load(text))) << row;
    EXPECT_NE(engine.plan()->backend("be"), before) << row;
    if (row.find("server s1 host") != row.npos)
      EXPECT_EQ(engine.plan()->backend("be")->state->servers[0]->address.host(), "192.0.2.2");
  }
  set_outside(direct_outside());
}

TEST(Engine, WhatDidNotChangeIsKeptOnce) {
  const std::string all = frontend("fe", some_port()) + kBackend +
                          "listen both\n bind 127.0.0.1:" + std::to_string(some_port()) + "\n server l1 127.0.0.1:12\n";
  Engine engine(test_registry());
  ASSERT_TRUE(engine.start(load(all + "backend other\n server o1 127.0.0.1:13\n")));
  const auto kept = [&](std::size_t at) { return std::weak_ptr<const ProxyConfig>(engine.config().proxies.at(at)); };
  const std::weak_ptr<const ProxyConfig> before[] = {kept(0), kept(1), kept(2), kept(3)};
  ASSERT_TRUE(engine.apply(load(all + "backend other\n server o1 127.0.0.1:14\n")));
  const auto& proxies = engine.config().proxies;
  for (std::size_t i = 0; i < 3; i++) EXPECT_EQ(proxies[i], before[i].lock()) << proxies[i]->name;
  EXPECT_NE(proxies[3], before[3].lock()) << "the one that changed";
  EXPECT_EQ(proxies[3], engine.plan()->backend("other")->config);
  EXPECT_EQ(proxies[2], engine.plan()->frontend("both")->config);
}

}  // namespace
}  // namespace weir::proxy
