// Protocol Buffers on the wire: one field out of a message, by its number, or by numbers through messages inside.
//
// A message is a row of keys and values; a key is the field's number and the way its value is written. Nothing is known
// of the message's definition, so the caller says what the value means. The first field of a number counts. Spec:
// protobuf.dev, Encoding.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weir::proto::protobuf {

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct Field {
  Wire wire = Wire::varint;
  std::string_view raw;      // the value's own bytes, without a length before them
  std::uint64_t number = 0;  // of all but bytes
};

/// Nothing when there is no such field, or the message is broken before it.
[[nodiscard]] std::optional<Field> find(std::string_view message, std::span<const std::uint32_t> path);
/// "zig-zag": 0, -1, 1, -2 ...
[[nodiscard]] std::int64_t signed_of(std::uint64_t zigzag);
/// The message behind gRPC's five bytes, if it is not compressed and all there.
[[nodiscard]] std::optional<std::string_view> grpc_message(std::string_view bytes);

}  // namespace weir::proto::protobuf
