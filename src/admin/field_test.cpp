#include "admin/field.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/stat_fields.h"

namespace weir::admin {
namespace {

constexpr FieldRow kRows[] = {
    {"name", "KNS", "its name"}, {"count", "MCP", "how many"}, {"age", "MAP", "how old"}, {"none", "MGP", "absent"}};

Fields sample() {
  Fields fields(kRows);
  fields.text(0, "be,\"1\"");
  fields.number(1, std::uint64_t{5'000'000'000});
  fields.signed_number(2, -1);
  return fields;
}

TEST(Fields, csv_quotes_what_is_ambiguous) {
  std::string out;
  write_csv(out, sample());
  EXPECT_EQ(out, "\"be,\"\"1\"\"\",5000000000,-1,,\n");
}

TEST(Fields, typed_lines_leave_absent_values_out) {
  std::string out;
  const FieldOwner owner{'S', 3, 1};
  write_typed(out, sample(), &owner, false);
  EXPECT_EQ(out,
            "S.3.1.0.name.1:KNSV:str:be,\"1\"\n"
            "S.3.1.1.count.1:MCPV:u64:5000000000\n"
            "S.3.1.2.age.1:MAPV:s32:-1\n");
  out.clear();
  Fields one(std::span(kRows).first(2));
  one.number(1, 7U);
  write_typed(out, one, nullptr, true);
  EXPECT_EQ(out, "1.count.1:MCPV:u32:7:\"how many\"\n");
}

TEST(Fields, json_has_no_spaces_and_escapes_text) {
  std::string out;
  Fields one(std::span(kRows).first(2));
  one.text(0, "a\"\\\n");
  const FieldOwner owner{'B', 3, 0};
  write_json(out, one, &owner);
  EXPECT_EQ(out,
            "[{\"objType\":\"Backend\",\"proxyId\":3,\"id\":0,\"field\":{\"pos\":0,\"name\":\"name\"},"
            "\"processNum\":1,\"tags\":{\"origin\":\"Key\",\"nature\":\"Name\",\"scope\":\"Service\"},"
            "\"value\":{\"type\":\"str\",\"value\":\"a\\\"\\\\\\u000a\"}}]");
}

TEST(Fields, json_stays_json_whatever_the_bytes) {
  std::string out;
  write_json_text(out, "\xff \xc3\xa9 \xc3");
  EXPECT_EQ(out, "\"\\u00ff \xc3\xa9 \\u00c3\"");
}

// Management 9.1: tools count columns.
TEST(StatColumns, stand_where_the_manual_puts_them) {
  const struct {
    std::size_t place;
    std::string_view name;
  } kPlaces[] = {{0, "pxname"},       {17, "status"},
                 {32, "type"},        {36, "check_status"},
                 {48, "req_tot"},     {55, "lastsess"},
                 {61, "ttime"},       {73, "addr"},
                 {76, "algo"},        {79, "conn_tot"},
                 {89, "src_ilim"},    {94, "eint"},
                 {99, "uweight"},     {103, "srid"},
                 {104, "sess_other"}, {112, "proto"},
                 {114, "reqbin"},     {118, "cache_hint_hits"},
                 {119, "-"}};
  for (const auto& row : kPlaces) EXPECT_EQ(stat_rows()[row.place].name, row.name);
  EXPECT_EQ(stat_rows().size(), 144U);
  EXPECT_EQ(stat_rows()[k_h1_spliced_bytes_out].name, "h1_spliced_bytes_out");
  EXPECT_EQ(static_cast<std::size_t>(k_addr), 73U);
  EXPECT_EQ(static_cast<std::size_t>(k_srid), 103U);
}

}  // namespace
}  // namespace weir::admin
