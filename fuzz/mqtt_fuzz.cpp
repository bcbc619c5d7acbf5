// layers: proto base
//
// MQTT packets: a complete one stays complete when bytes follow, and every cut of it asks for more.
#include <string>

#include "base/assert.h"
#include "proto/mqtt.h"

namespace mqtt = weir::proto::mqtt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  const mqtt::Parse parse = mqtt::parse_first_packet(bytes);
  for (std::uint32_t number = 0; number < 50; ++number) {
    (void)mqtt::find_property(bytes, number);
    (void)mqtt::find_property(parse.packet.properties, number);
  }
  if (parse.outcome != mqtt::Outcome::complete) return 0;
  WEIR_ASSERT(mqtt::parse_first_packet(bytes + "more").outcome == mqtt::Outcome::complete);
  for (std::size_t cut = 0; cut < size && cut < 64; ++cut) {
    const mqtt::Outcome part = mqtt::parse_first_packet(std::string_view(bytes).substr(0, cut)).outcome;
    WEIR_ASSERT(part != mqtt::Outcome::invalid);
  }
  return 0;
}
