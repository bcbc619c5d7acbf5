// What 20 rules cost a connection: their conditions, their actions, and the variables some of them set.
#include <benchmark/benchmark.h>

#include "proxy/keyword/load.h"
#include "proxy/rule/rule.h"
#include "proxy/tcp/session.h"
#include "proxy/test_tables.h"
#include "sample/testing/fixture.h"

namespace weir::proxy {
namespace {

void run(benchmark::State& state, std::string_view line) {
  std::string text =
      "listen l\n bind 127.0.0.1:4440\n tcp-request inspect-delay 1s\n server s 127.0.0.1:80\n acl lan src "
      "10.0.0.0/8\n";
  for (int i = 0; i < 20; i++) text += " tcp-request content " + std::string(line) + "\n";
  std::vector<config::SourceFile> sources;
  sources.push_back({"bench.cfg", std::move(text)});
  Diagnostics diagnostics;
  const auto config = load_config(
      std::move(sources), {.table = &test_keywords(), .registry = &test_registry(), .local_peer = "lb1"}, diagnostics);
  if (!config) return state.SkipWithError("the rules are not right");
  sample::testing::Surroundings here(sample::testing::registry().fetch("req.rdp_cookie")->given.request);
  Session session;
  for (auto step : state) {
    here.arena.reset();
    sample::Context context = here.context(false);
    context.session = &session;
    std::uint16_t next = 0;
    benchmark::DoNotOptimize(run_rules(config->proxies[0]->content_rules, next, context, session, nullptr));
  }
}

void named_acls(benchmark::State& state) { run(state, "reject if lan"); }
void networks(benchmark::State& state) { run(state, "reject if { src 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 }"); }
void set_integer(benchmark::State& state) { run(state, "set-var(sess.a) int(1)"); }
void set_source(benchmark::State& state) { run(state, "set-var(sess.src) src if !lan"); }
void set_cookie(benchmark::State& state) { run(state, "set-var(txn.user) req.rdp_cookie(mstshash)"); }
void read_variable(benchmark::State& state) { run(state, "reject if { var(txn.user,nobody) -m str bob }"); }
void set_format(benchmark::State& state) { run(state, "set-var-fmt(sess.from) %[src]:%[src_port]"); }
BENCHMARK(named_acls);
BENCHMARK(networks);
BENCHMARK(set_integer);
BENCHMARK(set_source);
BENCHMARK(set_cookie);
BENCHMARK(read_variable);
BENCHMARK(set_format);

}  // namespace
}  // namespace weir::proxy
