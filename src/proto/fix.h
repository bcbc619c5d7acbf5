// FIX messages: fields of tag, '=' and value, each ended by SOH.
//
// The first three fields are BeginString, BodyLength and MsgType, the last is CheckSum; the length says where it
// stands. A look at what has arrived judges the first message. Spec: FIX session layer, "message format".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::proto::fix {

enum class Validity : std::uint8_t { need_more, invalid, valid };

/// The first message of `bytes`; what follows it is not looked at.
[[nodiscard]] Validity check_message(std::string_view bytes);

/// The value of the first field of that tag up to the CheckSum; a field without its end is none.
[[nodiscard]] std::optional<std::string_view> field_value(std::string_view bytes, std::uint32_t tag);

/// The numbers of tags that have names here: MsgType is 35.
[[nodiscard]] std::optional<std::uint32_t> tag_number(std::string_view name);

}  // namespace weir::proto::fix
