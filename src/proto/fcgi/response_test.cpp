#include "proto/fcgi/response.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace weir::proto::fcgi {
namespace {

struct Row {
  std::string bytes;
  std::string seen;
};

// "404 Not Found|name: value|...", what follows the head behind a slash; or the violation.
std::string read(const std::string& text) {
  std::string bytes = text;
  std::array<http::Field, 20> storage;
  http::Head head(storage);
  std::size_t scanned = 0;
  const auto result = parse_answer(bytes, scanned, {}, head);
  if (result.kind == http1::HeadResult::Kind::need_more) return "more";
  if (result.kind == http1::HeadResult::Kind::violation) return http::violation_text(result.violation);
  std::string seen = std::to_string(head.status) + " " + std::string(head.reason);
  for (const http::Field& field : head.fields())
    if (!field.removed) seen += "|" + std::string(field.name) + ": " + std::string(field.value);
  return seen + "/" + bytes.substr(result.size);
}

TEST(CgiAnswer, IsAResponse) {
  const std::vector<Row> rows = {
      {"Status: 404 Not Found\r\nX: y\r\n\r\nno", "404 Not Found|X: y/no"},
      {"status: 299 My Words\n\nno", "299 My Words/no"},
      {"Status: 404\r\n\r\n", "404 /"},
      {"X: y\r\n\r\nbody", "200 OK|X: y/body"},
      {"\r\nbody", "200 OK/body"},
      {"\nbody", "200 OK/body"},
      {"Location: /x\r\n\r\n", "302 Found|Location: /x/"},
      {"Status: 201 Made\r\nLocation: /x\r\n\r\n", "201 Made|Location: /x/"},
      {"Status: 404 A\r\nStatus: 403 B\r\n\r\n", "403 B/"},
      {"Status:\r\n\r\n", "200 OK/"},
      {"Connection: close\r\nKeep-Alive: 3\r\nUpgrade: x\r\n\r\n", "200 OK/"},
      {"X: a\r\n b\r\n\r\n", "200 OK|X: a   b/"},
      {"", "more"},
      {"X: y\r\n", "more"},
      {"Status: abc\r\n\r\n", http::violation_text(http::Violation::bad_status)},
      {"Status: 99\r\n\r\n", http::violation_text(http::Violation::bad_status)},
      {"Status: 1000 x\r\n\r\n", http::violation_text(http::Violation::bad_status)},
      {"Status: 101 x\r\n\r\n", http::violation_text(http::Violation::bad_status)},
      {"Transfer-Encoding: chunked\r\n\r\n", http::violation_text(http::Violation::unsupported_coding)},
      {"HTTP/1.1 200 OK\r\n\r\n", http::violation_text(http::Violation::bad_name)},
      {"garbage\r\n\r\n", http::violation_text(http::Violation::bad_line)},
      {" X: y\r\n\r\n", http::violation_text(http::Violation::bad_name)},
      {"X: a\x01 b\r\n\r\n", http::violation_text(http::Violation::bad_value)},
  };
  for (const Row& row : rows) EXPECT_EQ(read(row.bytes), row.seen) << row.bytes;
}

TEST(CgiAnswer, MeansTheSameByteByByte) {
  const std::string text = "Status: 404 Not Found\r\nX: y\r\n z\r\nLocation: /a\r\n\r\n";
  std::array<http::Field, 20> storage;
  http::Head head(storage);
  std::size_t scanned = 0;
  for (std::size_t size = 0; size < text.size(); size++) {
    std::string part = text.substr(0, size);
    EXPECT_EQ(parse_answer(part, scanned, {}, head).kind, http1::HeadResult::Kind::need_more) << size;
  }
  std::string all = text;
  EXPECT_EQ(parse_answer(all, scanned, {}, head).kind, http1::HeadResult::Kind::complete);
  EXPECT_EQ(head.status, 404);
}

}  // namespace
}  // namespace weir::proto::fcgi
