// layers: admin proxy check peers log resolve stick balance tls sample config proto io base
//
// Lines of the runtime socket: splitting, finding the command, help, and what commands read from their words without a
// running process.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "admin/command.h"
#include "admin/command_line.h"
#include "admin/descriptor_choice.h"
#include "admin/field.h"
#include "admin/session_text.h"
#include "admin/weight.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const weir::admin::CommandLine split = weir::admin::split_command_line(line);
  require(!split.commands.empty());
  require(!split.payload_end || split.payload_end->size() <= weir::admin::kMostPayloadPattern);
  std::size_t letters = 0;
  for (const auto& words : split.commands) {
    std::size_t used = 0;
    const weir::admin::CliCommand* command = weir::admin::find_command(words, used);
    require((command == nullptr) == (used == 0) && used <= words.size());
    std::string out;
    if (command == nullptr) weir::admin::write_unknown(out, weir::admin::Level::admin, words);
    weir::admin::write_help(out, weir::admin::Level::user, words);
    require(out.find("\n\n") == std::string::npos);
    if (const auto choice = weir::admin::parse_descriptor_choice(words)) require(choice->only >= -1);
    for (const std::string& word : words) {
      if (const auto severity = weir::admin::severity_named(word)) require(static_cast<unsigned>(*severity) < 3);
      require(!word.empty());
      letters += word.size();
      if (const auto weight = weir::admin::parse_weight(word, 100)) require(*weight <= 256);
      if (const auto name = weir::admin::parse_session_name(word))
        require(weir::admin::SessionName::of(*name).value() == *name);
      std::string text;
      weir::admin::write_csv_text(text, word);
      require(text.find('\n') == std::string::npos || word.find('\n') == std::string::npos);
      weir::admin::write_json_text(text, word);
    }
  }
  require(letters <= size);
  return 0;
}
