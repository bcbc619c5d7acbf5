#include "proto/pgsql.h"

namespace weir::proto::pgsql {
namespace {

constexpr std::size_t kHeader = 5;        // type, and a length that counts itself
constexpr std::size_t kMaxLength = 8192;  // no first answer comes near it

void put(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xff);
}

std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

// ErrorResponse: fields of one letter and a string each, up to a zero byte.
Answer error(std::string_view fields) {
  Answer answer{Answer::Kind::error, {}, {}};
  while (!fields.empty() && fields.front() != '\0') {
    const char letter = fields.front();
    fields.remove_prefix(1);
    const std::size_t end = fields.find('\0');
    const std::string_view text = fields.substr(0, end);
    if (letter == 'S') answer.severity = text;
    if (letter == 'M') answer.message = text;
    if (end == fields.npos) break;
    fields.remove_prefix(end + 1);
  }
  return answer;
}

}  // namespace

std::string startup(std::string_view user) {
  std::string body;
  put(body, 0x0003'0000);  // 3.0
  body.append("user") += '\0';
  body.append(user) += '\0';
  body += '\0';
  std::string out;
  put(out, static_cast<std::uint32_t>(body.size() + 4));
  return out.append(body);
}

Answer parse_answer(std::string_view bytes) {
  if (bytes.empty()) return {};
  const char type = bytes.front();
  if (type != 'R' && type != 'E') return {Answer::Kind::malformed, {}, {}};
  if (bytes.size() < kHeader) return {};
  const std::uint32_t length = number(bytes.substr(1));
  if (length < (type == 'R' ? 8U : 5U) || length > kMaxLength) return {Answer::Kind::malformed, {}, {}};
  if (bytes.size() < 1 + length) return {};
  if (type == 'R') return {Answer::Kind::authentication, {}, {}};
  return error(bytes.substr(kHeader, length - 4));
}

}  // namespace weir::proto::pgsql
