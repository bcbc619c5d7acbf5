#include "proto/fix.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace weir::proto::fix {
namespace {

std::string message(const std::string& body, const std::string& version = "FIX.4.2", int more = 0, int checksum = -1) {
  std::string text = fmt::format(
      "8={}\x01"
      "9={}\x01{}",
      version, static_cast<int>(body.size()) + more, body);
  int sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return text + fmt::format("10={:03}\x01", checksum < 0 ? sum % 256 : checksum);
}

const std::string kLogon = message(
    "35=A\x01"
    "49=me\x01"
    "56=you\x01");

TEST(Fix, MessagesAndWhatIsNone) {
  EXPECT_EQ(check_message(kLogon), Validity::valid);
  EXPECT_EQ(check_message(kLogon + "8=FIX"), Validity::valid);
  EXPECT_EQ(check_message(message("35=A\x01", "FIXT.1.1")), Validity::valid);
  for (const std::string& bad :
       {message("35=A\x01", "FIX.4.9"), message("35=A\x01", "FIX.5.0"), message("49=A\x01"),
        message("35=A\x01", "FIX.4.2", 0, 1), message("35=A\x01", "FIX.4.2", -1), message("35=A\x01x=1\x01"),
        message("35=A\x01"
                "49=\x01"),
        message("35=A\x01"
                "10=000\x01"),
        std::string("GET / HTTP/1.1")})
    EXPECT_EQ(check_message(bad), Validity::invalid) << bad;
}

TEST(Fix, EveryPrefixAsksForMore) {
  for (std::size_t cut = 0; cut < kLogon.size(); ++cut)
    EXPECT_EQ(check_message(std::string_view(kLogon).substr(0, cut)), Validity::need_more) << cut;
}

TEST(Fix, ValuesOfFields) {
  EXPECT_EQ(field_value(kLogon, 35), "A");
  EXPECT_EQ(field_value(kLogon, *tag_number("TargetCompID")), "you");
  EXPECT_FALSE(field_value(kLogon, 99));
  EXPECT_FALSE(field_value("8=FIX.4.2", 8));
  EXPECT_FALSE(tag_number("Nonsense"));
}

}  // namespace
}  // namespace weir::proto::fix
