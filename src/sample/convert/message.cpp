// Converters that read a message of another protocol: FIX and MQTT. Manual 7.3.1; codecs: proto/fix.h, proto/mqtt.h.
//
// They are given the bytes of a buffer. While those are the beginning of a message, there is no value yet: a rule
// waits.
#include <algorithm>
#include <charconv>

#include "proto/fix.h"
#include "proto/mqtt.h"
#include "sample/tables.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

namespace fix = proto::fix;
namespace mqtt = proto::mqtt;

bool fix_is_valid(const Args&, Context&, Sample& sample) {
  const fix::Validity validity = fix::check_message(sample.text());
  sample = Sample::boolean(validity == fix::Validity::valid);
  return validity != fix::Validity::need_more;
}

bool fix_tag_value(const Args& args, Context&, Sample& sample) {
  const auto value = fix::field_value(sample.text(), *static_cast<const std::uint32_t*>(args.prepared));
  if (value) sample = Sample::binary(*value);
  return value.has_value();
}

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<std::shared_ptr<const void>> prepare_tag(const Args& args) {
  auto number = number_of(args[0].text);
  if (!number) number = fix::tag_number(args[0].text);
  if (!number)
    return fail(
        "a tag's number was expected, or BeginString, BodyLength, MsgType, SenderCompID, TargetCompID or CheckSum");
  return std::make_shared<const std::uint32_t>(*number);
}

bool mqtt_is_valid(const Args&, Context&, Sample& sample) {
  const mqtt::Outcome outcome = mqtt::parse_first_packet(sample.text()).outcome;
  sample = Sample::boolean(outcome == mqtt::Outcome::complete);
  return outcome != mqtt::Outcome::need_more;
}

/// A field by its name, or a property by its number.
struct MqttField {
  mqtt::PacketType type{};
  std::string_view name{};
  std::uint32_t property = 0;
};
constexpr std::string_view kConnectFields[] = {"flags",      "protocol_name", "protocol_version", "client_identifier",
                                               "will_topic", "will_payload",  "username",         "password",
                                               "keepalive"};
constexpr std::string_view kConnackFields[] = {"flags", "protocol_version", "reason_code"};

bool give_number(Context& context, Sample& sample, std::uint32_t number) {
  const auto text = to_text(Sample::integer(number), context.arena);
  if (text) sample = Sample::binary(*text);
  return text.has_value();
}
bool give_bytes(Sample& sample, std::optional<std::string_view> bytes) {
  if (bytes) sample = Sample::binary(*bytes);
  return bytes.has_value();
}

bool give_property(const mqtt::Packet& packet, std::uint32_t number, Context& context, Sample& sample) {
  auto property = mqtt::find_property(packet.properties, number);
  if (!property) property = mqtt::find_property(packet.will_properties, number);
  if (!property) return false;
  return property->is_number ? give_number(context, sample, property->number) : give_bytes(sample, property->bytes);
}

bool mqtt_field_value(const Args& args, Context& context, Sample& sample) {
  const auto& field = *static_cast<const MqttField*>(args.prepared);
  const mqtt::Parse parse = mqtt::parse_first_packet(sample.text());
  const mqtt::Packet& packet = parse.packet;
  if (parse.outcome != mqtt::Outcome::complete || packet.type != field.type) return false;
  if (field.name.empty()) return give_property(packet, field.property, context, sample);
  if (field.name == "flags") return give_number(context, sample, packet.flags);
  if (field.name == "protocol_version") return give_number(context, sample, packet.version);
  if (field.name == "reason_code") return give_number(context, sample, packet.reason_code);
  if (field.name == "keepalive") return give_number(context, sample, packet.keepalive);
  if (field.name == "protocol_name") return give_bytes(sample, packet.protocol_name);
  if (field.name == "client_identifier") return give_bytes(sample, packet.client_identifier);
  if (field.name == "will_topic") return give_bytes(sample, packet.will_topic);
  if (field.name == "will_payload") return give_bytes(sample, packet.will_payload);
  return give_bytes(sample, field.name == "username" ? packet.username : packet.password);
}

Result<std::shared_ptr<const void>> prepare_field(const Args& args) {
  MqttField field;
  const std::string type = lowered(args[0].text);
  const std::string name = lowered(args[1].text);
  if (type == "connect" || type == "1")
    field.type = mqtt::PacketType::connect;
  else if (type == "connack" || type == "2")
    field.type = mqtt::PacketType::connack;
  else
    return fail("the packet is connect or connack");
  if (const auto number = number_of(name)) {
    if (!mqtt::may_have_property(field.type, *number)) return fail("such a packet has no property of that number");
    field.property = *number;
    return std::make_shared<const MqttField>(field);
  }
  const std::span<const std::string_view> names = field.type == mqtt::PacketType::connect
                                                      ? std::span<const std::string_view>(kConnectFields)
                                                      : std::span<const std::string_view>(kConnackFields);
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return fail("such a packet has no field of that name");
  field.name = *found;
  return std::make_shared<const MqttField>(field);
}

constexpr Converter kRows[] = {
    {.name = "fix_is_valid",
     .in = Type::binary,
     .out = Type::boolean,
     .apply = fix_is_valid,
     .doc = "Whether the bytes begin with a valid FIX message; undecided while it may become one.",
     .examples = {{{"bin(383d4649582e342e3201393d350133353d410131303d31373801),fix_is_valid", "1"},
                   {"str(GET),fix_is_valid", "0"}}}},
    {.name = "fix_tag_value",
     .args = args(1, {ArgKind::string}),
     .in = Type::binary,
     .out = Type::binary,
     .apply = fix_tag_value,
     .prepare = prepare_tag,
     .doc = "The value of a tag, by number or name, in a FIX message.",
     .examples = {{{"bin(383d4649582e342e3201393d350133353d410131303d31373801),fix_tag_value(MsgType)", "A"},
                   {"bin(383d4649582e342e3201393d350133353d410131303d31373801),fix_tag_value(9)", "5"}}}},
    {.name = "mqtt_field_value",
     .args = args(2, {ArgKind::string, ArgKind::string}),
     .in = Type::binary,
     .out = Type::binary,
     .apply = mqtt_field_value,
     .prepare = prepare_field,
     .doc = "A field, or a property by its number, of an MQTT CONNECT or CONNACK packet.",
     .examples = {{{"bin(100d00044d5154540402003c000163),mqtt_field_value(connect,client_identifier)", "c"},
                   {"bin(100d00044d5154540402003c000163),mqtt_field_value(1,keepalive)", "60"},
                   {"bin(20020005),mqtt_field_value(connack,reason_code)", "5"},
                   {"bin(20020005),mqtt_field_value(connect,flags)", "", true}}}},
    {.name = "mqtt_is_valid",
     .in = Type::binary,
     .out = Type::boolean,
     .apply = mqtt_is_valid,
     .doc = "Whether the bytes begin with a valid MQTT CONNECT or CONNACK packet; undecided while they may.",
     .examples = {{{"bin(100d00044d5154540402003c000163),mqtt_is_valid", "1"}, {"str(GET),mqtt_is_valid", "0"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> message_converters{kRows};
}  // namespace weir::sample
