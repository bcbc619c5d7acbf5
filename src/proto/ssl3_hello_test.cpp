#include "proto/ssl3_hello.h"

#include <gtest/gtest.h>

namespace weir::proto::ssl3 {
namespace {

using namespace std::string_literals;

TEST(Ssl3Hello, IsARecordOfItsLength) {
  const std::string hello = client_hello(0x01020304);
  ASSERT_GT(hello.size(), 50U);
  EXPECT_EQ(hello.substr(0, 3), "\x16\x03\x00"s);
  const auto size =
      static_cast<std::size_t>(static_cast<unsigned char>(hello[3]) << 8U | static_cast<unsigned char>(hello[4]));
  EXPECT_EQ(hello.size(), 5 + size);
  EXPECT_EQ(hello.substr(11, 4), "\1\2\3\4");
}

TEST(Ssl3Hello, Answers) {
  EXPECT_EQ(judge_answer("\x16\x03\x00\x00\x2a"s), Answer::record);
  EXPECT_EQ(judge_answer("\x15\x03\x01\x00\x02\x02\x28"s), Answer::record);
  EXPECT_EQ(judge_answer("\x16\x03"s), Answer::incomplete);
  EXPECT_EQ(judge_answer(""), Answer::incomplete);
  EXPECT_EQ(judge_answer("HTTP/1.0 400"), Answer::other);
  EXPECT_EQ(judge_answer("\x16\x04"s), Answer::other);
}

}  // namespace
}  // namespace weir::proto::ssl3
