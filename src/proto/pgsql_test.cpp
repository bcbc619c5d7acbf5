#include "proto/pgsql.h"

#include <gtest/gtest.h>

namespace weir::proto::pgsql {
namespace {

using namespace std::string_literals;
using Kind = Answer::Kind;

TEST(PgSql, StartupMessage) { EXPECT_EQ(startup("chk"), "\0\0\0\x12\0\3\0\0user\0chk\0\0"s); }

TEST(PgSql, Answers) {
  EXPECT_EQ(parse_answer("R\0\0\0\x08\0\0\0\0"s).kind, Kind::authentication);
  EXPECT_EQ(parse_answer("R\0\0\0\x0c\0\0\0\5abcd"s).kind, Kind::authentication);
  const std::string refusal = "E\0\0\0\x21SFATAL\0C28000\0Mno such role\0\0"s;
  const Answer error = parse_answer(refusal);
  EXPECT_EQ(error.kind, Kind::error);
  EXPECT_EQ(error.severity, "FATAL");
  EXPECT_EQ(error.message, "no such role");
  for (std::size_t size = 0; size < refusal.size(); size++)
    EXPECT_EQ(parse_answer(refusal.substr(0, size)).kind, Kind::incomplete) << size;
  for (const std::string& bytes : {"hello"s, "R\0\0\0\1"s, "R\x7f\xff\xff\xff"s, "xy"s})
    EXPECT_EQ(parse_answer(bytes).kind, Kind::malformed) << bytes;
  EXPECT_EQ(parse_answer("E\0\0\0\x06Sx"s).severity, "x") << "fields without an end end with the message";
}

}  // namespace
}  // namespace weir::proto::pgsql
