#include "proto/distcc.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::proto::distcc {
namespace {

const std::string kRequest = "DIST00000001ARGC00000002ARGV00000002gcARGV00000003-o1DOTI00000004body";

TEST(Distcc, TokensOfARequest) {
  EXPECT_EQ(find_token(kRequest, "DIST", 1).parameter, 1U);
  EXPECT_EQ(find_token(kRequest, "ARGC", 1).parameter, 2U);
  EXPECT_EQ(find_token(kRequest, "ARGV", 1).body, "gc");
  EXPECT_EQ(find_token(kRequest, "ARGV", 2).body, "-o1");
  EXPECT_EQ(find_token(kRequest, "DOTI", 1).body, "body");
  EXPECT_EQ(find_token(kRequest, "DOTI", 2).outcome, Outcome::need_more);
}

TEST(Distcc, ANumberIsThereBeforeItsBody) {
  const Token token = find_token("DIST00000001DOTI0000ffffbo", "DOTI", 1);
  EXPECT_EQ(token.outcome, Outcome::found);
  EXPECT_EQ(token.parameter, 0xffffU);
  EXPECT_EQ(token.body, "bo");
  EXPECT_FALSE(token.body_complete);
}

TEST(Distcc, EveryPrefixAsksForMore) {
  for (std::size_t cut = 0; cut < kRequest.size() - 4; ++cut) {
    const Token token = find_token(std::string_view(kRequest).substr(0, cut), "DOTI", 1);
    EXPECT_EQ(token.outcome, Outcome::need_more) << cut;
  }
}

TEST(Distcc, OtherBytesAreRefusedAtOnce) {
  for (const char* bytes : {"GET / HTTP/1.1", "dist00000001", "DIST0000000x", "DIST+0000001", "\x16\x03\x01"})
    EXPECT_EQ(find_token(bytes, "DOTI", 1).outcome, Outcome::not_there) << bytes;
}

}  // namespace
}  // namespace weir::proto::distcc
