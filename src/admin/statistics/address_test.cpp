#include "admin/statistics/address.h"

#include <gtest/gtest.h>

namespace weir::admin {
namespace {

TEST(PageAddress, WordsBehindThePrefix) {
  struct Row {
    std::string_view path, prefix;
    PageForm form;
    bool up = false, still = false;
    std::string_view scope = {}, result = {};
  };
  const Row rows[] = {
      {"/haproxy?stats", "/haproxy?stats", PageForm::html},
      {"/haproxy?stats;csv", "/haproxy?stats", PageForm::csv},
      {"/haproxy?stats;csv;norefresh", "/haproxy?stats", PageForm::csv, false, true},
      {"/haproxy?stats;up;json;scope=we%62-1.x:y", "/haproxy?stats", PageForm::json, true, false, "web-1.x:y"},
      {"/haproxy?stats;json-schema", "/haproxy?stats", PageForm::json_schema},
      {"/haproxy?stats;typed&_=17", "/haproxy?stats", PageForm::typed},
      {"/haproxy?statsfoo;csv", "/haproxy?stats", PageForm::csv},
      {"/haproxy?stats?csv", "/haproxy?stats", PageForm::html},
      {"/haproxy?stats;st=DONE", "/haproxy?stats", PageForm::html, false, false, "", "DONE"},
      {"/haproxy?stats;st=<script>", "/haproxy?stats", PageForm::html, false, false, "", "<scr"},
      {"/haproxy?stats;scope=<b>&csv", "/haproxy?stats", PageForm::html, false, false, "b"},
      {"/;csv", "/", PageForm::csv},
      {"/;csv", "/;", PageForm::csv},
      {"/;", "/;", PageForm::html},
      {"/", "/", PageForm::html},
      {"/#;csv", "/", PageForm::html},
  };
  for (const Row& row : rows) {
    const PageAddress got = read_address(row.path, row.prefix);
    EXPECT_EQ(got.form, row.form) << row.path;
    EXPECT_EQ(got.only_up, row.up) << row.path;
    EXPECT_EQ(got.refreshes, !row.still) << row.path;
    EXPECT_EQ(got.scope, row.scope) << row.path;
    EXPECT_EQ(got.result, row.result) << row.path;
  }
}

TEST(PageAddress, IsBounded) {
  const std::string longest = "/s;scope=" + std::string(10'000, 'a');
  EXPECT_EQ(read_address(longest, "/s").scope.size(), 100U);
}

TEST(PageAddress, WrittenAsItIsRead) {
  PageAddress address;
  EXPECT_EQ(write_address("/s", address), "/s");
  address = {.form = PageForm::csv, .only_up = true, .no_maintenance = true, .refreshes = false, .scope = "web"};
  EXPECT_EQ(write_address("/s", address), "/s;csv;up;no-maint;norefresh;scope=web");
  EXPECT_EQ(write_address("/s", {.refreshes = false}, ";st=DONE"), "/s;st=DONE;norefresh");
  const PageAddress again = read_address(write_address("/s", address), "/s");
  EXPECT_EQ(again.form, PageForm::csv);
  EXPECT_TRUE(again.only_up && again.no_maintenance && !again.refreshes);
  EXPECT_EQ(again.scope, "web");
}

}  // namespace
}  // namespace weir::admin
