// What rules cost a connection, all together: twenty of them, ten over lists of networks and ten over the server's name
// in a TLS hello, and three counters that track its address from beginning to end.
//
// The engine is the real one, its tables too; no socket is touched. `clients` is how many addresses connect: one is
// warm, 10,000 in no order find their entries in no near cache. What must hold: at most 0.5 us together.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "proxy/engine.h"
#include "proxy/rule/rule.h"
#include "proxy/tcp/session.h"
#include "proxy/test_tables.h"
#include "proxy/worker_context.h"
#include "sample/testing/fixture.h"

namespace weir::proxy {
namespace {

enum Parts : unsigned { kLists = 1, kNames = 2, kCounters = 4 };

/// 1,000 networks among the clients' addresses, none of which lies in one: the search goes another way each time.
std::string list_file() {
  std::string name = "/tmp/weir-bench-list-" + std::to_string(::getpid());
  std::ofstream out(name);
  for (int i = 0; i < 1000; i++) out << "10." << i / 4 << '.' << i % 4 * 64 << ".0/25\n";
  return name;
}

std::string configuration(unsigned parts, const std::string& list) {
  std::string text =
      "global\n nbthread 1\ndefaults\n mode tcp\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"
      "listen l\n bind 127.0.0.1:0\n server s 127.0.0.1:9\n tcp-request inspect-delay 1s\n";
  for (int i = 0; i < 10 && (parts & kLists) != 0; i++)
    text += " tcp-request connection reject if { src -f " + list + " }\n";
  for (const char* number : {"0", "1", "2"})
    if ((parts & kCounters) != 0)
      text += std::string(" tcp-request connection track-sc") + number + " src table t" + number + "\n";
  for (int i = 0; i < 10 && (parts & kNames) != 0; i++)
    text += " tcp-request content accept if { req.ssl_sni -i host" + std::to_string(i) + ".other }\n";
  for (const char* number : {"0", "1", "2"})
    text += std::string("backend t") + number +
            "\n stick-table type ip size 100k expire 10m store gpc0,conn_rate(10s),conn_cur\n server s 127.0.0.1:9\n";
  return text;
}

/// One engine for all runs of one mix: what runs has no end but the process's.
struct Ground {
  std::unique_ptr<Engine> engine;
  std::vector<SocketAddress> clients;
  std::string hello{sample::testing::registry().fetch("req.ssl_sni")->given.request};
  Session session;

  explicit Ground(unsigned parts) {
    const std::string list = list_file();
    auto loaded = load(configuration(parts, list));
    ::unlink(list.c_str());
    if (!loaded->config) return;
    engine = std::make_unique<Engine>(test_registry());
    if (!engine->start(std::move(*loaded->config))) {
      engine.reset();
      return;
    }
    session.worker = engine->process().contexts[0].get();
    session.frontend = engine->plan()->frontend("l");
    session.listener = std::make_shared<ListenerState>();
    session.request.buffer = hello.data();
    session.request.end = static_cast<std::uint32_t>(hello.size());
    session.response.total = 4000;
    std::mt19937 random(1);
    for (std::uint32_t i = 0; i < 10'000; i++)
      clients.push_back(SocketAddress::ipv4(0x0a000080U | static_cast<std::uint32_t>(random() & 0xffff7fU), 40000));
  }
};

template <unsigned parts>
void connection(benchmark::State& state) {
  static auto* ground = new Ground(parts);
  if (ground->engine == nullptr) return state.SkipWithError("the configuration is not right");
  Session& session = ground->session;
  const ProxyConfig& config = *session.frontend->config;
  const auto clients = static_cast<std::size_t>(state.range(0));
  std::size_t i = 0;
  for (auto step : state) {
    session.facts.client = ground->clients[i];
    i = i + 1 == clients ? 0 : i + 1;
    for (const auto* rules : {&config.connection_rules, &config.content_rules}) {
      if (rules->empty()) continue;
      ContextParts facts;
      sample::Context context = make_context(session, facts, false);
      std::uint16_t next = 0;
      benchmark::DoNotOptimize(run_rules(*rules, next, context, session, nullptr));
      session.worker->arena.reset();
    }
    count_tracked_session(session);
    end_tracking(session);
  }
}

void lists(benchmark::State& state) { connection<kLists>(state); }
void names(benchmark::State& state) { connection<kNames>(state); }
void counters(benchmark::State& state) { connection<kCounters>(state); }
void twenty_rules_and_three_counters(benchmark::State& state) { connection<kLists | kNames | kCounters>(state); }
BENCHMARK(lists)->ArgName("clients")->Arg(1)->Arg(10'000);
BENCHMARK(names)->ArgName("clients")->Arg(1);
BENCHMARK(counters)->ArgName("clients")->Arg(1)->Arg(64)->Arg(10'000);
BENCHMARK(twenty_rules_and_three_counters)->ArgName("clients")->Arg(1)->Arg(64)->Arg(10'000);

}  // namespace
}  // namespace weir::proxy
