// Values of a format as JSON (RFC 8259) or CBOR (RFC 8949): "%{+json}o %(client)ci %(bytes)B".
//
// With the flag on %o the whole line is one object of the named items, in their order; on an item only its value is
// encoded. CBOR is written in hexadecimal, as lines are text, or with +bin as it is. Text is UTF-8 in both; a byte that
// is none stands for the character of its number, so that nothing is lost. What does not fit is left out as a whole:
// an object is always closed. Manual 8.2.6.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace weir::sample {

enum class Encoding : std::uint8_t { none, json, cbor };

/// "%(name:type)"
enum class ItemType : std::uint8_t { own, str, sint, boolean };

struct EncodedValue {
  enum class Kind : std::uint8_t { absent, number, boolean, text, bytes } kind = Kind::absent;
  std::int64_t number = 0;  // and boolean
  std::string_view text;    // and bytes
};

/// The value as that type: "12" is a number, a number is text; null where it has no such form. `digits` is room for the
/// text of a number.
[[nodiscard]] EncodedValue as_type(EncodedValue value, ItemType type, std::span<char, 24> digits);

class Encoder {
 public:
  Encoder(std::span<char> out, Encoding encoding, bool binary)
      : out_(out), encoding_(encoding), hex_(encoding == Encoding::cbor && !binary) {}

  void begin_object();
  /// One member, whole or not at all; false: it did not fit.
  bool member(std::string_view name, const EncodedValue& value);
  void end_object();
  void value(const EncodedValue& value);
  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] bool truncated() const { return truncated_; }

 private:
  void put(unsigned char byte);
  void put(std::string_view bytes) {
    for (const char c : bytes) put(static_cast<unsigned char>(c));
  }
  void json_text(std::string_view text);
  void cbor_head(unsigned major, std::uint64_t value);
  void cbor_text(std::string_view text);
  void text(std::string_view text);

  std::span<char> out_;
  std::size_t used_ = 0;
  std::size_t kept_free_ = 0;  // for the end of the object
  Encoding encoding_;
  bool hex_;
  bool first_ = true;
  bool truncated_ = false;
};

}  // namespace weir::sample
