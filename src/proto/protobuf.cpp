#include "proto/protobuf.h"

#include <algorithm>

namespace weir::proto::protobuf {
namespace {

/// Takes a varint off the front; at most ten bytes of seven bits.
std::optional<std::uint64_t> take_varint(std::string_view& rest) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(rest.size(), 10); ++i) {
    const auto byte = static_cast<unsigned char>(rest[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    rest.remove_prefix(i + 1);
    return value;
  }
  return std::nullopt;
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// Takes a value of that way of writing off the front.
std::optional<Field> take_value(std::string_view& rest, std::uint64_t wire) {
  const std::string_view before = rest;
  std::size_t size = 0;
  switch (wire) {
    case 0: {
      const auto number = take_varint(rest);
      if (!number) return std::nullopt;
      return Field{.wire = Wire::varint, .raw = before.substr(0, before.size() - rest.size()), .number = *number};
    }
    case 1: size = 8; break;
    case 2: {
      const auto length = take_varint(rest);
      if (!length || *length > rest.size()) return std::nullopt;
      size = static_cast<std::size_t>(*length);
      break;
    }
    case 5: size = 4; break;
    default: return std::nullopt;  // groups are long gone
  }
  if (size > rest.size()) return std::nullopt;
  const std::string_view raw = rest.substr(0, size);
  rest.remove_prefix(size);
  if (wire == 2) return Field{.wire = Wire::bytes, .raw = raw, .number = 0};
  return Field{.wire = wire == 1 ? Wire::fixed64 : Wire::fixed32, .raw = raw, .number = little_endian(raw)};
}

std::optional<Field> find_one(std::string_view message, std::uint32_t number) {
  while (!message.empty()) {
    const auto key = take_varint(message);
    if (!key) return std::nullopt;
    const auto field = take_value(message, *key & 7);
    if (!field || (*key >> 3) == number) return field;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Field> find(std::string_view message, std::span<const std::uint32_t> path) {
  std::optional<Field> field;
  for (const std::uint32_t number : path) {
    if (field && field->wire != Wire::bytes) return std::nullopt;
    field = find_one(field ? field->raw : message, number);
    if (!field) return std::nullopt;
  }
  return field;
}

std::int64_t signed_of(std::uint64_t zigzag) { return static_cast<std::int64_t>(zigzag >> 1 ^ (~(zigzag & 1) + 1)); }

std::optional<std::string_view> grpc_message(std::string_view bytes) {
  if (bytes.size() < 5 || bytes[0] != 0) return std::nullopt;
  std::uint64_t length = 0;
  for (const char c : bytes.substr(1, 4)) length = length << 8 | static_cast<unsigned char>(c);
  bytes.remove_prefix(5);
  return length <= bytes.size() ? std::optional(bytes.substr(0, static_cast<std::size_t>(length))) : std::nullopt;
}

}  // namespace weir::proto::protobuf
