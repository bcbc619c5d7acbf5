// All keyword and section rows, indexed once.
//
// Lookup is a hash of the line's first words, longest first, so a line costs at most as many probes as the longest
// keyword has words (parser_bench). The same name may stand in several rows as long as their sections differ ("server"
// in peers and in backends); the same name twice for one section is a bug of the tables and stops the process.
// Immutable after construction: shared by all threads. Rows must outlive the table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/keyword.h"
#include "config/section.h"

namespace weir::config {

class KeywordTable {
 public:
  KeywordTable(std::span<const std::span<const SectionRow>> sections,
               std::span<const std::span<const KeywordRow>> keywords);

  /// The first problem that the constructor would stop the process for, or empty: for tests of tables.
  static std::string check(std::span<const std::span<const SectionRow>> sections,
                           std::span<const std::span<const KeywordRow>> keywords);

  struct Match {
    const KeywordRow* row = nullptr;  // null: no keyword of this section begins the line
    std::size_t words = 0;
    /// With row null: the longest keyword that begins the line in any other section.
    const KeywordRow* elsewhere = nullptr;
  };
  [[nodiscard]] Match find(std::span<const Word> words, SectionKind kind) const;
  [[nodiscard]] const SectionRow* find_section(std::string_view name) const;
  [[nodiscard]] const SectionRow* find_section(SectionKind kind) const;

  /// All rows, sorted by name: for the reference manual, -dKall and completion.
  [[nodiscard]] std::span<const KeywordRow* const> rows() const { return sorted_; }
  [[nodiscard]] std::span<const SectionRow* const> sections() const { return sections_; }

  /// The keyword of that section nearest to how the line begins, or empty: "did you mean".
  [[nodiscard]] std::string_view nearest(std::span<const Word> words, SectionKind kind) const;

  /// "connection, content, session": what may follow a first word that is no keyword by itself; empty for others, and
  /// for words such as "option" that too many follow.
  [[nodiscard]] std::string second_words(std::string_view first, SectionKind kind) const;

  /// "'frontend', 'listen'": the sections where any row of that name is allowed.
  [[nodiscard]] std::string allowed_sections(std::string_view keyword) const;

  /// -dKall: one line per keyword and section, sorted: "frontend bind <address> ...".
  [[nodiscard]] std::string listing() const;

 private:
  struct Slot {
    std::uint64_t hash = 0;
    const KeywordRow* row = nullptr;
    std::uint32_t words = 0;
  };
  void insert(const KeywordRow& row);

  std::vector<Slot> slots_;  // open addressing, a power of two, at most half full
  std::size_t longest_ = 1;  // words of the longest keyword
  std::vector<const KeywordRow*> sorted_;
  std::vector<const SectionRow*> sections_;
};

}  // namespace weir::config
