// What `tcp-check expect` looks for in the bytes received.
//
// Text and bytes are searched for anywhere; regular expressions are PCRE2. `rbinary` matches against the bytes written
// as hexadecimal digits, so the digits' case is the only one: upper. A log-format pattern is expanded anew by each
// check and handed in. Manual: tcp-check expect.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sample/log_format.h"
#include "sample/pattern.h"

namespace weir::check {

enum class PatternKind : std::uint8_t { string, rstring, binary, rbinary, string_lf, binary_lf };

std::optional<PatternKind> find_pattern_kind(std::string_view word);
/// "0d0A" as bytes; the error says which digit is wrong.
Result<std::string> parse_hex(std::string_view digits);

class Pattern {
 public:
  /// `format` belongs to the two log-format kinds, whose `text` is its source.
  static Result<std::shared_ptr<const Pattern>> compile(PatternKind kind, std::string_view text,
                                                        std::shared_ptr<const sample::LogFormat> format = nullptr);

  /// `expanded` is the format's text; a malformed hexadecimal one matches nothing.
  [[nodiscard]] bool matches(std::string_view received, std::string_view expanded) const;
  [[nodiscard]] PatternKind kind() const { return kind_; }
  [[nodiscard]] const sample::LogFormat* format() const { return format_.get(); }
  [[nodiscard]] std::string describe() const;  // "string 'x'", "binary '0a'", "regex", "log-format string"
  [[nodiscard]] std::string content() const;   // "'x'", "(regex)", "(binary)", "(log-format string)"

 private:
  PatternKind kind_ = PatternKind::string;
  std::string text_;   // as written
  std::string bytes_;  // what string and binary search for
  std::optional<sample::Regex> regex_;
  std::shared_ptr<const sample::LogFormat> format_;
};

}  // namespace weir::check
