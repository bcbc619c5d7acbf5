#include "proto/mysql.h"

#include <gtest/gtest.h>

namespace weir::proto::mysql {
namespace {

using namespace std::string_literals;
using Kind = Message::Kind;

std::string packet(char sequence, const std::string& body) {
  return std::string(1, static_cast<char>(body.size())) + "\0\0"s + sequence + body;
}

const std::string kGreeting = packet(0,
                                     "\x0a"
                                     "5.5.5-10.11.6-MariaDB\0\1\0\0\0AAAAAAAA\0"s);

TEST(MySql, Greetings) {
  const Message good = parse_greeting(kGreeting);
  EXPECT_EQ(good.kind, Kind::greeting);
  EXPECT_EQ(good.text, "5.5.5-10.11.6-MariaDB");
  for (std::size_t size = 0; size < kGreeting.size(); size++)
    EXPECT_EQ(parse_greeting(kGreeting.substr(0, size)).kind, Kind::incomplete) << size;
  const std::string error = packet(0, "\xff\x69\x04Host is blocked"s);
  const Message refused = parse_greeting(error);
  EXPECT_EQ(refused.kind, Kind::error);
  EXPECT_EQ(refused.code, 1129U);
  EXPECT_EQ(refused.text, "Host is blocked");
  for (const std::string& bytes : {"hello this is no mysql server\r\n"s,
                                   packet(1,
                                          "\x0a"
                                          "5\0"s),
                                   packet(0,
                                          "\x0b"
                                          "5\0"s),
                                   packet(0, "\x0a no end"s), packet(0, "\xff\x01"s), "\0\0\0\0"s})
    EXPECT_EQ(parse_greeting(bytes).kind, Kind::malformed) << bytes;
}

TEST(MySql, AnswersToALogin) {
  EXPECT_EQ(parse_login_answer(packet(2, "\0\0\0\2\0\0\0"s)).kind, Kind::accepted);
  EXPECT_EQ(parse_login_answer(packet(2, "\xfe"s)).kind, Kind::accepted);
  const std::string denied = packet(2, "\xff\x15\x04#28000Access denied"s);
  EXPECT_EQ(parse_login_answer(denied).kind, Kind::error);
  EXPECT_EQ(parse_login_answer(denied).code, 1045U);
  EXPECT_EQ(parse_login_answer(packet(2, "\x33"s)).kind, Kind::malformed);
  EXPECT_EQ(parse_login_answer("hello world").kind, Kind::malformed);
}

// The bytes that HAProxy 2.6 sends.
TEST(MySql, Logins) {
  EXPECT_EQ(login("chk", Dialect::pre_41), "\n\0\0\1\0\x80\0\0\1chk\0\0"s);
  const std::string modern = "%\0\0\1\0\x82\0\0\0\x80\0\1!"s + std::string(23, '\0') + "chk\0\0"s;
  EXPECT_EQ(login("chk", Dialect::post_41), modern);
  EXPECT_TRUE(login("chk", Dialect::post_80).ends_with("chk\0\0mysql_native_password\0"s));
  EXPECT_EQ(quit(), "\1\0\0\0\1"s);
}

}  // namespace
}  // namespace weir::proto::mysql
