#include "proto/ssl3_hello.h"

namespace weir::proto::ssl3 {
namespace {

void put(std::string& out, std::uint32_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xff);
}

// The random bytes need not be random: the handshake never goes on.
constexpr std::string_view kRandom = "a health check by a balancer";
static_assert(kRandom.size() == 28);

constexpr std::uint32_t kVersion = 0x0300;

}  // namespace

std::string client_hello(std::uint32_t unix_time) {
  std::string suites;
  for (std::uint32_t suite = 0x01; suite <= 0x1b; suite++) put(suites, suite, 2);  // RFC 6101, A.6
  for (std::uint32_t suite = 0x2f; suite <= 0x3a; suite++) put(suites, suite, 2);  // RFC 3268: AES
  std::string body;
  put(body, kVersion, 2);
  put(body, unix_time, 4);
  body += kRandom;
  put(body, 0, 1);  // no session
  put(body, static_cast<std::uint32_t>(suites.size()), 2);
  body += suites;
  put(body, 0x0100, 2);  // one method of compression: none
  std::string out;
  put(out, 0x16, 1);
  put(out, kVersion, 2);
  put(out, static_cast<std::uint32_t>(body.size() + 4), 2);
  put(out, 0x01, 1);
  put(out, static_cast<std::uint32_t>(body.size()), 3);
  return out + body;
}

Answer judge_answer(std::string_view bytes) {
  constexpr std::size_t kRecordHeader = 5;
  // COMPAT: observed on 2.6: an alert is an answer too. Servers of today answer this hello with one.
  if (!bytes.empty() && bytes[0] != 0x16 && bytes[0] != 0x15) return Answer::other;
  if (bytes.size() > 1 && bytes[1] != 0x03) return Answer::other;
  return bytes.size() < kRecordHeader ? Answer::incomplete : Answer::record;
}

}  // namespace weir::proto::ssl3
