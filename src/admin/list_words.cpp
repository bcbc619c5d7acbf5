#include "admin/list_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace weir::admin {
namespace {

template <class Number>
std::optional<Number> parse_whole(std::string_view digits, int base) {
  Number number = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (wrong != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

/// The value as what that kind of comparison takes; nullopt: nothing can match it.
std::optional<sample::Sample> sample_of(sample::MatchKind match, std::string_view value) {
  using sample::MatchKind;
  if (match == MatchKind::ip) return sample::parse_address(value);
  if (match != MatchKind::integer) return sample::Sample::string(value);
  const auto number = parse_whole<std::int64_t>(value, 10);
  return number ? std::optional(sample::Sample::integer(*number)) : std::nullopt;
}

/// `value="v1", type="str"`
std::string value_text(const sample::PatternEntry& entry, const sample::ReferenceUse& use) {
  const auto* const value = entry.value.load(std::memory_order_acquire);
  if (!use.output || value == nullptr) return "value=none";
  const std::string_view text = *use.output == sample::MapOutput::key ? entry.key() : value->text();
  std::string_view type = "str";
  if (*use.output == sample::MapOutput::integer) type = "sint";
  if (*use.output == sample::MapOutput::address) {
    const auto address = sample::parse_address(text);
    type = address && address->type() == sample::Type::ipv6 ? "ipv6" : "ipv4";
  }
  return fmt::format("value=\"{}\", type=\"{}\"", text, type);
}

}  // namespace

std::optional<std::uint32_t> parse_list_version(std::string_view word) {
  return word.starts_with('@') ? parse_whole<std::uint32_t>(word.substr(1), 10) : std::nullopt;
}

std::optional<std::uint64_t> parse_entry_name(std::string_view word) {
  return word.starts_with("#0x") ? parse_whole<std::uint64_t>(word.substr(3), 16) : std::nullopt;
}

std::string_view without_leading_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text;
}

void write_list_answer(std::string& out, sample::PatternReference& list, const sample::ReferenceUse& use,
                       std::string_view value, bool as_map) {
  out += fmt::format("type={}, case={}, ", sample::match_kind_name(use.kind.match),
                     use.kind.ignore_case ? "insensitive" : "sensitive");
  const sample::PatternEntry* found = nullptr;
  sample::Arena arena;
  const auto sample = sample_of(use.kind.match, value);
  if (sample && sample::takes_patterns(use.kind.match)) {
    list.prepare_to_find(use.kind);
    found = list.find(use.kind, *sample, arena);
  }
  if (found == nullptr)
    out += as_map ? "found=no\n" : "match=no\n";
  else if (as_map)
    out += fmt::format("found=yes, idx={}, key=\"{}\", {}\n", sample::index_name(use.kind), found->key(),
                       value_text(*found, use));
  else
    out += fmt::format("match=yes, idx={}, pattern=\"{}\"\n", sample::index_name(use.kind), found->key());
}

}  // namespace weir::admin
