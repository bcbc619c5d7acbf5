// Reading a line's arguments from left to right, with every message in one voice.
//
// Each expect_*() takes one word and gives its value; when the word is missing or wrong it reports what is wrong, what
// was expected and a right example, and gives nothing: the caller goes on. Options ("bind ... ssl crt x", "server ...
// check inter 2s") are rows of an OptionTable, so that each is documented and misspellings are recognised.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/assert.h"
#include "base/diagnostics.h"
#include "base/time.h"
#include "base/units.h"
#include "config/keyword.h"
#include "config/lexer.h"
#include "config/parser.h"

namespace weir::config {

class Arguments {
 public:
  /// The words behind the keyword; messages name the keyword and show the row's example.
  Arguments(ParseContext& context, const Line& line);
  /// Any words; `subject` is named in messages ("server 'srv1'"), `end` is where something would be missing.
  Arguments(Diagnostics& diagnostics, std::span<const Word> words, std::string subject, SourcePosition end,
            std::string_view example = {});

  [[nodiscard]] bool at_end() const { return next_ >= words_.size(); }
  [[nodiscard]] std::size_t remaining() const { return words_.size() - next_; }
  [[nodiscard]] std::span<const Word> rest() const { return words_.subspan(next_); }
  [[nodiscard]] const Word* peek(std::size_t ahead = 0) const {
    return next_ + ahead < words_.size() ? &words_[next_ + ahead] : nullptr;
  }
  /// The next word, or null at the end.
  const Word* next() { return at_end() ? nullptr : &words_[next_++]; }
  /// Takes the next word if it is `literal`.
  bool take(std::string_view literal);
  /// Where the next word stands, or the end of the line.
  [[nodiscard]] SourcePosition here() const { return at_end() ? end_ : words_[next_].at; }

  // `what` names the value in messages: "a port", "the check interval".
  const Word* expect_word(std::string_view what);
  std::optional<Milliseconds> expect_time(std::string_view what,
                                          std::chrono::microseconds bare = std::chrono::milliseconds(1));
  std::optional<std::uint64_t> expect_size(std::string_view what);
  std::optional<std::int64_t> expect_integer(std::string_view what, std::int64_t min, std::int64_t max);
  std::optional<AddressSpec> expect_address(std::string_view what);
  /// Letters, digits and - _ . :
  const Word* expect_name(std::string_view what);
  /// One of `choices`; gives its index. Says all choices and the nearest one when it is none of them.
  std::optional<std::size_t> expect_choice(std::string_view what, std::span<const std::string_view> choices);

  /// Reports the first word not taken yet. True when there was none.
  bool expect_end();
  /// Reports at the next word or the line's end / at a word.
  Diagnostic& error(std::string message) { return error_at(here(), std::move(message)); }
  Diagnostic& error_at(SourcePosition at, std::string message);

  [[nodiscard]] Diagnostics& diagnostics() { return diagnostics_; }
  [[nodiscard]] const std::string& subject() const { return subject_; }
  void set_subject(std::string subject) { subject_ = std::move(subject); }
  void set_example(std::string_view example) { example_ = example; }
  [[nodiscard]] std::string_view example() const { return example_; }

 private:
  Diagnostics& diagnostics_;
  std::span<const Word> words_;
  std::size_t next_ = 0;
  std::string subject_;
  SourcePosition end_;
  std::string_view example_;
};

/// One option of a line such as bind or server. `apply` is called behind the option's word, with `args` words at least
/// left; it takes them itself, so an option may look further ahead.
template <class T>
struct OptionRow {
  std::string_view name;
  int args = 0;
  void (*apply)(ParseContext&, T&, Arguments&, const Word& option) = nullptr;
  std::string_view arguments = {};  // "<name>", for the manual
  std::string_view doc = {};
  std::string_view example = {};
  KeywordStatus status = KeywordStatus::works;
  std::string_view reason = {};
  std::string_view replacement = {};
  bool parenthesised = false;  // the word goes on with "(...)": "set-proxy-v2-tlv-fmt(0x20)"
};

template <class T>
constexpr OptionRow<T> dropped_option(std::string_view name, int args, std::string_view reason,
                                      std::string_view replacement = {}) {
  return {.name = name,
          .args = args,
          .doc = reason,
          .status = KeywordStatus::dropped,
          .reason = reason,
          .replacement = replacement};
}
template <class T>
constexpr OptionRow<T> option_without_meaning(std::string_view name, int args, std::string_view reason) {
  return {.name = name, .args = args, .doc = reason, .status = KeywordStatus::no_meaning, .reason = reason};
}

/// Reports an unknown option with the nearest of `names`.
void report_unknown_option(Arguments& args, const Word& word, std::string_view what,
                           std::span<const std::string_view> names);
/// Reports a dropped option or one without meaning. False when the option was refused.
bool report_option_status(Arguments& args, const Word& word, KeywordStatus status, std::string_view reason,
                          std::string_view replacement);
/// Reports that an option has fewer words than it needs.
void report_missing_option_words(Arguments& args, const Word& word, int wanted, std::string_view syntax,
                                 std::string_view example);
/// Two rows of one name: stops the process with both words said.
[[noreturn]] void duplicate_option(std::string_view what, std::string_view name);

/// The options of one kind of line, indexed. `what`: "bind option".
template <class T>
class OptionTable {
 public:
  OptionTable(std::string_view what, std::initializer_list<std::span<const OptionRow<T>>> lists) : what_(what) {
    for (const auto& list : lists)
      for (const OptionRow<T>& row : list) {
        if (!by_name_.emplace(row.name, &row).second) duplicate_option(what, row.name);
        names_.push_back(row.name);
        rows_.push_back(&row);
      }
  }

  [[nodiscard]] const OptionRow<T>* find(std::string_view word) const {
    if (const auto it = by_name_.find(word); it != by_name_.end()) return it->second;
    const auto paren = word.find('(');
    if (paren == word.npos) return nullptr;
    const auto it = by_name_.find(word.substr(0, paren));
    return it != by_name_.end() && it->second->parenthesised ? it->second : nullptr;
  }
  [[nodiscard]] std::span<const OptionRow<T>* const> rows() const { return rows_; }

  /// Applies options until the words end. An unknown one is reported and skipped; the next known one goes on.
  void parse(ParseContext& context, T& target, Arguments& args) const {
    bool after_unknown = false;  // its own arguments are no second mistake
    while (const Word* word = args.next()) {
      const OptionRow<T>* row = find(word->text);
      if (row == nullptr) {
        if (!after_unknown) report_unknown_option(args, *word, what_, names_);
        after_unknown = true;
        continue;
      }
      after_unknown = false;
      if (args.remaining() < static_cast<std::size_t>(row->args)) {
        report_missing_option_words(args, *word, row->args, row->arguments, row->example);
        return;
      }
      if (row->status != KeywordStatus::works) {
        report_option_status(args, *word, row->status, row->reason, row->replacement);
        for (int i = 0; i < row->args; i++) args.next();
        continue;
      }
      row->apply(context, target, args, *word);
    }
  }

 private:
  std::string_view what_;
  std::unordered_map<std::string_view, const OptionRow<T>*> by_name_;
  std::vector<std::string_view> names_;
  std::vector<const OptionRow<T>*> rows_;
};

}  // namespace weir::config
