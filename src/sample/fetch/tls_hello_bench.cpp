// What rules about a TLS hello cost: it is parsed by the first fetch that asks, for all the others.
//
// One rule and twenty look at the same bytes. The difference, divided by nineteen, is what a fetch costs on a hello
// that is parsed already; a context for each rule shows the price of parsing again.
#include <benchmark/benchmark.h>

#include "sample/testing/fixture.h"

namespace weir::sample {
namespace {

constexpr const char* kFetches[] = {"req.ssl_sni",
                                    "req.ssl_ver",
                                    "req.ssl_hello_type",
                                    "req.ssl_st_ext",
                                    "req.ssl_sigalgs",
                                    "req.ssl_supported_groups",
                                    "req.ssl_keyshare_groups",
                                    "req.ssl_cipherlist",
                                    "req.ssl_ec_ext",
                                    "req.ssl_alpn"};

void hello(benchmark::State& state, int rules, bool parse_each) {
  testing::Surroundings here(testing::registry().fetch("req.ssl_sigalgs")->given.request);
  std::vector<Expression> expressions;
  for (int i = 0; i < rules; ++i)
    expressions.push_back(*Expression::compile(kFetches[static_cast<std::size_t>(i) % std::size(kFetches)],
                                               here.scope(), {0, 1, 1, 0}, here.diagnostics));
  for (auto step : state) {
    here.arena.reset();
    Context context = here.context(true);
    for (const Expression& expression : expressions) {
      if (parse_each) context.parsed = {};
      Sample sample;
      benchmark::DoNotOptimize(expression.evaluate(context, sample));
    }
  }
}

void one_rule(benchmark::State& state) { hello(state, 1, false); }
void twenty_rules(benchmark::State& state) { hello(state, 20, false); }
void twenty_rules_parsing_each(benchmark::State& state) { hello(state, 20, true); }
BENCHMARK(one_rule);
BENCHMARK(twenty_rules);
BENCHMARK(twenty_rules_parsing_each);

}  // namespace
}  // namespace weir::sample
