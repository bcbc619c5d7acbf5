// layers: proto base
//
// The peers protocol: a stream of messages, with entries read by the definitions among them. What was read of a message
// is written again and reads the same.
#include <optional>
#include <string>

#include "base/assert.h"
#include "proto/peers.h"

namespace peers = weir::proto::peers;

namespace {

void look_at_entry(const peers::Message& message, const peers::Definition& definition, peers::HeardTexts& texts) {
  peers::Entry entry;
  if (!peers::parse_entry(message, definition, entry)) return;
  for (const peers::Cell& cell : entry.cells) (void)texts.hear(cell);
  std::string again;
  peers::write_entry(entry, definition, again);
  const peers::MessageParse parse = peers::parse_message(again);
  if (parse.outcome == peers::Outcome::invalid) return;  // grew beyond what a message may have
  WEIR_ASSERT(parse.outcome == peers::Outcome::complete && parse.consumed == again.size());
  peers::Entry same;
  WEIR_ASSERT(peers::parse_entry(parse.message, definition, same));
  WEIR_ASSERT(same.key == entry.key && same.update == entry.update && same.expires == entry.expires);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  std::string_view rest = bytes;
  const peers::HelloParse hello = peers::parse_hello(rest);
  if (hello.outcome == peers::Outcome::complete) rest.remove_prefix(hello.consumed);
  (void)peers::parse_status(rest);
  std::optional<peers::Definition> definition;
  peers::HeardTexts texts;
  for (;;) {
    const peers::MessageParse parse = peers::parse_message(rest);
    if (parse.outcome != peers::Outcome::complete) break;
    WEIR_ASSERT(parse.consumed != 0 && parse.consumed <= rest.size());
    rest.remove_prefix(parse.consumed);
    (void)peers::parse_acknowledgement(parse.message.payload);
    (void)peers::parse_table_switch(parse.message.payload);
    if (parse.message.type == static_cast<std::uint8_t>(peers::TableMessage::definition)) {
      definition = peers::parse_definition(parse.message.payload);
      if (!definition) break;
      std::string again;
      peers::write_definition(*definition, again);
      const peers::MessageParse written = peers::parse_message(again);
      WEIR_ASSERT(written.outcome != peers::Outcome::need_more);
      if (written.outcome == peers::Outcome::complete) {
        const auto same = peers::parse_definition(written.message.payload);
        WEIR_ASSERT(same && same->parts_of == definition->parts_of && same->knows_as == definition->knows_as);
      }
    } else if (definition) {
      look_at_entry(parse.message, *definition, texts);
    }
  }
  return 0;
}
