#include "proto/distcc.h"

#include <algorithm>
#include <charconv>

namespace weir::proto::distcc {
namespace {

constexpr std::size_t kNameSize = 4;
constexpr std::size_t kHeader = 12;
constexpr std::string_view kWithBody[] = {"ARGV", "CDIR", "DOTD", "DOTI", "DOTO",
                                          "FILE", "LINK", "NAME", "SERR", "SOUT"};

bool is_name(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

/// Digits only: from_chars alone would take a sign.
bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

}  // namespace

bool has_body(std::string_view name) { return std::ranges::find(kWithBody, name) != std::end(kWithBody); }

Token find_token(std::string_view bytes, std::string_view name, std::uint32_t occurrence) {
  while (true) {
    if (!is_name(bytes.substr(0, kNameSize))) return {.outcome = Outcome::not_there};
    if (bytes.size() > kNameSize && !is_hex(bytes.substr(kNameSize, kHeader - kNameSize)))
      return {.outcome = Outcome::not_there};
    if (bytes.size() < kHeader) return {};
    const std::string_view found = bytes.substr(0, kNameSize);
    std::uint32_t parameter = 0;
    std::from_chars(bytes.data() + kNameSize, bytes.data() + kHeader, parameter, 16);
    bytes.remove_prefix(kHeader);
    const std::size_t size = has_body(found) ? parameter : 0;
    if (found == name && --occurrence == 0)
      return {Outcome::found, parameter, bytes.substr(0, size), bytes.size() >= size};
    if (bytes.size() < size) return {};
    bytes.remove_prefix(size);
  }
}

}  // namespace weir::proto::distcc
