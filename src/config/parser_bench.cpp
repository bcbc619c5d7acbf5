// A configuration of 20,000 backends, 200,000 lines: lexing and dispatch alone must stay well under 300 ms, so that a
// reload of the largest farms is not felt.
#include "config/parser.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

namespace weir::config {
namespace {

std::size_t dispatched = 0;
Target open_any(ParseContext&) { return Target::of(dispatched); }
void count(ParseContext&, const Line&) { dispatched++; }

constexpr SectionRow kSections[] = {{.name = "backend",
                                     .kind = SectionKind::backend,
                                     .naming = Naming::required,
                                     .takes_from = true,
                                     .open = open_any}};

std::string farm() {
  std::string text;
  for (int i = 0; i < 20'000; i++) {
    text += fmt::format(
        "backend app_{0}\n    mode http\n    balance roundrobin  # even\n    option httpchk\n    timeout server 30s\n"
        "    http-request set-header X-Forwarded-Proto \"https\" if {{ ssl_fc }}\n"
        "    stick-table type ip size 1m expire 30m store gpc0\n    server s1 10.0.0.1:80{0} check inter 2s weight 10\n"
        "    server s2 10.0.0.2:80{0} check inter 2s weight 10\n\n",
        i);
  }
  return text;
}

void parse_20000_backends(benchmark::State& state) {
  // As many rows as the real language has, so that the table is as large.
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (int i = 0; i < 500; i++) out.push_back(fmt::format("option filler{}", i));
    for (const char* name :
         {"mode", "balance", "option httpchk", "timeout server", "http-request", "stick-table", "server"})
      out.emplace_back(name);
    return out;
  }();
  std::vector<KeywordRow> rows;
  for (const std::string& name : names)
    rows.push_back(
        {.name = name, .sections = in::proxies, .max_args = kAnyArgs, .parse = count, .doc = "d", .example = "e"});
  const std::span<const SectionRow> sections[] = {kSections};
  const std::span<const KeywordRow> keywords[] = {rows};
  const KeywordTable table(sections, keywords);
  const std::string text = farm();
  for (auto _ : state) {
    Diagnostics diagnostics;
    Environment environment;
    Parser parser(table, diagnostics, environment);
    if (!parser.parse_text("farm.cfg", text)) state.SkipWithError("the text is wrong");
  }
  state.SetItemsProcessed(state.iterations() * 200'000);
}
BENCHMARK(parse_20000_backends)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir::config
