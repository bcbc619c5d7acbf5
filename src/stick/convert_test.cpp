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
    add(users, "bob");
    add(arrays, "bob");
    const std::string client("\xc0\x00\x02\x07", 4);  // 192.0.2.7
    for (TableConfig* config : {&users, &arrays}) {
      config->name = config == &users ? "clients" : "marks";
      config->type = KeyType::ipv4;
      config->key_length = 4;
      add(*config, client);
    }
  }
  void add(const TableConfig& config, std::string_view key) {
    registry.add(std::make_shared<StickTable>(config));
    StickTable& table = *registry.find(config.name);
    const auto pin = table.obtain(key, now);
    for (const Column& column : config.columns)
      if (column.count == 1) table.set(pin, column.type, static_cast<std::uint64_t>(column.type) + 1, now);
    table.set(pin, DataType::gpc, 11, now, 1);
    table.set(pin, DataType::gpt, 21, now, 1);
    table.set(pin, DataType::gpc_rate, 31, now, 1);
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
    all.push_back(source_fetches);
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
  for (const sample::Fetch& row : source_fetches) check(row.examples);
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
  EXPECT_EQ(evaluate(tables, "str(bob),table_inc_gpc(3,arrays)"), "0");
  EXPECT_EQ(evaluate(tables, "str(bob),table_clr_gpc(3,arrays)"), "-");
}

TEST(TableConverters, WhatIsNotThereAndWhatIsNotStored) {
  struct Row {
    const char* text;
    const char* wanted;
  };
  constexpr Row kCases[] = {
      {"str(eve),table_conn_cnt(arrays)", "0"},        // no entry: 0, whatever is stored
      {"str(bob),table_conn_cnt(arrays)", "-"},        // an entry without that column
      {"str(eve),table_inc_gpc0(arrays)", "1"},        // the array's first element
      {"str(new),table_inc_gpc(1,users)", "0"},        // no array of counters: no entry is made
      {"str(new),in_table(users)", "0"},               //
      {"str(new),table_clr_gpc(1,users)", "-"},        //
      {"src_conn_cnt(marks)", "-"},                    //
      {"src_get_gpc(9,marks)", "0"},                   // behind the array's end
      {"src_get_gpc(1,clients)", "-"},                 //
      {"src_updt_conn_cnt(marks)", "-"},               //
      {"src_conn_cnt(users)", "0"},                    // the address as a string
      {"src_inc_gpc0(users)", "1"},                    //
      {"str(192.0.2.7),table_gpc0(users)", "1"},       //
      {"src_get_gpc(100,marks)", "?"},                 //
      {"src_get_gpc(-1,marks)", "?"},                  //
      {"str(x),table_conn_cnt(clients)", "0"},         // no address
      {"str(192.0.2.7),table_conn_cnt(clients)", "5"}  //
  };
  Tables tables;
  for (const Row& row : kCases) EXPECT_EQ(evaluate(tables, row.text), row.wanted) << row.text;
}

TEST(TableConverters, ByteRatesCountBlocks) {
  Tables tables;
  TableConfig config = tables.registry.find("users")->config();
  config.name = "blocks";
  config.bytes_rate_factor = 100;
  tables.registry.add(std::make_shared<StickTable>(config));
  StickTable& table = *tables.registry.find("blocks");
  auto pin = table.track("bob", tables.now);
  table.count_bytes(pin, {.in = 250, .out = 99}, tables.now);
  table.count_bytes(pin, {.in_told = 250, .in = 330, .out_told = 99, .out = 101}, tables.now);
  EXPECT_EQ(evaluate(tables, "str(bob),table_bytes_in_rate(blocks)"), "300");
  EXPECT_EQ(evaluate(tables, "str(bob),table_bytes_out_rate(blocks)"), "100");
  EXPECT_EQ(table.get(pin, DataType::bytes_in_cnt, tables.now), 330U);
}

TEST(TableConverters, AnOlderConfigurationSpeaksOfTheTableThatTookOver) {
  Tables tables;
  EXPECT_EQ(evaluate(tables, "str(bob),table_gpc0(users)"), "3");
  auto next = std::make_shared<StickTable>(tables.registry.find("users")->config());
  tables.registry.find("users")->pass_to(next);
  ASSERT_TRUE(next->set(next->obtain("bob", tables.now), DataType::gpc0, 77, tables.now));
  EXPECT_EQ(evaluate(tables, "str(bob),table_gpc0(users)"), "77");
}

}  // namespace
}  // namespace weir::stick
