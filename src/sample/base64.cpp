#include "sample/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace weir::sample {
namespace {

constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kNone = 64;
/// What each byte means; kNone: it has no place there.
constexpr std::array<std::uint8_t, 256> meanings(std::string_view alphabet) {
  std::array<std::uint8_t, 256> table{};
  table.fill(kNone);
  for (std::uint8_t i = 0; i < 64; ++i) table[static_cast<unsigned char>(alphabet[i])] = i;
  return table;
}
constexpr auto kPlainMeanings = meanings(kPlain);
constexpr auto kUrlMeanings = meanings(kUrl);

}  // namespace

std::optional<std::string_view> base64_encoded(std::string_view data, Base64 form, Arena& arena) {
  const std::string_view alphabet = form == Base64::plain ? kPlain : kUrl;
  char* out = arena.take((data.size() + 2) / 3 * 4);
  if (out == nullptr) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t at = 0; at < data.size(); at += 3) {
    const std::size_t have = std::min<std::size_t>(3, data.size() - at);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < have ? static_cast<unsigned char>(data[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i) {
      if (i <= have)
        out[size++] = alphabet[bits >> (18 - 6 * i) & 63];
      else if (form == Base64::plain)
        out[size++] = '=';
    }
  }
  return std::string_view(out, size);
}

std::optional<std::string_view> base64_decoded(std::string_view text, Base64 form, Arena& arena) {
  if (form == Base64::plain) {
    if (text.size() % 4 != 0) return std::nullopt;
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  const auto& meaning = form == Base64::plain ? kPlainMeanings : kUrlMeanings;
  char* out = arena.take(text.size());
  if (out == nullptr || text.size() % 4 == 1) return std::nullopt;
  std::size_t size = 0;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint8_t value = meaning[static_cast<unsigned char>(text[i])];
    if (value == kNone) return std::nullopt;
    bits = bits << 6 | value;
    if (i % 4 != 0) out[size++] = static_cast<char>(bits >> (6 - 2 * (i % 4)) & 0xff);
  }
  return std::string_view(out, size);
}

}  // namespace weir::sample
