// Drives a whole configuration through the tables and reports every problem of it in one run.
//
// Each line is lexed, conditional blocks are kept or skipped, section words open sections, and every other line is
// handed to its row's function with a ParseContext. The parser owns no model: what sections fill in belongs to the
// caller, who provides it by type:
//
//   Parser parser(table, diagnostics, environment, {.facts = facts});
//   parser.provide(model);                       // any number, one of each type
//   parser.parse(std::move(files));
//   ...
//   void maxconn(ParseContext& context, const Line& line) {
//     Arguments args(context, line);
//     if (const auto n = args.expect_integer("maxconn", 0, 1 << 30)) context.target<Proxy>().maxconn = *n;
//   }
//
// One parse, one thread. Manual: 2.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/diagnostics.h"
#include "config/condition.h"
#include "config/environment.h"
#include "config/keyword.h"
#include "config/keyword_table.h"
#include "config/section.h"
#include "config/source.h"

namespace weir::config {

constexpr std::size_t kMaxIfDepth = 1024;  // .if within .if

class ParseContext;

struct ParserOptions {
  ConditionFacts facts = {};
  /// Called before each keyword function: for keeping the lines of a section.
  void (*on_line)(ParseContext&, const Line&) = nullptr;
};

/// What stood before the keyword.
enum class Prefix : std::uint8_t { none, no, reset };  // reset: the word "default"

class ParseContext {
 public:
  ParseContext(const KeywordTable& table, Diagnostics& diagnostics, Environment& environment)
      : table_(table), diagnostics_(diagnostics), environment_(environment) {}

  [[nodiscard]] Diagnostics& diagnostics() { return diagnostics_; }
  [[nodiscard]] Environment& environment() { return environment_; }
  [[nodiscard]] const KeywordTable& table() const { return table_; }

  /// What the section's open function returned. Another type is a bug of the row.
  template <class T>
  [[nodiscard]] T& target() {
    T* found = target_.get<T>();
    WEIR_ASSERT(found != nullptr);
    return *found;
  }
  /// Null when the section's object is of another type: for rows of several kinds of section.
  template <class T>
  [[nodiscard]] T* target_if() {
    return target_.get<T>();
  }

  /// What the caller provided: the model, a table of fetches, ... One of each type.
  template <class T>
  [[nodiscard]] T& model() {
    T* found = model_if<T>();
    WEIR_ASSERT(found != nullptr);
    return *found;
  }
  template <class T>
  [[nodiscard]] T* model_if() {
    for (const Target& one : models_)
      if (T* found = one.get<T>()) return found;
    return nullptr;
  }
  template <class T>
  void provide(T& object) {
    WEIR_ASSERT(model_if<T>() == nullptr);
    models_.push_back(Target::of(object));
  }

  [[nodiscard]] const SectionHeader& section() const { return section_; }
  [[nodiscard]] SectionKind section_kind() const { return section_.row ? section_.row->kind : SectionKind::none; }
  [[nodiscard]] bool in_section(SectionSet set) const { return (set & set_of(section_kind())) != 0; }
  [[nodiscard]] std::string_view section_name() const { return section_.name; }
  /// What the defaults section that this section starts from was opened with; null when there is none.
  template <class T>
  [[nodiscard]] const T* defaults() const {
    return section_.defaults_target.get<T>();
  }

  /// The row being parsed; null in open and close functions.
  [[nodiscard]] const KeywordRow* row() const { return row_; }
  [[nodiscard]] Prefix prefix() const { return prefix_; }
  [[nodiscard]] bool negated() const { return prefix_ == Prefix::no; }
  [[nodiscard]] bool reset_to_default() const { return prefix_ == Prefix::reset; }

  /// File of the line being parsed, as the user typed it, and its number.
  [[nodiscard]] std::string_view file() const { return diagnostics_.file_name(at_.file); }
  [[nodiscard]] SourcePosition at() const { return at_; }

  /// Errors of a keyword function. With a row, its example is added.
  Diagnostic& error(const Word& word, std::string message) { return error(word.at, std::move(message)); }
  Diagnostic& error(SourcePosition at, std::string message);
  Diagnostic& warning(SourcePosition at, std::string message) { return diagnostics_.warning(at, std::move(message)); }
  Diagnostic& notice(SourcePosition at, std::string message) { return diagnostics_.notice(at, std::move(message)); }

 private:
  friend class Parser;
  const KeywordTable& table_;
  Diagnostics& diagnostics_;
  Environment& environment_;
  std::vector<Target> models_;
  Target target_;
  SectionHeader section_;
  const KeywordRow* row_ = nullptr;
  Prefix prefix_ = Prefix::none;
  SourcePosition at_;
};

class Parser {
 public:
  Parser(const KeywordTable& table, Diagnostics& diagnostics, Environment& environment, ParserOptions options = {});

  template <class T>
  void provide(T& object) {
    context_.provide(object);
  }

  /// Parses the files in order. True when this call reported no error.
  bool parse(std::vector<SourceFile> files);
  /// One text under a name, as if it were a file: tests, examples of rows.
  bool parse_text(std::string name, std::string text);

  [[nodiscard]] ParseContext& context() { return context_; }

 private:
  enum class Branch : std::uint8_t {
    taken,
    waiting,
    over
  };  // over: a branch before was taken, or the block is skipped
  struct Block {
    SourcePosition at;
    Branch branch = Branch::taken;
    bool seen_else = false;
  };
  struct DefaultsEntry {
    std::string name;
    SourcePosition at;
    Target target;
    bool used_by_name = false;
    bool used_by_order = false;
    bool warned = false;
  };

  void parse_file(SourceFile file);
  void parse_line(std::string_view text, SourcePosition start);
  [[nodiscard]] bool skipping() const { return !blocks_.empty() && blocks_.back().branch != Branch::taken; }
  bool parse_directive();
  void open_block();
  void next_branch(bool is_else);
  void close_block();
  bool condition_holds();
  void emit_message(Severity severity);
  void open_section(const SectionRow& row);
  bool read_section_name(const SectionRow& row, std::size_t& next);
  void choose_defaults(const SectionRow& row, const Word* from);
  void note_defaults_use(DefaultsEntry& entry, bool by_name);
  void close_section();
  void parse_keyword();
  void unknown_keyword(std::span<const Word> words, const KeywordTable::Match& match);
  bool prefix_allowed(const KeywordRow& row, const Word& prefix_word);
  bool argument_count_fits(const KeywordRow& row, const Line& line);
  bool first_time(const KeywordRow& row, SourcePosition at);

  const KeywordTable& table_;
  Diagnostics& diagnostics_;
  Environment& environment_;
  ParserOptions options_;
  ParseContext context_;
  Words words_;  // of the line being parsed
  std::vector<Block> blocks_;
  std::size_t excess_blocks_ = 0;  // .if beyond kMaxIfDepth that still wait for their .endif
  std::vector<DefaultsEntry> defaults_;
  std::vector<std::pair<const KeywordRow*, SourcePosition>> once_;  // rows marked `once` seen in this section
  std::size_t suggestions_ = 0;
};

}  // namespace weir::config
