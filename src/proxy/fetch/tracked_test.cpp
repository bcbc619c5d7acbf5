// The rows' examples, over a session that tracks, and what a session without counters answers.
#include "proxy/fetch/tracked.h"

#include <gtest/gtest.h>

#include "proxy/tcp/session.h"
#include "proxy/tcp/tracks.h"
#include "sample/testing/fixture.h"
#include "stick/convert.h"

namespace weir::proxy {
namespace {

using stick::DataType;

struct World {
  stick::TableRegistry tables;
  stick::TableRefs refs;
  Session session;
  Tracks tracks;
  TimePoint now = Clock::now();

  World() {
    stick::TableConfig users;
    users.name = "users";
    users.type = stick::KeyType::string;
    users.key_length = 32;
    users.size = 100;
    for (std::size_t i = 0; i < stick::kDataTypes; ++i) {
      const stick::DataTypeRow& row = stick::row_of(static_cast<DataType>(i));
      if (!row.is_array) users.columns.push_back({row.type, 1, row.form == stick::DataForm::rate ? 10'000U : 0U});
    }
    stick::TableConfig arrays = users;
    arrays.name = "arrays";
    arrays.columns = {{DataType::gpt, 3}, {DataType::gpc, 3}, {DataType::gpc_rate, 3, 10'000}};
    add(users);
    add(arrays);
    arrays.name = "numbers";
    arrays.type = stick::KeyType::integer;
    arrays.key_length = 4;
    add(arrays);
    session.tracks = &tracks;
    for (int i = 0; i < 3; ++i) tracks.counters.push_back({nullptr, tables.find("users")->find("bob", now)});
    tracks.counters.emplace_back();  // the fourth tracks nothing
  }
  void add(const stick::TableConfig& config) {
    tables.add(std::make_shared<stick::StickTable>(config));
    stick::StickTable& table = *tables.find(config.name);
    const auto pin = table.obtain("bob", now);
    for (const stick::Column& column : config.columns)
      if (column.count == 1) table.set(pin, column.type, static_cast<std::uint64_t>(column.type) + 1, now);
    table.set(pin, DataType::gpc, 11, now, 1);
    table.set(pin, DataType::gpt, 21, now, 1);
    table.set(pin, DataType::gpc_rate, 31, now, 1);
  }
};

const sample::Registry& rows() {
  static const std::vector<std::span<const sample::Fetch>> fetches = {tracked_fetches};
  static const sample::Registry registry({.fetches = fetches,
                                          .converters = sample::sample_converters(),
                                          .acl_keywords = sample::sample_acl_keywords().first(0),
                                          .log_aliases = {}});
  return registry;
}

/// The value as text; "-" when absent, "?" when it does not compile.
std::string evaluate(World& world, std::string_view text, Session* session) {
  const stick::TableScope scope{&world.refs, "nobody"};
  const sample::NameResolver names{&scope, stick::resolve_table_name};
  Diagnostics diagnostics;
  const auto expression = sample::Expression::compile(text, {.registry = &rows(), .names = &names}, {}, diagnostics);
  if (!expression) return "?";
  (void)world.refs.bind(world.tables);
  sample::testing::Surroundings here;
  sample::Context context = here.context();
  context.now = world.now;
  context.session = session;
  sample::Sample sample;
  if (expression->evaluate(context, sample) != sample::FetchStatus::ok) return "-";
  return std::string(sample::to_text(sample, here.arena).value_or("full"));
}

TEST(TrackedFetches, Examples) {
  for (const sample::Fetch& row : tracked_fetches)
    for (const sample::Example& example : row.examples) {
      if (example.expression.empty()) break;
      World world;  // some examples change it
      EXPECT_EQ(evaluate(world, example.expression, &world.session), example.absent ? "-" : example.result)
          << example.expression;
    }
}

TEST(TrackedFetches, WithoutATrackedEntryThereIsNothing) {
  World world;
  Session plain;
  for (const sample::Fetch& row : tracked_fetches) {
    const std::string_view text = row.examples[0].expression;
    const bool asks = row.out == sample::Type::boolean;
    EXPECT_EQ(evaluate(world, text, &plain), asks ? "0" : "-") << text;
    EXPECT_EQ(evaluate(world, text, nullptr), asks ? "0" : "-") << text;
  }
  EXPECT_EQ(evaluate(world, "sc_conn_cnt(3)", &world.session), "-");
  EXPECT_EQ(evaluate(world, "sc_conn_cnt(99)", &world.session), "-");
}

TEST(TrackedFetches, AnotherTableIsAskedForTheKeyAndNotGivenIt) {
  World world;
  Session* session = &world.session;
  EXPECT_EQ(evaluate(world, "sc_inc_gpc0(0,arrays)", session), "1");
  EXPECT_EQ(evaluate(world, "sc_inc_gpc(1,0,arrays)", session), "12");
  EXPECT_EQ(evaluate(world, "sc0_trackers(arrays)", session), "0");
  world.tables.find("arrays")->remove("bob", world.now);
  EXPECT_EQ(evaluate(world, "sc0_inc_gpc0(arrays)", session), "0");
  EXPECT_EQ(evaluate(world, "sc0_conn_cnt(arrays)", session), "0");
  EXPECT_EQ(world.tables.find("arrays")->used(), 0U);
  EXPECT_EQ(evaluate(world, "sc0_inc_gpc0(numbers)", session), "0") << "keys of another type";
  EXPECT_EQ(evaluate(world, "sc0_get_gpc0(nowhere)", session), "3") << "an unbound name is none";
}

TEST(TrackedFetches, WrongNumbersAreRefused) {
  World world;
  for (const char* text : {"sc_conn_cnt(100)", "sc_conn_cnt(-1)", "sc_get_gpc(100,0)", "sc_get_gpc(0,100)",
                           "sc_get_gpc(0,-1)", "sc_conn_cnt", "sc_conn_cnt(x)", "sc_get_gpc(1)", "sc1_clr_gpc(100)"})
    EXPECT_EQ(evaluate(world, text, &world.session), "?") << text;
}

}  // namespace
}  // namespace weir::proxy
