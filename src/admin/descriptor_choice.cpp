#include "admin/descriptor_choice.h"

#include <cstdint>

#include "base/units.h"

namespace weir::admin {
namespace {

// One word of letters. What the first word takes out, it takes out of everything.
bool apply_letters(std::string_view word, bool first, DescriptorChoice& choice) {
  const bool takes_out = word.starts_with('-') || word.starts_with('!');
  if (first && !takes_out) choice.listeners = choice.clients = choice.servers = choice.pipes = false;
  bool on = true;
  for (const char letter : word) {
    switch (letter) {
      case '-':
      case '!': on = false; break;
      case 'p': choice.pipes = on; break;
      case 'l': choice.listeners = on; break;
      case 'c': choice.clients = choice.servers = on; break;
      case 'f': choice.clients = on; break;
      case 'b':
      case 's': choice.servers = on; break;
      default: return false;
    }
  }
  return true;
}

}  // namespace

Result<DescriptorChoice> parse_descriptor_choice(std::span<const std::string> words) {
  DescriptorChoice choice;
  bool first = true;
  for (const std::string& word : words) {
    // The group before a slash has no table of its own.
    const std::string number = word.substr(word.find('/') == std::string::npos ? 0 : word.find('/') + 1);
    const auto fd = parse_integer(number, 0, INT32_MAX);
    if (fd) {
      choice.only = static_cast<int>(*fd);
    } else if (!number.empty() && !apply_letters(word, first, choice)) {
      return fail("Usage: show fd [-!plcfbs]* [<fd>]\n");
    } else {
      first = false;
    }
  }
  return choice;
}

}  // namespace weir::admin
