#include "check/pattern.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <utility>

namespace weir::check {
namespace {

constexpr std::array<std::pair<std::string_view, PatternKind>, 6> kKinds = {{{"string", PatternKind::string},
                                                                             {"rstring", PatternKind::rstring},
                                                                             {"binary", PatternKind::binary},
                                                                             {"rbinary", PatternKind::rbinary},
                                                                             {"string-lf", PatternKind::string_lf},
                                                                             {"binary-lf", PatternKind::binary_lf}}};

constexpr std::string_view kDigits = "0123456789ABCDEF";

std::string to_hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

std::optional<PatternKind> find_pattern_kind(std::string_view word) {
  for (const auto& [name, kind] : kKinds)
    if (name == word) return kind;
  return std::nullopt;
}

Result<std::string> parse_hex(std::string_view digits) {
  std::string bytes;
  unsigned high = 0;
  for (std::size_t i = 0; i < digits.size(); i++) {
    const auto digit = kDigits.find(static_cast<char>(std::toupper(static_cast<unsigned char>(digits[i]))));
    if (digit == kDigits.npos) return fail(fmt::format("'{}' is no hexadecimal digit", digits[i]));
    if (i % 2 == 0)
      high = static_cast<unsigned>(digit);
    else
      bytes += static_cast<char>(high * 16 + static_cast<unsigned>(digit));
  }
  if (digits.empty() || digits.size() % 2 != 0)
    return fail("expected an even number of hexadecimal digits, two for each byte");
  return bytes;
}

Result<std::shared_ptr<const Pattern>> Pattern::compile(PatternKind kind, std::string_view text,
                                                        std::shared_ptr<const sample::LogFormat> format) {
  auto pattern = std::make_shared<Pattern>();
  pattern->kind_ = kind;
  pattern->text_ = text;
  pattern->format_ = std::move(format);
  if (text.empty()) return fail("an empty pattern matches everything");
  if (kind == PatternKind::string) {
    pattern->bytes_ = text;
  } else if (kind == PatternKind::binary) {
    auto bytes = parse_hex(text);
    if (!bytes) return unexpected(bytes.error());
    pattern->bytes_ = std::move(*bytes);
  } else if (kind == PatternKind::rstring || kind == PatternKind::rbinary) {
    auto regex = sample::Regex::compile(text, false);
    if (!regex) return unexpected(regex.error());
    pattern->regex_ = std::move(*regex);
  }
  return std::shared_ptr<const Pattern>(std::move(pattern));
}

bool Pattern::matches(std::string_view received, std::string_view expanded) const {
  switch (kind_) {
    case PatternKind::string:
    case PatternKind::binary: return received.contains(bytes_);
    case PatternKind::rstring: return regex_->matches(received);
    case PatternKind::rbinary: return regex_->matches(to_hex(received));
    case PatternKind::string_lf: return received.contains(expanded);
    case PatternKind::binary_lf: {
      const auto bytes = parse_hex(expanded);
      return bytes && received.contains(*bytes);
    }
  }
  return false;
}

std::string Pattern::describe() const {
  switch (kind_) {
    case PatternKind::string: return fmt::format("string '{}'", text_);
    case PatternKind::binary: return fmt::format("binary '{}'", text_);
    case PatternKind::rstring: return "regex";
    case PatternKind::rbinary: return "binary regex";
    case PatternKind::string_lf: return "log-format string";
    case PatternKind::binary_lf: return "log-format binary";
  }
  return {};
}

std::string Pattern::content() const {
  if (kind_ == PatternKind::string) return fmt::format("'{}'", text_);
  if (kind_ == PatternKind::binary) return "(binary)";
  return fmt::format("({})", describe());
}

}  // namespace weir::check
