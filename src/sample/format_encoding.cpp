#include "sample/format_encoding.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "base/units.h"
#include "base/utf8.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

using Kind = EncodedValue::Kind;

unsigned char byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

bool is_true(std::string_view text) { return text == "true" || text == "TRUE" || text == "1"; }

}  // namespace

EncodedValue as_type(EncodedValue value, ItemType type, std::span<char, 24> digits) {
  const bool numeric = value.kind == Kind::number || value.kind == Kind::boolean;
  if (value.kind == Kind::absent || type == ItemType::own) return value;
  switch (type) {
    case ItemType::own: break;
    case ItemType::str:
      if (value.kind == Kind::boolean) return {.kind = Kind::text, .text = value.number != 0 ? "true" : "false"};
      if (value.kind == Kind::number) {
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value.number).ptr;
        return {.kind = Kind::text, .text = {digits.data(), end}};
      }
      return {.kind = Kind::text, .text = value.text};
    case ItemType::sint:
      if (numeric) return {.kind = Kind::number, .number = value.number};
      if (const auto number = parse_integer(value.text, INT64_MIN, INT64_MAX))
        return {.kind = Kind::number, .number = *number};
      return {};
    case ItemType::boolean:
      return {.kind = Kind::boolean, .number = numeric ? (value.number != 0 ? 1 : 0) : (is_true(value.text) ? 1 : 0)};
  }
  return value;
}

void Encoder::put(unsigned char byte) {
  const std::size_t size = hex_ ? 2 : 1;
  if (used_ + size + kept_free_ > out_.size()) {
    truncated_ = true;
    return;
  }
  if (hex_) {
    out_[used_++] = kHexDigits[byte >> 4];
    out_[used_++] = kHexDigits[byte & 15];
  } else {
    out_[used_++] = static_cast<char>(byte);
  }
}

void Encoder::json_text(std::string_view text) {
  constexpr std::string_view kNamed = "\"\\\b\f\n\r\t";
  constexpr std::string_view kNames = "\"\\bfnrt";
  put('"');
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    const unsigned char c = byte_at(text, 0);
    if (const std::size_t named = kNamed.find(text[0]); named != std::string_view::npos) {
      put('\\');
      put(static_cast<unsigned char>(kNames[named]));
    } else if (size == 0 || c < 0x20 || c == 0x7f) {
      put("\\u00");
      put(static_cast<unsigned char>(lower(kHexDigits[c >> 4])));
      put(static_cast<unsigned char>(lower(kHexDigits[c & 15])));
    } else {
      put(text.substr(0, size));
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  put('"');
}

// RFC 8949 3: three bits say what it is, five its value or how many bytes hold that.
void Encoder::cbor_head(unsigned major, std::uint64_t value) {
  const unsigned kind = major << 5;
  if (value < 24) return put(static_cast<unsigned char>(kind | value));
  const unsigned power = value <= 0xff ? 0 : value <= 0xffff ? 1 : value <= 0xffffffff ? 2 : 3;
  put(static_cast<unsigned char>(kind | (24 + power)));
  for (unsigned shift = 8U << power; shift != 0; shift -= 8) put(static_cast<unsigned char>(value >> (shift - 8)));
}

void Encoder::cbor_text(std::string_view text) {
  std::size_t size = 0;
  for (std::size_t at = 0, step = 0; at < text.size(); at += std::max<std::size_t>(step, 1)) {
    step = character_size(text.substr(at));
    size += step == 0 ? 2 : step;
  }
  cbor_head(3, size);
  while (!text.empty()) {
    const std::size_t step = character_size(text);
    if (step == 0) {  // 0x80 to 0xff are two bytes in UTF-8
      put(static_cast<unsigned char>(0xc0 | byte_at(text, 0) >> 6));
      put(static_cast<unsigned char>(0x80 | (byte_at(text, 0) & 0x3f)));
    } else {
      put(text.substr(0, step));
    }
    text.remove_prefix(std::max<std::size_t>(step, 1));
  }
}

void Encoder::text(std::string_view text) { encoding_ == Encoding::json ? json_text(text) : cbor_text(text); }

void Encoder::value(const EncodedValue& value) {
  const bool json = encoding_ == Encoding::json;
  switch (value.kind) {
    case Kind::absent: return json ? put("null") : put(0xf6);
    case Kind::boolean:
      if (json) return put(value.number != 0 ? "true" : "false");
      return put(static_cast<unsigned char>(value.number != 0 ? 0xf5 : 0xf4));
    case Kind::number: {
      if (json) {
        char digits[24];
        return put({digits, std::to_chars(digits, digits + sizeof digits, value.number).ptr});
      }
      const bool negative = value.number < 0;
      return cbor_head(negative ? 1 : 0, static_cast<std::uint64_t>(negative ? -(value.number + 1) : value.number));
    }
    case Kind::text: return text(value.text);
    case Kind::bytes:
      if (json) return json_text(value.text);
      cbor_head(2, value.text.size());
      return put(value.text);
  }
}

void Encoder::begin_object() {
  kept_free_ = hex_ ? 2 : 1;
  put(static_cast<unsigned char>(encoding_ == Encoding::json ? '{' : 0xbf));  // a map whose length comes with its end
}

bool Encoder::member(std::string_view name, const EncodedValue& one) {
  if (truncated_) return false;
  const std::size_t before = used_;
  const bool json = encoding_ == Encoding::json;
  if (json && !first_) put(", ");
  text(name);
  if (json) put(": ");
  value(one);
  if (truncated_) used_ = before;
  first_ = false;
  return !truncated_;
}

void Encoder::end_object() {
  const bool cut = std::exchange(truncated_, false);
  kept_free_ = 0;
  put(static_cast<unsigned char>(encoding_ == Encoding::json ? '}' : 0xff));
  truncated_ |= cut;
}

}  // namespace weir::sample
