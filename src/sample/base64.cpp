#include "sample/base64.h"

#include <algorithm>
#include <cstdint>

namespace weir::sample {
namespace {

constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

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
  const std::string_view alphabet = form == Base64::plain ? kPlain : kUrl;
  char* out = arena.take(text.size());
  if (out == nullptr || text.size() % 4 == 1) return std::nullopt;
  std::size_t size = 0;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t value = alphabet.find(text[i]);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (i % 4 != 0) out[size++] = static_cast<char>(bits >> (6 - 2 * (i % 4)) & 0xff);
  }
  return std::string_view(out, size);
}

}  // namespace weir::sample
