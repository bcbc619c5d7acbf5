// The language of a list of them that a client wants most. Manual 7.3.1: language; RFC 9110 12.5.4, 12.4.2.
#include "proto/http/quality.h"
#include "sample/tables.h"

namespace weir::sample {
namespace {

using proto::http::trimmed;

/// The part of `text` before the separator, which leaves it with the rest.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return part;
}

/// Which of `known`, between semicolons, the tag means: itself, or without its variant.
std::string_view known_language(std::string_view known, std::string_view tag) {
  const std::string_view base = tag.substr(0, tag.find('-'));
  std::string_view match;
  while (!known.empty()) {
    const std::string_view one = take_until(known, ';');
    if (one.empty()) continue;
    if (one == tag) return one;
    if (one == base) match = one;
  }
  return match;
}

bool language(const Args& args, Context&, Sample& sample) {
  std::string_view wanted = sample.text();
  std::string_view best;
  std::uint32_t best_weight = 0;
  while (!wanted.empty()) {
    std::string_view parameters = take_until(wanted, ',');
    const std::string_view tag = trimmed(take_until(parameters, ';'));
    const std::uint32_t weight = proto::http::quality_of(parameters);
    if (weight <= best_weight) continue;
    const std::string_view found = known_language(args[0].text, tag);
    if (found.empty()) continue;
    best = found;
    best_weight = weight;
  }
  if (best.empty()) {
    if (!args.has(1)) return false;
    best = args[1].text;
  }
  sample = Sample::string(best);
  return true;
}

constexpr Converter kRows[] = {
    {.name = "language",
     .args = args(1, {ArgKind::string, ArgKind::string}),
     .in = Type::string,
     .out = Type::string,
     .apply = language,
     .doc =
         "Of the languages given, with semicolons between them, the one that an Accept-Language wants most, else the "
         "default.",
     .examples = {{{"str('de-CH;q=0.9, fr, en;q=0.8, es ;q= 0'),language(de;en;es)", "de"},
                   {"str('de-CH;q=0.9, fr, en;q=0.8'),language(en;fr-FR;de-CH)", "de-CH"},
                   {"str('es;q=0'),language(es,en)", "en"},
                   {"str(it),language(es;en)", "", true}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> language_converters{kRows};
}  // namespace weir::sample
