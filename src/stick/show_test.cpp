#include "stick/show.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>

namespace weir::stick {
namespace {

const TimePoint kNow = Clock::now();

TableConfig config_of(KeyType type, std::uint32_t length, std::vector<Column> columns) {
  TableConfig config;
  config.name = "t";
  config.type = type;
  config.key_length = length;
  config.size = 1024;
  config.expire = Milliseconds(3'600'000);
  config.columns = std::move(columns);
  return config;
}

/// One command as an operator types it, the table's name left out.
std::string answer(StickTable& table, const std::string& command, std::size_t budget = 1000) {
  std::istringstream stream(command);
  std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
  const std::vector<std::string_view> views(words.begin(), words.end());
  const std::span<const std::string_view> rest = std::span(views).subspan(1);
  std::string out;
  if (words[0] == "set") return set_table(table, rest, kNow);
  if (words[0] == "show") {
    auto show = parse_show(table.config(), rest);
    if (!show) return show.error().message;
    while (!show_some(table, *show, out, kNow, budget)) {
    }
  } else {
    auto clear = parse_clear(table.config(), rest);
    if (!clear) return clear.error().message;
    while (!clear_some(table, *clear, out, kNow, budget)) {
    }
  }
  return std::regex_replace(out, std::regex("0x[0-9a-f]+"), "PTR");
}

TEST(Show, EntriesOfAllForms) {
  StickTable table(config_of(KeyType::string, 32,
                             {{DataType::server_id},
                              {DataType::conn_rate, 1, 30'000},
                              {DataType::bytes_in_cnt},
                              {DataType::server_key},
                              {DataType::gpt, 2},
                              {DataType::gpc_rate, 2, 10'000}}));
  EXPECT_EQ(answer(table, "set key bob data.server_id 2 data.conn_rate 7 data.bytes_in_cnt 99999999999 data.gpt[1] 5"),
            "");
  const std::string head = "# table: t, type: string, size:1024, used:1\n";
  EXPECT_EQ(answer(table, "show"),
            head +
                "PTR: key=bob use=0 exp=3600000 shard=0 server_id=2 conn_rate(30000)=7 bytes_in_cnt=99999999999 "
                "server_key=- gpt0=0 gpt1=5 gpc0_rate(10000)=0 gpc1_rate(10000)=0\n");
  EXPECT_EQ(answer(table, "set key bob data.server_key srv02"), "");
  EXPECT_THAT(answer(table, "show key bob"), ::testing::HasSubstr(" server_key=srv02 "));
  EXPECT_EQ(answer(table, "show key eve"), "");
  EXPECT_EQ(answer(table, "show data.gpt[1] eq 4"), head);
  EXPECT_NE(answer(table, "show data.gpt[1] eq 5"), head);
}

// Texts as the reference was seen to answer.
TEST(Show, AnswersToWrongWords) {
  StickTable table(config_of(KeyType::ipv4, 4, {{DataType::server_id}, {DataType::gpc0}}));
  struct Case {
    const char* command;
    const char* said;
  };
  constexpr char kOperator[] = "Require and operator among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", \"gt\"\n";
  const std::string first = std::string("Filter entry #1: ") + kOperator;
  const std::string second = std::string("Filter entry #2: ") + kOperator;
  const Case kCases[] = {
      {"show key", "Key value expected\n"},
      {"show what", "Optional argument only supports \"data.<store_data_type>\" <operator> <value> and key <key>\n"},
      {"show data.nothing eq 1", "Filter entry #1: Unknown data type\n"},
      {"show data. eq 1", "Filter entry #1: Unknown data type\n"},
      {"show data.gpt0 eq 1", "Filter entry #1: Data type not stored in this table\n"},
      {"show data.gpc0", first.c_str()},
      {"show data.gpc0 is 1", first.c_str()},
      {"show data.gpc0 eq", "Filter entry #1: Require a valid integer value to compare against\n"},
      {"show data.gpc0 eq x", "Filter entry #1: Require a valid integer value to compare against\n"},
      {"show data.gpc0 eq 1 data.gpc0", second.c_str()},
      {"show data.gpc0 eq 1 foo", second.c_str()},
      {"show data.gpc0 gt 4 data.gpc0 gt 4 data.gpc0 gt 4 data.gpc0 gt 4 data.gpc0",
       "Detected extra data in filter, 16th word of input, after '4'\n"},
      {"show ptr", "Pointer value expected, as printed by \"show table\"\n"},
      {"show ptr 0xg", "Pointer value expected, as printed by \"show table\"\n"},
      {"show ptr 0x10", ""},
      {"clear key", "Key value expected\n"},
      {"clear what",
       "Required arguments: <table> \"data.<store_data_type>\" <operator> <value> or <table> key <key>\n"},
      {"clear key 10.0.0.1", ""},
      {"set", "Required arguments: <table> key <key> [data.<store_data_type> <value>]*\n"},
      {"set what", "Required arguments: <table> key <key> [data.<store_data_type> <value>]*\n"},
      {"set key", "Key value expected\n"},
      {"set key 1.2.3.400", "Invalid key\n"},
      {"set key 1.2.3.4 data.nothing 1", "Unknown data type\n"},
      {"set key 1.2.3.4 data.gpc0[0] 1", "Unknown data type\n"},
      {"set key 1.2.3.4 data.gpt0 1", "Data type not stored in this table\n"},
      {"set key 1.2.3.4 data.gpc0", "Require a valid integer value to store\n"},
      {"set key 1.2.3.4 data.gpc0 x", "Require a valid integer value to store\n"},
      {"set key 1.2.3.4 gpc0 1", "\"data.<type>\" followed by a value expected\n"},
      {"set key 1.2.3.4 data.gpc0 1 2", "\"data.<type>\" followed by a value expected\n"},
      {"set data.gpc0 eq 1", "content-based lookup is only supported with the \"show\" and \"clear\" actions\n"},
      {"set ptr 0x10 data.gpc0 1", "No entry at this pointer\n"},
  };
  for (const Case& one : kCases) EXPECT_EQ(answer(table, one.command), one.said) << one.command;
  EXPECT_EQ(table.used(), 0U) << "a wrong command changes nothing";
}

TEST(Show, BinaryKeysAreShownOnly) {
  StickTable table(config_of(KeyType::binary, 4, {}));
  (void)table.obtain("ab", kNow);
  EXPECT_EQ(answer(table, "show"),
            "# table: t, type: binary, size:1024, used:1\nPTR: key=61620000 use=0 exp=3600000 shard=0\n");
  EXPECT_EQ(answer(table, "set key 61"),
            "Inserting keys into tables of type other than ip, ipv6, string and integer is not supported\n");
  EXPECT_EQ(answer(table, "clear key 61"),
            "Removing keys from tables of type other than ip, ipv6, string and integer is not supported\n");
}

TEST(Show, PointersAsPrinted) {
  StickTable table(config_of(KeyType::string, 32, {{DataType::gpc0}}));
  (void)answer(table, "set key bob data.gpc0 1");
  const auto view = table.view_of("bob", kNow);
  ASSERT_TRUE(view);
  char pointer[32];
  std::snprintf(pointer, sizeof pointer, "0x%lx", static_cast<unsigned long>(view->address));
  EXPECT_EQ(answer(table, std::string("set ptr ") + pointer + " data.gpc0 5"), "");
  EXPECT_THAT(answer(table, std::string("show ptr ") + pointer), ::testing::HasSubstr("key=bob"));
  EXPECT_EQ(table.value_of("bob", DataType::gpc0, kNow), 5U);
  {
    const auto pin = table.find("bob", kNow);
    EXPECT_EQ(answer(table, "clear key bob"), "Entry currently in use, cannot remove\n");
    EXPECT_EQ(answer(table, "clear"), "");
    EXPECT_EQ(table.used(), 1U);
  }
  EXPECT_EQ(answer(table, std::string("clear ptr ") + pointer), "");
  EXPECT_EQ(table.used(), 0U);
}

TEST(Show, SettingTheServersIdTakesTheNameOfTheOneBefore) {
  StickTable table(config_of(KeyType::string, 32, {{DataType::server_id}, {DataType::server_key}}));
  (void)answer(table, "set key bob data.server_id 1 data.server_key s1");
  const auto pin = table.find("bob", kNow);
  EXPECT_EQ(table.text(pin, DataType::server_key), "s1");
  EXPECT_EQ(answer(table, "set key bob data.server_id 2"), "");
  EXPECT_EQ(table.text(pin, DataType::server_key), "");
  EXPECT_EQ(answer(table, "set key bob data.server_key s3 data.server_id 3"), "");
  EXPECT_EQ(table.text(pin, DataType::server_key), "s3");
}

TEST(Show, InPiecesAllAreShownOnceAndCleared) {
  StickTable table(config_of(KeyType::integer, 4, {{DataType::gpc0}}));
  for (int i = 0; i < 500; ++i)
    ASSERT_EQ(answer(table, "set key " + std::to_string(i) + " data.gpc0 " + std::to_string(i % 5)), "");
  const auto entries = [](const std::string& text) { return std::ranges::count(text, '\n') - 1; };
  EXPECT_EQ(entries(answer(table, "show", 7)), 500);
  EXPECT_EQ(entries(answer(table, "show data.gpc0 ge 2 data.gpc0 lt 4", 7)), 200);
  EXPECT_EQ(entries(answer(table, "show data.gpc0 gt -1", 3)), 500);
  EXPECT_EQ(answer(table, "clear data.gpc0 eq 2", 7), "");
  EXPECT_EQ(table.used(), 400U);
  EXPECT_EQ(answer(table, "clear", 7), "");
  EXPECT_EQ(table.used(), 0U);
}

}  // namespace
}  // namespace weir::stick
