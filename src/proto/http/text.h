// The bytes of HTTP's grammar: tokens, white space, letters whatever their case, and lists between commas.
//
// Spec: RFC 9110 5.6. Eight bytes at a time where names are compared, which happens for every field.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace weir::proto::http {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// The characters of `others`, letters and digits.
constexpr std::array<bool, 256> alphanumeric_and(std::string_view others) {
  std::array<bool, 256> table{};
  for (int c = 0; c < 128; ++c) {
    table[static_cast<std::size_t>(c)] = is_letter(static_cast<char>(c)) || is_digit(static_cast<char>(c));
  }
  for (const char c : others) table[static_cast<unsigned char>(c)] = true;
  return table;
}
inline constexpr std::array<bool, 256> kTokenBytes = alphanumeric_and("!#$%&'*+-.^_`|~");
constexpr bool is_token_byte(char c) { return kTokenBytes[static_cast<unsigned char>(c)]; }
constexpr bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_byte); }

/// -1: no hexadecimal digit.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// The byte that `text` begins with as "%41"; -1: it does not.
constexpr int escaped_byte(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

inline std::uint64_t load8(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, 8);
  return word;
}
/// Eight bytes, capital letters made small; bytes above 127 stay.
constexpr std::uint64_t lower8(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t low = word & (kOnes * 0x7f);
  const std::uint64_t from_a = low + kOnes * (0x80 - 'A');
  const std::uint64_t past_z = low + kOnes * (0x80 - 'Z' - 1);
  return word | (((from_a ^ past_z) & ~word & (kOnes * 0x80)) >> 2);
}

/// Whether `text` is `small`, which has no capitals and the same size, whatever the case of `text`. The last word
/// overlaps the one before, so there is no tail to walk.
inline bool is_in_small(std::string_view text, std::string_view small) {
  const std::size_t size = text.size();
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      if (lower8(load8(text.data() + at)) != load8(small.data() + at)) return false;
    }
    return lower8(load8(text.data() + size - 8)) == load8(small.data() + size - 8);
  }
  for (std::size_t at = 0; at < size; ++at) {
    if (lower(text[at]) != small[at]) return false;
  }
  return true;
}

inline std::string lowered(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = lower(c);
  return small;
}

/// CR, LF and NUL become blanks: what a client sends begins no line of its own.
constexpr void blank_line_ends(std::span<char> text) {
  for (char& c : text)
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
}

/// RFC 9110 5.6.4: between quotation marks; what would end it before is escaped.
inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The elements of a list between commas, for fields without quoted strings; empty ones are skipped.
class ListWalk {
 public:
  explicit ListWalk(std::string_view list) : rest_(list) {}
  /// False at the end.
  bool next(std::string_view& element) {
    while (!rest_.empty()) {
      const std::size_t comma = rest_.find(',');
      element = trimmed(rest_.substr(0, comma));
      rest_ = comma == std::string_view::npos ? std::string_view() : rest_.substr(comma + 1);
      if (!element.empty()) return true;
    }
    return false;
  }

 private:
  std::string_view rest_;
};

}  // namespace weir::proto::http
