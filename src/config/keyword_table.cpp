#include "config/keyword_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>

#include "base/assert.h"

namespace weir::config {

namespace {

// FNV-1a, because it goes on byte by byte: the hash of "tcp-request content" is that of "tcp-request", continued.
constexpr std::uint64_t kSeed = 14695981039346656037ULL;
std::uint64_t extend(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}
std::size_t place(std::uint64_t hash, std::size_t mask) {
  return static_cast<std::size_t>(hash ^ (hash >> 32U)) & mask;
}

std::size_t count_words(std::string_view name) {
  return 1 + static_cast<std::size_t>(std::count(name.begin(), name.end(), ' '));
}

bool begins_with(std::span<const Word> words, std::string_view name) {
  for (std::size_t i = 0;; i++) {
    const auto space = name.find(' ');
    if (i >= words.size() || words[i].text != name.substr(0, space)) return false;
    if (space == name.npos) return true;
    name.remove_prefix(space + 1);
  }
}

constexpr std::size_t kMostWords = 8;

bool by_name(const KeywordRow* a, const KeywordRow* b) {
  return a->name != b->name ? a->name < b->name : a->sections < b->sections;
}

}  // namespace

std::string KeywordTable::check(std::span<const std::span<const SectionRow>> sections,
                                std::span<const std::span<const KeywordRow>> keywords) {
  std::vector<std::string_view> names;
  std::uint32_t kinds = 0;
  for (const auto& list : sections)
    for (const SectionRow& row : list) {
      if (row.open == nullptr || row.kind == SectionKind::none)
        return fmt::format("section '{}' has no kind or no open function", row.name);
      if (std::find(names.begin(), names.end(), row.name) != names.end() || (kinds & set_of(row.kind)) != 0)
        return fmt::format("section '{}' is registered twice", row.name);
      names.push_back(row.name);
      kinds |= set_of(row.kind);
    }
  std::vector<const KeywordRow*> rows;
  for (const auto& list : keywords) {
    if (!well_formed(list)) {
      for (const KeywordRow& row : list)
        if (!well_formed({&row, 1})) return fmt::format("the row of keyword '{}' is not complete", row.name);
    }
    for (const KeywordRow& row : list) {
      if (count_words(row.name) > kMostWords) return fmt::format("keyword '{}' has too many words", row.name);
      rows.push_back(&row);
    }
  }
  std::sort(rows.begin(), rows.end(), by_name);
  for (std::size_t i = 0; i < rows.size(); i++)
    for (std::size_t j = i + 1; j < rows.size() && rows[j]->name == rows[i]->name; j++)
      if ((rows[i]->sections & rows[j]->sections) != 0)
        return fmt::format("keyword '{}' is registered twice for the same section", rows[i]->name);
  return {};
}

KeywordTable::KeywordTable(std::span<const std::span<const SectionRow>> sections,
                           std::span<const std::span<const KeywordRow>> keywords) {
  if (const std::string problem = check(sections, keywords); !problem.empty()) {
    std::fprintf(stderr, "weir: keyword tables: %s\n", problem.c_str());
    std::abort();
  }
  for (const auto& list : sections)
    for (const SectionRow& row : list) sections_.push_back(&row);
  for (const auto& list : keywords)
    for (const KeywordRow& row : list) sorted_.push_back(&row);
  std::sort(sorted_.begin(), sorted_.end(), by_name);
  slots_.resize(std::bit_ceil(sorted_.size() * 2 + 2));
  for (const KeywordRow* row : sorted_) insert(*row);
}

void KeywordTable::insert(const KeywordRow& row) {
  const std::uint64_t hash = extend(kSeed, row.name);
  std::size_t at = place(hash, slots_.size() - 1);
  while (slots_[at].row != nullptr) at = (at + 1) & (slots_.size() - 1);
  const auto words = count_words(row.name);
  slots_[at] = {hash, &row, static_cast<std::uint32_t>(words)};
  longest_ = std::max(longest_, words);
}

KeywordTable::Match KeywordTable::find(std::span<const Word> words, SectionKind kind) const {
  std::array<std::uint64_t, kMostWords> hashes{};
  const std::size_t most = std::min(longest_, words.size());
  std::uint64_t hash = kSeed;
  for (std::size_t i = 0; i < most; i++) {
    if (i != 0) hash = extend(hash, " ");
    hash = extend(hash, words[i].text);
    hashes[i] = hash;
  }
  Match match;
  for (std::size_t n = most; n > 0; n--) {
    for (std::size_t at = place(hashes[n - 1], slots_.size() - 1); slots_[at].row != nullptr;
         at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (slot.hash != hashes[n - 1] || slot.words != n || !begins_with(words, slot.row->name)) continue;
      if ((slot.row->sections & set_of(kind)) != 0) return {slot.row, n, nullptr};
      if (match.elsewhere == nullptr) match = {nullptr, n, slot.row};
    }
  }
  return match;
}

const SectionRow* KeywordTable::find_section(std::string_view name) const {
  for (const SectionRow* row : sections_)
    if (row->name == name) return row;
  return nullptr;
}

const SectionRow* KeywordTable::find_section(SectionKind kind) const {
  for (const SectionRow* row : sections_)
    if (row->kind == kind) return row;
  return nullptr;
}

std::string_view KeywordTable::nearest(std::span<const Word> words, SectionKind kind) const {
  if (words.empty()) return {};
  // "option htplog": the first word is right, so the mistake is behind it; otherwise single words are tried first.
  const std::string first = words[0].text + " ";
  const bool known_first = std::any_of(sorted_.begin(), sorted_.end(), [&](const KeywordRow* row) {
    return (row->sections & set_of(kind)) != 0 && row->name.starts_with(first);
  });
  std::vector<std::string_view> candidates;
  for (std::size_t step = 0; step < longest_; step++) {
    const std::size_t n = known_first ? (step + 1) % longest_ + 1 : step + 1;
    if (n > words.size()) continue;
    candidates.clear();
    for (const KeywordRow* row : sorted_)
      if ((row->sections & set_of(kind)) != 0 && row->status != KeywordStatus::dropped && count_words(row->name) == n)
        candidates.push_back(row->name);
    const std::string written = joined(words.data(), words.data() + n);
    if (written.size() > 128) continue;
    if (const auto found = nearest_word(written, candidates); !found.empty()) return found;
  }
  return {};
}

std::string KeywordTable::second_words(std::string_view first, SectionKind kind) const {
  constexpr std::size_t kMost = 12;
  std::vector<std::string_view> found;  // sorted, as the rows are
  for (const KeywordRow* row : sorted_) {
    if ((row->sections & set_of(kind)) == 0 || row->status == KeywordStatus::dropped) continue;
    if (!row->name.starts_with(first) || row->name.size() <= first.size() || row->name[first.size()] != ' ') continue;
    std::string_view next = row->name.substr(first.size() + 1);
    next = next.substr(0, next.find(' '));
    if (found.empty() || found.back() != next) found.push_back(next);
  }
  if (found.size() > kMost) return {};
  return fmt::format("{}", fmt::join(found, ", "));
}

std::string KeywordTable::allowed_sections(std::string_view keyword) const {
  SectionSet set = 0;
  for (const KeywordRow* row : sorted_)
    if (row->name == keyword) set |= row->sections;
  std::string out;
  for (const SectionRow* row : sections_) {
    if ((set & set_of(row->kind)) == 0) continue;
    if (!out.empty()) out += ", ";
    out += fmt::format("'{}'", row->name);
  }
  return out;
}

std::string KeywordTable::listing() const {
  std::vector<std::string> lines;
  for (const KeywordRow* row : sorted_)
    for (const SectionRow* section : sections_)
      if ((row->sections & set_of(section->kind)) != 0)
        lines.push_back(
            fmt::format("{} {}{}{}\n", section->name, row->name, row->arguments.empty() ? "" : " ", row->arguments));
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const std::string& line : lines) out += line;
  return out;
}

}  // namespace weir::config
