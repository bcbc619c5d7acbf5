#include "admin/list_words.h"

#include <gtest/gtest.h>

namespace weir::admin {
namespace {

TEST(ListWords, versions_and_names_of_entries) {
  EXPECT_EQ(parse_list_version("@0"), 0U);
  EXPECT_EQ(parse_list_version("@4294967295"), 4294967295U);
  for (const std::string_view wrong : {"", "@", "1", "@x", "@1x", "@-1", "@ 1", "@4294967296"})
    EXPECT_FALSE(parse_list_version(wrong)) << wrong;
  EXPECT_EQ(parse_entry_name("#0x1f"), 31U);
  for (const std::string_view wrong : {"", "#", "#1f", "0x1f", "#0x", "#0xg", "#0x10000000000000000"})
    EXPECT_FALSE(parse_entry_name(wrong)) << wrong;
}

TEST(ListWords, what_a_list_has_for_a_value) {
  using sample::MapOutput;
  using sample::MatchKind;
  const struct {
    sample::ReferenceUse use;
    std::string_view value;
    bool as_map;
    std::string_view answer;
  } rows[] = {
      {{{.match = MatchKind::str}, MapOutput::text},
       "10.0.0.0/8",
       true,
       "type=str, case=sensitive, found=yes, idx=tree, key=\"10.0.0.0/8\", value=\"::1\", type=\"str\"\n"},
      {{{.match = MatchKind::ip}, MapOutput::address},
       "10.2.3.4",
       true,
       "type=ip, case=sensitive, found=yes, idx=tree, key=\"10.0.0.0/8\", value=\"::1\", type=\"ipv6\"\n"},
      {{{.match = MatchKind::ip}, MapOutput::key},
       "10.2.3.4",
       true,
       "type=ip, case=sensitive, found=yes, idx=tree, key=\"10.0.0.0/8\", value=\"10.0.0.0/8\", type=\"str\"\n"},
      {{{.match = MatchKind::ip}, MapOutput::address}, "nonsense", true, "type=ip, case=sensitive, found=no\n"},
      {{{.match = MatchKind::integer}, MapOutput::integer},
       "81",
       true,
       "type=int, case=sensitive, found=yes, idx=list, key=\"80:90\", value=\"5\", type=\"sint\"\n"},
      {{{.match = MatchKind::integer}, std::nullopt}, "x", false, "type=int, case=sensitive, match=no\n"},
      {{{.match = MatchKind::sub, .ignore_case = true}, std::nullopt},
       "A80:90B",
       false,
       "type=sub, case=insensitive, match=yes, idx=list, pattern=\"80:90\"\n"},
      {{{.match = MatchKind::found}, std::nullopt}, "x", false, "type=found, case=sensitive, match=no\n"},
  };
  for (const auto& row : rows) {
    const auto list = std::make_shared<sample::PatternReference>(
        sample::PatternSource{.name = "list",
                              .content = std::make_shared<const std::string>("10.0.0.0/8 ::1\n80:90 5\n"),
                              .patterns = {},
                              .two_columns = true});
    std::string answer;
    write_list_answer(answer, *list, row.use, row.value, row.as_map);
    EXPECT_EQ(answer, row.answer);
  }
}

}  // namespace
}  // namespace weir::admin
