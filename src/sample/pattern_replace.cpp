// PatternReference::replace: a whole content from outside, checked before anything is exchanged.
//
// More is asked of it than of a file that a person put there: a key of a map has a value, and no line has control
// bytes. So a page of an error that came with status 200, an archive or half a line is no list. A content of no bytes
// is none either; one that shall empty the list says so with a comment.
#include <fmt/format.h>
#include <algorithm>

#include "sample/pattern_file.h"
#include "sample/pattern_reference.h"

namespace weir::sample {
namespace {

bool is_control(char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; }

Result<std::size_t> check_lines(std::string_view content, bool two_columns) {
  if (content.empty()) return fail("it is empty; a list that is to be empty has a comment");
  std::size_t count = 0;
  std::string wrong;
  each_pattern_line(content, [&](std::string_view line, std::size_t number) {
    if (std::ranges::any_of(line, is_control))
      wrong = fmt::format("line {}: a control byte", number);
    else if (two_columns && split_pattern_line(line).value.empty())
      wrong = fmt::format("line {}: the key '{}' has no value", number, split_pattern_line(line).key.substr(0, 100));
    else if (++count > PatternReference::kMostEntries)
      wrong = fmt::format("more than {} entries", PatternReference::kMostEntries);
    return wrong.empty();
  });
  if (!wrong.empty()) return fail(std::move(wrong));
  return count;
}

/// The line of entry number `index`.
std::size_t line_of(std::string_view content, std::uint64_t index) {
  std::size_t found = 0;
  each_pattern_line(content, [&](std::string_view, std::size_t number) {
    found = number;
    return index-- != 0;
  });
  return found;
}

}  // namespace

Result<std::size_t> PatternReference::replace(std::string_view content, std::span<const ViewKind> kinds) {
  const auto count = check_lines(content, two_columns());
  if (!count) return weir::unexpected<Error>(count.error());
  std::vector<ViewKind> views;
  bool integers = false, addresses = false;
  std::uint64_t first = 0;
  {
    const Guard guard(lock_);
    build();
    views = kinds_;
    integers = integers_;
    addresses = addresses_;
    first = next_place_;
    next_place_ += *count;
  }
  for (const ViewKind kind : kinds)
    if (takes_patterns(kind.match) && std::ranges::find(views, kind) == views.end()) views.push_back(kind);

  // Beside everything: nobody sees it yet, so what it throws away while it grows is thrown away at once.
  Retired unseen;
  auto made = std::make_unique<PatternGeneration>(0, first, *count);
  std::uint64_t place = first;
  std::string wrong;
  each_pattern_line(content, [&](std::string_view line, std::size_t number) {
    const PatternLine cut = two_columns() ? split_pattern_line(line) : PatternLine{line, {}};
    if ((integers && !parse_output(cut.value, MapOutput::integer)) ||
        (addresses && !parse_output(cut.value, MapOutput::address)))
      wrong = fmt::format("line {}: '{}' is no {}", number, cut.value.substr(0, 100), integers ? "integer" : "address");
    else
      made->add(place++, key_hash(cut.key), cut.key, two_columns() ? std::optional(cut.value) : std::nullopt, unseen);
    return wrong.empty();
  });
  if (!wrong.empty()) return fail(std::move(wrong));
  for (const ViewKind kind : views) {
    if (const PatternEntry* const entry = made->make_view(kind, true, unseen))
      return fail(fmt::format("line {}: {}", line_of(content, entry->place - first),
                              check_pattern(kind, entry->key()).error().message));
    if (kind.match == MatchKind::reg) made->compile_view(kind);
  }
  unseen.free_all();

  about_to_change();
  {
    const Guard guard(lock_);
    for (const ViewKind kind : kinds_) made->make_view(kind, false, retired_);  // who came meanwhile
    made->version = ++next_version_;
    const std::uint32_t version = made->version;
    exchange_current(std::move(made));
    drop_prepared(version);
  }
  let_go();
  return *count;
}

}  // namespace weir::sample
