// Diagnostics: everything that is wrong with what a person wrote, collected, not stopped at the first.
//
// A parser reports and goes on; the caller renders all of it at the end: file:line:column, the line, a caret under the
// word, what was expected, "did you mean", a right example. Not thread-safe: one Diagnostics belongs to one parse.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Where a word stands in its source. Lines and columns count from 1; 0 means unknown. The file is an index into
/// Diagnostics::add_file().
struct SourcePosition {
  std::uint32_t file = 0;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t length = 0;
};

enum class Severity : std::uint8_t { diag, notice, warning, alert };

struct Diagnostic {
  Severity severity = Severity::alert;
  SourcePosition position;
  std::string message;  // what is wrong: "server 'srv01' has no address"
  std::string hint;     // "did you mean 'balance'?" or what was expected; empty when there is nothing to add
  std::string example;  // one right line; empty when there is none
};

class Diagnostics {
 public:
  /// Bounded: past this many diagnostics further ones are only counted.
  static constexpr std::size_t kMaxKept = 1000;

  /// Registers a source (name as the user typed it and its whole text, kept for the caret lines); returns its file
  /// index.
  std::uint32_t add_file(std::string name, std::string text);

  /// Each returns the new diagnostic so that hint and example can be added: `diagnostics.error(at, "...").hint =
  /// "..."`.
  Diagnostic& error(SourcePosition at, std::string message) { return add(Severity::alert, at, std::move(message)); }
  Diagnostic& warning(SourcePosition at, std::string message) { return add(Severity::warning, at, std::move(message)); }
  Diagnostic& notice(SourcePosition at, std::string message) { return add(Severity::notice, at, std::move(message)); }
  Diagnostic& diag(SourcePosition at, std::string message) { return add(Severity::diag, at, std::move(message)); }
  Diagnostic& add(Severity severity, SourcePosition at, std::string message);

  [[nodiscard]] bool has_errors() const { return errors_ != 0; }
  [[nodiscard]] std::size_t errors() const { return errors_; }
  [[nodiscard]] std::size_t warnings() const { return warnings_; }
  [[nodiscard]] std::span<const Diagnostic> all() const { return kept_; }
  [[nodiscard]] std::string_view file_name(std::uint32_t file) const;

  /// All diagnostics of at least that severity, in the order they were found, ready for a terminal. Ends with a newline
  /// unless empty.
  [[nodiscard]] std::string render(Severity at_least = Severity::notice) const;

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<std::uint32_t> line_starts;
  };
  std::string_view source_line(const SourcePosition& at) const;

  std::vector<File> files_;
  std::vector<Diagnostic> kept_;
  Diagnostic overflow_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
  std::size_t dropped_ = 0;
};

/// The candidate nearest to `word` by edit distance, or empty when none is near enough to be meant.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace weir
