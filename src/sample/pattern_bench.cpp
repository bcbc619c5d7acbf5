// What one ACL of a thousand substrings, or of a thousand expressions as those who filter requests write them, costs a
// path of 60 bytes that is none of them; `walk` asks one after the other, which is what the indexes replace.
// Directories, domains and suffixes: ten, a thousand and a hundred thousand of them.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "sample/pattern.h"

namespace weir::sample {
namespace {

constexpr std::string_view kPath = "/shop/catalogue/items/4711/details?colour=blue&size=xl&pa=2";
constexpr unsigned kMany = 1000;

std::string part(unsigned i) {
  constexpr std::string_view kWords[] = {"/wp-admin/x{}", "../etc/p{}", "shell{}.php", "union+select{}", "<script{}",
                                         ".git/{}",       "cgi-bin/{}", "passwd{}",    "%00{}",          "/det{}/"};
  return fmt::format(fmt::runtime(kWords[i % std::size(kWords)]), i);
}

std::string expression(unsigned i) {
  constexpr std::string_view kForms[] = {"(?:^|/)w@[a-z]+\\.(?:php|asp|jsp)$",
                                         "union\\s+(?:all\\s+)?select@",
                                         "<script@[^>]*>",
                                         "(?:\\.\\./){2,}etc@/passwd",
                                         "\\bexec@\\s*\\(",
                                         "^/admin@/[^/]+/edit\\?id=\\d+",
                                         "(?:%0[ad]|\\r\\n)set-cookie@",
                                         "@'\\s*or\\s+\\d+=\\d+",
                                         "cmd@\\.(?:exe|com|bat)\\b",
                                         "(?:select|insert|update|delete)\\b.{1,100}?\\bfrom@\\b"};
  std::string form(kForms[i % std::size(kForms)]);
  return form.replace(form.find('@'), 1, std::to_string(i));
}

const std::vector<std::string>& texts(MatchKind kind) {
  static const auto make = [](auto one) {
    std::vector<std::string> all;
    for (unsigned i = 0; i < kMany; ++i) all.push_back(one(i));
    return all;
  };
  static const auto parts = make(part);
  static const auto expressions = make(expression);
  return kind == MatchKind::sub ? parts : expressions;
}

void fill(PatternSet& set, bool ignore_case) {
  for (const std::string& one : texts(set.kind()))
    if (!set.add(one, {.ignore_case = ignore_case})) std::abort();
  set.finish();
}

void index(benchmark::State& state, MatchKind kind, bool ignore_case) {
  PatternSet set(kind);
  fill(set, ignore_case);
  Arena arena;
  for (auto step : state)
    if (set.matches(Sample::string(kPath), arena)) std::abort();
}

void substrings(benchmark::State& state) { index(state, MatchKind::sub, false); }
void substrings_without_case(benchmark::State& state) { index(state, MatchKind::sub, true); }
void expressions(benchmark::State& state) { index(state, MatchKind::reg, false); }
void expressions_without_case(benchmark::State& state) { index(state, MatchKind::reg, true); }

void walk_substrings(benchmark::State& state) {
  const auto& all = texts(MatchKind::sub);
  for (auto step : state)
    for (const std::string& one : all)
      if (kPath.contains(one)) std::abort();
}

void walk_expressions(benchmark::State& state) {
  std::vector<Regex> all;
  for (const std::string& one : texts(MatchKind::reg)) all.push_back(*Regex::compile(one, false));
  for (auto step : state)
    for (const Regex& one : all)
      if (one.matches(kPath)) std::abort();
}

void read(benchmark::State& state, MatchKind kind) {
  for (auto step : state) {
    PatternSet set(kind);
    fill(set, false);
    benchmark::DoNotOptimize(set.size());
  }
}

void read_substrings(benchmark::State& state) { read(state, MatchKind::sub); }
void read_expressions(benchmark::State& state) { read(state, MatchKind::reg); }

void pieces(benchmark::State& state, MatchKind kind) {
  PatternSet set(kind);
  for (std::int64_t i = 0; i < state.range(0); ++i)
    if (!set.add(i % 3 == 0 ? fmt::format("area{}/part", i) : fmt::format("name{}", i), {})) std::abort();
  set.finish();
  Arena arena;
  for (auto step : state)
    if (set.matches(Sample::string(kPath), arena)) std::abort();
}
void directories(benchmark::State& state) { pieces(state, MatchKind::dir); }
void domains(benchmark::State& state) { pieces(state, MatchKind::dom); }
void suffixes(benchmark::State& state) { pieces(state, MatchKind::end); }

BENCHMARK(directories)->Arg(10)->Arg(1000)->Arg(100'000);
BENCHMARK(domains)->Arg(10)->Arg(1000)->Arg(100'000);
BENCHMARK(suffixes)->Arg(10)->Arg(1000)->Arg(100'000);
BENCHMARK(walk_substrings);
BENCHMARK(substrings);
BENCHMARK(substrings_without_case);
BENCHMARK(walk_expressions);
BENCHMARK(expressions);
BENCHMARK(expressions_without_case);
BENCHMARK(read_substrings)->Unit(benchmark::kMillisecond);
BENCHMARK(read_expressions)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir::sample
