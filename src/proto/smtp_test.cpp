#include "proto/smtp.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::proto::smtp {
namespace {

using Outcome = Reply::Outcome;

TEST(Smtp, Replies) {
  struct Row {
    std::string bytes;
    Outcome outcome;
    int code;
    std::string text;
  };
  const Row rows[] = {
      {"220 mx ESMTP\r\n", Outcome::complete, 220, "mx ESMTP"},
      {"250\r\n", Outcome::complete, 250, ""},
      {"250 \n", Outcome::complete, 250, ""},
      {"250-mx\r\n250-SIZE 100\r\n250 HELP\r\n", Outcome::complete, 250, "HELP"},
      {"554 go away\r\nmore", Outcome::complete, 554, "go away"},
      {"", Outcome::incomplete, 0, ""},
      {"2", Outcome::incomplete, 0, ""},
      {"220 mx", Outcome::incomplete, 0, ""},
      {"250-mx\r\n", Outcome::incomplete, 0, ""},
      {"250-mx\r\n25", Outcome::incomplete, 0, ""},
      {"hello\r\n", Outcome::malformed, 0, ""},
      {"22\r\n", Outcome::malformed, 0, ""},
      {"2x", Outcome::malformed, 0, ""},
      {"220_mx\r\n", Outcome::malformed, 0, ""},
      {"999 what\r\n", Outcome::malformed, 0, ""},
      {"250-mx\r\n251 other\r\n", Outcome::malformed, 0, ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.bytes);
    const Reply reply = parse_reply(row.bytes);
    EXPECT_EQ(reply.outcome, row.outcome);
    EXPECT_EQ(reply.code, row.code);
    EXPECT_EQ(reply.text, row.text);
  }
}

TEST(Smtp, EveryBeginningOfAReplyIsIncomplete) {
  const std::string whole = "250-mx\r\n250 HELP\r\n";
  for (std::size_t size = 0; size < whole.size() - 1; size++)
    EXPECT_EQ(parse_reply(whole.substr(0, size)).outcome, Outcome::incomplete) << size;
}

}  // namespace
}  // namespace weir::proto::smtp
