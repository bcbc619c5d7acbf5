// The first packet of each side of an MQTT connection: CONNECT and CONNACK.
//
// A fixed header (type and flags, a length of one to four bytes), then fields in a fixed order; version 5 adds
// properties, a list of (number, value) whose number says how the value is coded. A parse looks at what has arrived;
// views point into the bytes given. Spec: MQTT 3.1, 3.1.1 section 3.1 and 3.2, MQTT 5.0 section 2.2.2, 3.1, 3.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::proto::mqtt {

enum class PacketType : std::uint8_t { connect = 1, connack = 2 };

enum class Outcome : std::uint8_t { need_more, invalid, complete };

struct Packet {
  PacketType type{};
  std::uint8_t flags = 0;    // connect flags, or the acknowledge flags
  std::uint8_t version = 0;  // 3, 4 or 5; of a CONNACK by its form: 4 or 5
  std::string_view properties{};
  // CONNECT
  std::string_view protocol_name{};
  std::uint16_t keepalive = 0;
  std::string_view client_identifier{};
  std::string_view will_properties{};
  std::optional<std::string_view> will_topic{}, will_payload{}, username{}, password{};
  // CONNACK
  std::uint8_t reason_code = 0;
};

struct Parse {
  Outcome outcome = Outcome::need_more;
  Packet packet{};
};

[[nodiscard]] Parse parse_first_packet(std::string_view bytes);

/// A property's value: a number, or bytes.
struct Property {
  bool is_number = false;
  std::uint32_t number = 0;
  std::string_view bytes{};
};
/// The first of that number in a list of properties.
[[nodiscard]] std::optional<Property> find_property(std::string_view list, std::uint32_t number);
/// Whether a packet of that type may bear the property; user properties (38) are not looked up.
[[nodiscard]] bool may_have_property(PacketType type, std::uint32_t number);

}  // namespace weir::proto::mqtt
