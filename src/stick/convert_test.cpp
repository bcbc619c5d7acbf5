#include "stick/convert.h"

#include <gtest/gtest.h>

#include "sample/testing/fixture.h"

namespace weir::stick {
namespace {

/// The tables that the rows' examples look at.
struct Tables {
  TableRegistry registry;
  TableRefs refs;
  Tables() {
    TableConfig users;
    users.name = "users";
    users.type = KeyType::string;
    users.key_length = 32;
    users.size = 100;
    users.expire = Milliseconds(60'000);
    for (std::size_t i = 0; i < kDataTypes; ++i) {
      const DataTypeRow& row = row_of(static_cast<DataType>(i));
      if (!row.is_array) users.columns.push_back({row.type, 1, row.form == DataForm::rate ? 10'000U : 0U});
    }
    TableConfig arrays = users;
    arrays.name = "arrays";
    arrays.columns = {{DataType::gpt, 3}, {DataType::gpc, 3}, {DataType::gpc_rate, 3, 10'000}};
    registry.add(std::make_shared<StickTable>(users));
    registry.add(std::make_shared<StickTable>(arrays));
    StickTable& table = *registry.find("users");
    const auto bob = table.obtain("bob", now);
    for (const Column& column : users.columns)
      table.set(bob, column.type, static_cast<std::uint64_t>(column.type) + 1, now);
    StickTable& array = *registry.find("arrays");
    const auto pin = array.obtain("bob", now);
    array.set(pin, DataType::gpc, 11, now, 1);
    array.set(pin, DataType::gpt, 21, now, 1);
    array.set(pin, DataType::gpc_rate, 31, now, 1);
  }
  TimePoint now = Clock::now();
};

const sample::Registry& all_rows() {
  static const std::vector<std::span<const sample::Converter>> converters = [] {
    const auto base = sample::sample_converters();
    std::vector<std::span<const sample::Converter>> all(base.begin(), base.end());
    all.push_back(table_converters);
    return all;
  }();
  static const std::vector<std::span<const sample::Fetch>> fetches = [] {
    const auto base = sample::sample_fetches();
    std::vector<std::span<const sample::Fetch>> all(base.begin(), base.end());
    all.push_back(table_fetches);
    return all;
  }();
  static const sample::Registry registry(
      {.fetches = fetches, .converters = converters, .acl_keywords = sample::sample_acl_keywords(), .log_aliases = {}});
  return registry;
}

/// The value as text; "-" when absent, "?" when it does not compile.
std::string evaluate(Tables& tables, std::string_view text, std::string_view own = "users") {
  const TableScope scope{&tables.refs, own};
  const sample::NameResolver names{&scope, resolve_table_name};
  Diagnostics diagnostics;
  const sample::Scope place{.registry = &all_rows(), .names = &names};
  const auto expression = sample::Expression::compile(text, place, {}, diagnostics);
  if (!expression) return "?";
  (void)tables.refs.bind(tables.registry);
  sample::testing::Surroundings here;
  sample::Context context = here.context();
  context.now = tables.now;
  sample::Sample sample;
  if (expression->evaluate(context, sample) != sample::FetchStatus::ok) return "-";
  return std::string(sample::to_text(sample, here.arena).value_or("full"));
}

TEST(TableConverters, Examples) {
  const auto check = [](const sample::Examples& examples) {
    for (const sample::Example& example : examples) {
      if (example.expression.empty()) break;
      Tables tables;  // some examples change them
      EXPECT_EQ(evaluate(tables, example.expression), example.absent ? "-" : example.result) << example.expression;
    }
  };
  for (const sample::Converter& row : table_converters) check(row.examples);
  for (const sample::Fetch& row : table_fetches) check(row.examples);
}

TEST(TableConverters, WithoutANameItIsTheProxysOwn) {
  Tables tables;
  EXPECT_EQ(evaluate(tables, "str(bob),table_server_id"), "1");
  EXPECT_EQ(evaluate(tables, "str(bob),table_server_id", "arrays"), "-");
  EXPECT_EQ(evaluate(tables, "str(bob),table_gpc0", "arrays"), "0");
  EXPECT_EQ(evaluate(tables, "str(bob),table_gpc1", "arrays"), "11");
  EXPECT_EQ(evaluate(tables, "str(bob),table_gpc(1,users)"), "-");
  EXPECT_EQ(evaluate(tables, "str(bob),table_gpc(100,arrays)"), "?");
  EXPECT_EQ(evaluate(tables, "str(bob),in_table(nothere)"), "-");
  EXPECT_EQ(tables.refs.bind(tables.registry), std::vector<std::string>{"nothere"});
}

TEST(TableConverters, CountingUpAndClearing) {
  Tables tables;
  EXPECT_EQ(evaluate(tables, "str(eve),table_inc_gpc0(users)"), "1");
  EXPECT_EQ(evaluate(tables, "str(eve),table_inc_gpc0(users)"), "2");
  EXPECT_EQ(evaluate(tables, "str(eve),table_gpc0_rate(users)"), "2");
  EXPECT_EQ(evaluate(tables, "str(eve),table_clr_gpc0(users)"), "2");
  EXPECT_EQ(evaluate(tables, "str(eve),table_gpc0(users)"), "0");
  EXPECT_EQ(evaluate(tables, "str(bob),table_inc_gpc(1,arrays)"), "12");
  EXPECT_EQ(evaluate(tables, "str(bob),table_inc_gpc(3,arrays)"), "-");
}

}  // namespace
}  // namespace weir::stick
