#include "admin/command_line.h"

namespace weir::admin {
namespace {

bool blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

CommandLine split_command_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  CommandLine result;
  result.commands.emplace_back();
  std::string word;
  bool in_word = false;
  bool escaped_word = false;  // a pattern that was escaped is a word like any other
  bool last_escaped = false;
  const auto end_word = [&] {
    if (!in_word) return;
    result.commands.back().push_back(std::move(word));
    word.clear();
    last_escaped = escaped_word;
    in_word = escaped_word = false;
  };
  for (std::size_t i = 0; i < line.size(); i++) {
    const char c = line[i];
    if (c == '\\' && i + 1 < line.size()) {
      in_word = escaped_word = true;
      word += line[++i];
    } else if (c == ';') {
      end_word();
      result.commands.emplace_back();
    } else if (blank(c)) {
      end_word();
    } else {
      in_word = true;
      word += c;
    }
  }
  end_word();
  std::vector<std::string>& last = result.commands.back();
  if (!last.empty() && !last_escaped && last.back().starts_with("<<") &&
      last.back().size() <= 2 + kMostPayloadPattern) {
    result.payload_end = last.back().substr(2);
    last.pop_back();
  }
  return result;
}

}  // namespace weir::admin
