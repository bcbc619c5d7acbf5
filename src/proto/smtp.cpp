#include "proto/smtp.h"

namespace weir::proto::smtp {
namespace {

constexpr bool digit(char c) { return c >= '0' && c <= '9'; }

// The code of a line whose first three bytes may still be on their way; -1: no reply begins like this.
int code_of(std::string_view line) {
  int code = 0;
  for (std::size_t i = 0; i < 3; i++) {
    if (i == line.size()) return 0;
    if (!digit(line[i])) return -1;
    code = code * 10 + (line[i] - '0');
  }
  return code;
}

}  // namespace

Reply parse_reply(std::string_view bytes) {
  int code = 0;
  for (;;) {
    const std::size_t end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const int here = code_of(line);
    if (here < 0) return {Reply::Outcome::malformed, 0, {}};
    if (end == bytes.npos && line.size() < 4) return {};
    if (line.size() < 3 || here < 200 || here > 599 || (code != 0 && here != code))
      return {Reply::Outcome::malformed, 0, {}};
    code = here;
    const char mark = line.size() > 3 ? line[3] : ' ';
    if (mark != ' ' && mark != '-') return {Reply::Outcome::malformed, 0, {}};
    if (end == bytes.npos) return {};
    if (mark == ' ') return {Reply::Outcome::complete, code, line.size() > 4 ? line.substr(4) : std::string_view()};
    bytes.remove_prefix(end + 1);
    if (bytes.empty()) return {};
  }
}

}  // namespace weir::proto::smtp
