// What a set of rules costs: 20 conditions asked one after the other, as a frontend with 20 use_backend lines does.
//
// The mix is TCP's: networks, ports, names of a list, regular expressions, and cookies of an RDP request, which the
// first rule parses for all.
#include <benchmark/benchmark.h>

#include "sample/log_format.h"
#include "sample/testing/fixture.h"

namespace weir::sample {
namespace {

void evaluate(benchmark::State& state, std::string_view line) {
  testing::Surroundings here(testing::registry().fetch("req.rdp_cookie")->given.request);
  const auto line_words = testing::words(line);
  std::vector<Condition> rules;
  for (int i = 0; i < 20; ++i) {
    rules.push_back(*Condition::compile(line_words, AclSet(), here.scope(), here.diagnostics));
  }
  for (auto step : state) {
    here.arena.reset();
    Context context = here.context(false);
    for (const Condition& rule : rules) benchmark::DoNotOptimize(rule.evaluate(context));
  }
}

void networks(benchmark::State& state) { evaluate(state, "if { src 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 }"); }
void ports(benchmark::State& state) { evaluate(state, "if { dst_port 80 443 8000:8010 } or { src_port lt 1024 }"); }
void names(benchmark::State& state) { evaluate(state, "if { so_name web mail ldap ssh ftp imap } !TRUE"); }
void rdp_cookie(benchmark::State& state) { evaluate(state, "if { req.rdp_cookie(mstshash),rdp_user bob carol }"); }
void regex(benchmark::State& state) { evaluate(state, "if { so_name -m reg ^(web|mail)[0-9]+$ }"); }
BENCHMARK(networks);
BENCHMARK(ports);
BENCHMARK(names);
BENCHMARK(rdp_cookie);
BENCHMARK(regex);

}  // namespace
}  // namespace weir::sample
