#include "proto/mqtt.h"

#include <algorithm>

#include "proto/byte_reader.h"

namespace weir::proto::mqtt {
namespace {

/// The codings of MQTT on top of plain numbers. MQTT 5.0 1.5.
class Reader : public ByteReader {
 public:
  using ByteReader::ByteReader;
  std::string_view text() { return take(u16()); }
  /// Seven bits a byte, the lowest first, four bytes at most.
  std::uint32_t variable() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const std::uint8_t byte = u8();
      value |= (byte & 0x7fU) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    fail();
    return 0;
  }
  std::string_view properties() { return take(variable()); }
};

enum class Coding : std::uint8_t { one, two, four, variable, bytes, pair };
struct PropertyRow {
  std::uint8_t number;
  Coding coding;
  std::uint8_t packets;  // bits: 1 in a CONNECT, 2 in its will, 4 in a CONNACK
};
// MQTT 5.0 2.2.2.2.
constexpr PropertyRow kProperties[] = {
    {1, Coding::one, 2},    {2, Coding::four, 2},   {3, Coding::bytes, 2},  {8, Coding::bytes, 2},
    {9, Coding::bytes, 2},  {17, Coding::four, 5},  {18, Coding::bytes, 4}, {19, Coding::two, 4},
    {21, Coding::bytes, 5}, {22, Coding::bytes, 5}, {23, Coding::one, 1},   {24, Coding::four, 2},
    {25, Coding::one, 1},   {26, Coding::bytes, 4}, {28, Coding::bytes, 4}, {31, Coding::bytes, 4},
    {33, Coding::two, 5},   {34, Coding::two, 5},   {36, Coding::one, 4},   {37, Coding::one, 4},
    {38, Coding::pair, 7},  {39, Coding::four, 5},  {40, Coding::one, 4},   {41, Coding::one, 4},
    {42, Coding::one, 4},
};
constexpr std::uint8_t kInConnect = 1;
constexpr std::uint8_t kInWill = 2;
constexpr std::uint8_t kInConnack = 4;

const PropertyRow* property_row(std::uint32_t number) {
  const auto* found = std::ranges::find(kProperties, number, &PropertyRow::number);
  return found == std::end(kProperties) ? nullptr : found;
}

/// One property's value; a pair gives its first half.
Property read_value(Reader& reader, Coding coding) {
  switch (coding) {
    case Coding::one: return {true, reader.u8()};
    case Coding::two: return {true, reader.number(2)};
    case Coding::four: return {true, reader.number(4)};
    case Coding::variable: return {true, reader.variable()};
    case Coding::bytes: return {false, 0, reader.text()};
    case Coding::pair: break;
  }
  const std::string_view name = reader.text();
  reader.text();
  return {false, 0, name};
}

bool good_properties(std::string_view list, std::uint8_t packet) {
  Reader reader(list);
  while (!reader.empty() && !reader.failed()) {
    const PropertyRow* row = property_row(reader.variable());
    if (row == nullptr || (row->packets & packet) == 0) return false;
    read_value(reader, row->coding);
  }
  return !reader.failed();
}

bool read_connect(Reader& reader, Packet& packet) {
  packet.protocol_name = reader.text();
  packet.version = reader.u8();
  packet.flags = reader.u8();
  packet.keepalive = static_cast<std::uint16_t>(reader.number(2));
  const bool known = packet.protocol_name == "MQTT" ? packet.version >= 3 && packet.version <= 5
                                                    : packet.protocol_name == "MQIsdp" && packet.version == 3;
  // MQTT 3.1.1 3.1.2.3: the lowest bit is reserved; without a will its quality and retain bits are 0.
  const bool will = (packet.flags & 0x04) != 0;
  if (!known || (packet.flags & 0x01) != 0 || (packet.flags & 0x18) == 0x18 || (!will && (packet.flags & 0x38) != 0))
    return false;
  if (packet.version == 5) packet.properties = reader.properties();
  packet.client_identifier = reader.text();
  if (will) {
    if (packet.version == 5) packet.will_properties = reader.properties();
    packet.will_topic = reader.text();
    packet.will_payload = reader.text();
  }
  if ((packet.flags & 0x80) != 0) packet.username = reader.text();
  if ((packet.flags & 0x40) != 0) packet.password = reader.text();
  return !reader.failed() && reader.empty() && good_properties(packet.properties, kInConnect) &&
         good_properties(packet.will_properties, kInWill);
}

bool read_connack(Reader& reader, Packet& packet) {
  packet.flags = reader.u8();
  packet.reason_code = reader.u8();
  packet.version = reader.empty() ? 4 : 5;
  if (packet.version == 5) packet.properties = reader.properties();
  return !reader.failed() && reader.empty() && (packet.flags & 0xfe) == 0 &&
         good_properties(packet.properties, kInConnack);
}

}  // namespace

Parse parse_first_packet(std::string_view bytes) {
  if (bytes.empty()) return {};
  const auto first = static_cast<unsigned char>(bytes[0]);
  const unsigned type = first >> 4;
  if ((first & 0x0f) != 0 || (type != 1 && type != 2)) return {Outcome::invalid};
  std::size_t length_bytes = 1;
  while (length_bytes < bytes.size() && (static_cast<unsigned char>(bytes[length_bytes]) & 0x80) != 0) ++length_bytes;
  if (length_bytes > 4) return {Outcome::invalid};
  if (length_bytes >= bytes.size()) return {};
  const std::uint32_t length = Reader(bytes.substr(1, length_bytes)).variable();
  const std::string_view body = bytes.substr(1 + length_bytes, length);
  if (body.size() < length) return {};
  Parse parse{.outcome = Outcome::complete, .packet = {}};
  parse.packet.type = static_cast<PacketType>(type);
  Reader reader(body);
  const bool good = type == 1 ? read_connect(reader, parse.packet) : read_connack(reader, parse.packet);
  if (!good) return {Outcome::invalid};
  return parse;
}

std::optional<Property> find_property(std::string_view list, std::uint32_t number) {
  Reader reader(list);
  while (!reader.empty() && !reader.failed()) {
    const std::uint32_t found = reader.variable();
    const PropertyRow* row = property_row(found);
    if (row == nullptr) return std::nullopt;
    const Property value = read_value(reader, row->coding);
    if (found == number && !reader.failed()) return value;
  }
  return std::nullopt;
}

bool may_have_property(PacketType type, std::uint32_t number) {
  const PropertyRow* row = property_row(number);
  const unsigned packets = type == PacketType::connect ? kInConnect | kInWill : kInConnack;
  return row != nullptr && row->coding != Coding::pair && (row->packets & packets) != 0;
}

}  // namespace weir::proto::mqtt
