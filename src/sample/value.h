// Sample: one typed value on its way from a fetch through converters to a matcher, a table key or a log line.
//
// 24 bytes, copied freely. Text and binary data are borrowed: from the input buffer, the arena, or the expression's own
// constants; a sample is good until the context's buffers change or its arena is reset. Types turn into each other
// implicitly where a keyword wants another one than it is given; cast() is that table. Manual 7.1 (table), 7.3.
#pragma once

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "sample/arena.h"

namespace weir::sample {

enum class Type : std::uint8_t {
  any,      // only in rows: takes or gives whatever comes
  address,  // only in rows: ipv4 or ipv6, known at run time
  boolean,
  integer,  // 64 bits, signed
  ipv4,
  ipv6,
  string,
  binary,
  method,  // an HTTP method; its text
};
inline constexpr std::size_t kTypeCount = 9;
[[nodiscard]] std::string_view type_name(Type type);
/// As the reference's programs print it: "str", "sint".
[[nodiscard]] std::string_view short_type_name(Type type);

class Sample {
 public:
  Sample() = default;
  static Sample boolean(bool value) { return number(Type::boolean, value ? 1 : 0); }
  static Sample integer(std::int64_t value) { return number(Type::integer, value); }
  static Sample ipv4(std::uint32_t host_order) { return number(Type::ipv4, host_order); }
  static Sample ipv6(const in6_addr& address) {
    Sample sample;
    sample.type_ = Type::ipv6;
    std::memcpy(sample.ipv6_.data(), &address, sizeof address);
    return sample;
  }
  static Sample string(std::string_view text) { return bytes(Type::string, text); }
  static Sample binary(std::string_view data) { return bytes(Type::binary, data); }
  static Sample method(std::string_view name) { return bytes(Type::method, name); }
  /// ipv4 or ipv6; nothing for other families (type() stays any).
  static Sample address(const SocketAddress& address);

  [[nodiscard]] Type type() const { return type_; }
  [[nodiscard]] bool is_text() const { return type_ >= Type::string; }
  [[nodiscard]] bool is_address() const { return type_ == Type::ipv4 || type_ == Type::ipv6; }
  [[nodiscard]] bool as_boolean() const { return number_ != 0; }
  [[nodiscard]] std::int64_t as_integer() const { return number_; }                            // and boolean
  [[nodiscard]] std::uint32_t as_ipv4() const { return static_cast<std::uint32_t>(number_); }  // host order
  [[nodiscard]] in6_addr as_ipv6() const {
    in6_addr address;
    std::memcpy(&address, ipv6_.data(), sizeof address);
    return address;
  }
  [[nodiscard]] std::string_view text() const { return {text_.data, text_.size}; }  // string, binary, method

  /// The value may be another one when more input arrives: a mismatch now decides nothing yet.
  [[nodiscard]] bool may_change() const { return may_change_; }
  Sample& set_may_change(bool value) {
    may_change_ = value;
    return *this;
  }

 private:
  static Sample number(Type type, std::int64_t value) {
    Sample sample;
    sample.type_ = type;
    sample.number_ = value;
    return sample;
  }
  static Sample bytes(Type type, std::string_view text) {
    Sample sample;
    sample.type_ = type;
    sample.text_ = {text.data(), text.size()};
    return sample;
  }
  struct Text {
    const char* data;
    std::size_t size;
  };
  union {
    std::int64_t number_ = 0;
    Text text_;
    std::array<unsigned char, 16> ipv6_;
  };
  Type type_ = Type::any;
  bool may_change_ = false;
};

/// ::ffff:a.b.c.d, ::a.b.c.d and 2002:a.b.c.d:: carry an IPv4 address.
[[nodiscard]] std::optional<std::uint32_t> embedded_ipv4(const in6_addr& address);
/// ::ffff:a.b.c.d
[[nodiscard]] in6_addr mapped_ipv6(std::uint32_t host_order);

/// The IPv4 or IPv6 address that the text is, and nothing else.
[[nodiscard]] std::optional<Sample> parse_address(std::string_view text);

/// Whether a keyword that wants `to` may follow one that gives `from`; address and any stand for all they can be.
[[nodiscard]] bool can_cast(Type from, Type to);
/// cast() for a sample that is not of that type yet.
[[nodiscard]] bool convert(Sample& sample, Type to, Arena& arena);
/// Turns `sample` into `to`; false when this value has no such form ("x" as an integer) or the arena is full.
[[nodiscard]] inline bool cast(Sample& sample, Type to, Arena& arena) {
  if (sample.type() == to || to == Type::any || (to == Type::address && sample.is_address())) return true;
  return convert(sample, to, arena);
}
/// The value as people read it, for logs and string matching: 1, 10.0.0.1, text. nullopt when the arena is full.
[[nodiscard]] std::optional<std::string_view> to_text(const Sample& sample, Arena& arena);

}  // namespace weir::sample
