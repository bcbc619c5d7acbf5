// One keyword of the configuration is one row.
//
// From the row come dispatch, the checks on the number of arguments and on the section, every message about them, and
// the reference manual. A word that weir knows and does not serve is a row as well: `dropped` refuses it with the
// reason and what to write instead, `no_meaning` accepts it with a notice. Rows are constexpr tables of plain function
// pointers:
//
//   constexpr KeywordRow kRows[] = {
//     {.name = "timeout client", .sections = in::any_frontend, .arguments = "<time>", .min_args = 1, .max_args = 1,
//      .parse = timeout_client, .doc = "Closes a client connection idle for that long.", .example = "timeout client
//      30s"},
//     {.name = "option tcplog", .sections = in::any_frontend, .accepts = accepts::no_prefix, .parse = option_tcplog,
//     ...}, dropped("nbproc", in::global, "weir is one process with threads", "nbthread 4"), no_meaning("noepoll",
//     in::global, "weir has only epoll"),
//   };
//   constinit const std::span<const KeywordRow> proxy_timeouts{kRows};
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "config/lexer.h"
#include "config/section.h"

namespace weir::config {

class ParseContext;

/// One line given to a keyword function.
struct Line {
  std::span<const Word> words;    // all of them, a prefix ("no", "default") removed
  std::size_t keyword_words = 1;  // how many the keyword took
  SourcePosition at;              // the keyword's first word
  SourcePosition end;             // just behind the last word: where something is missing
  [[nodiscard]] std::span<const Word> args() const { return words.subspan(keyword_words); }
};

using KeywordFunction = void (*)(ParseContext&, const Line&);

constexpr int kAnyArgs = -1;

/// Bits of KeywordRow::accepts.
namespace accepts {
constexpr std::uint8_t no_prefix = 1;       // "no option tcplog"; min_args does not apply then
constexpr std::uint8_t default_prefix = 2;  // "default option tcplog"
constexpr std::uint8_t once = 4;            // a second one in the same section is an error
}  // namespace accepts

enum class KeywordStatus : std::uint8_t { works, no_meaning, dropped };

struct KeywordRow {
  std::string_view name;  // words with single spaces: "timeout client"; the longest match wins
  SectionSet sections = 0;
  std::string_view arguments = {};  // how the manual writes them: "<address> [port <n>]"
  int min_args = 0;
  int max_args = 0;  // kAnyArgs: the function checks
  std::uint8_t accepts = 0;
  KeywordFunction parse = nullptr;
  std::string_view doc = {};      // one sentence
  std::string_view example = {};  // one right line
  KeywordStatus status = KeywordStatus::works;
  std::string_view reason = {};       // dropped, no_meaning: why
  std::string_view replacement = {};  // dropped: what to write instead
};

/// A refused word: error with `reason`, hint "use '<replacement>'" unless that is empty.
constexpr KeywordRow dropped(std::string_view name, SectionSet sections, std::string_view reason,
                             std::string_view replacement = {}) {
  return {.name = name,
          .sections = sections,
          .max_args = kAnyArgs,
          .accepts = accepts::no_prefix | accepts::default_prefix,
          .doc = reason,
          .status = KeywordStatus::dropped,
          .reason = reason,
          .replacement = replacement};
}

/// An accepted word that changes nothing here: notice with `reason`.
constexpr KeywordRow no_meaning(std::string_view name, SectionSet sections, std::string_view reason) {
  return {.name = name,
          .sections = sections,
          .max_args = kAnyArgs,
          .accepts = accepts::no_prefix | accepts::default_prefix,
          .doc = reason,
          .status = KeywordStatus::no_meaning,
          .reason = reason};
}

/// For static_assert at the foot of a table: every row has a name, sections, a sentence, and works or says why not.
constexpr bool well_formed(std::span<const KeywordRow> rows) {
  for (const KeywordRow& row : rows) {
    if (row.name.empty() || row.sections == 0 || row.doc.empty()) return false;
    if (row.name.front() == ' ' || row.name.back() == ' ' || row.name.find("  ") != row.name.npos) return false;
    if (row.status == KeywordStatus::works && (row.parse == nullptr || row.example.empty())) return false;
    if (row.status != KeywordStatus::works && row.reason.empty()) return false;
    if (row.max_args != kAnyArgs && row.max_args < row.min_args) return false;
  }
  return true;
}

}  // namespace weir::config
