// Variables: names, lives, bounds, conditions.
#include "sample/variable.h"

#include <gtest/gtest.h>

#include "sample/testing/fixture.h"

namespace weir::sample {
namespace {

VariableName name(std::string_view text) {
  const auto parsed = VariableName::parse(text);
  EXPECT_TRUE(parsed) << text;
  return *parsed;
}

std::string text_of(const Sample* sample) {
  if (sample == nullptr) return "<none>";
  Arena arena;
  return std::string(*to_text(*sample, arena));
}

TEST(VariableName, scopes_and_characters) {
  for (const std::string_view good : {"proc.a", "sess.A_9", "txn.x", "req.x", "res.x", "check.x"})
    EXPECT_TRUE(VariableName::parse(good)) << good;
  for (const std::string_view bad : {"", "a", "sess", "sess.", "foo.a", "sess.a-b", "sess.a.b", "ptxn.a", ".a"})
    EXPECT_FALSE(VariableName::parse(bad)) << bad;
  EXPECT_FALSE(VariableName::parse("sess." + std::string(300, 'a')));
  EXPECT_EQ(name("sess.a"), name("sess.a"));
  EXPECT_NE(name("sess.a"), name("txn.a"));
}

// dump_all_vars on variables of every type; "" when it is absent.
std::string dump(testing::Surroundings& here, std::string_view text) {
  here.arena.reset();
  const auto made = Expression::compile(text, here.scope(), {0, 1, 1, 0}, here.diagnostics);
  EXPECT_TRUE(made) << here.diagnostics.render();
  Context context = here.context();
  Sample sample;
  if (!made || made->evaluate(context, sample) != FetchStatus::ok) return "<absent>";
  return std::string(sample.text());
}

TEST(DumpAllVars, scopes_in_order_and_each_type_in_its_own_spelling) {
  using namespace std::string_view_literals;
  testing::Surroundings here;
  Context context = here.context();
  const std::pair<std::string_view, Sample> set[] = {
      {"res.yes", Sample::boolean(true)},
      {"req.no", Sample::boolean(false)},
      {"txn.text", Sample::string("a\"\\\r\n\b\0z"sv)},
      {"sess.bytes", Sample::binary("\x01\xabHello"sv)},
      {"txn.count", Sample::integer(-42)},
      {"sess.four", Sample::ipv4(0x0a000001)},
      {"sess.six", Sample::ipv6(mapped_ipv6(0x0a000001))},
      {"req.how", Sample::method("GET")},
      {"sess.gone", Sample::integer(1)},
      {"check.other", Sample::integer(1)},
  };
  for (const auto& [name_of_it, value] : set) ASSERT_TRUE(set_variable(context, name(name_of_it), value));
  unset_variable(context, name("sess.gone"));
  EXPECT_EQ(dump(here, "dump_all_vars"),
            "sess.bytes=x01ab48656c6c6f, sess.four=10.0.0.1, sess.six=::ffff:10.0.0.1, "
            "txn.text=\"a\\\"\\\\\\r\\n\\b\\0z\", txn.count=-42, req.no=false, req.how=\"GET\", "
            "res.yes=true, proc.site=\"north\", proc.seats=40");
  EXPECT_EQ(dump(here, "dump_all_vars(txn,co)"), "txn.count=-42");
  EXPECT_EQ(dump(here, "dump_all_vars(req,,|)"), "req.no=false|req.how=\"GET\"");
  EXPECT_EQ(dump(here, "dump_all_vars(req,,' / ')"), "req.no=false / req.how=\"GET\"");
  EXPECT_EQ(dump(here, "dump_all_vars(res,zz)"), "");
}

TEST(DumpAllVars, all_or_nothing) {
  testing::Surroundings here;
  Context context = here.context();
  const std::string large(16384 - std::string_view("txn.a=\"\"").size(), 'x');
  ASSERT_TRUE(set_variable(context, name("txn.a"), Sample::string(large)));
  EXPECT_EQ(dump(here, "dump_all_vars(txn)").size(), 16384U);
  ASSERT_TRUE(set_variable(context, name("txn.a"), Sample::string(large + "x")));
  EXPECT_EQ(dump(here, "dump_all_vars(txn)"), "<absent>");
  EXPECT_EQ(dump(here, "dump_all_vars(proc,site)"), "proc.site=\"north\"") << "the arena has its room back";
}

TEST(DumpAllVars, what_is_no_scope_is_refused) {
  testing::Surroundings here;
  for (const std::string_view text : {"dump_all_vars(check)", "dump_all_vars(session)", "dump_all_vars(txn,,,)"})
    EXPECT_FALSE(Expression::compile(text, here.scope(), {0, 1, 1, 0}, here.diagnostics)) << text;
}

TEST(Variables, keep_their_own_bytes_and_types) {
  Variables all(nullptr);
  std::string text = "first";
  ASSERT_TRUE(all.set(name("sess.a"), Sample::string(text)));
  text = "xxxxx";
  EXPECT_EQ(text_of(all.find(name("sess.a"))), "first");
  ASSERT_TRUE(all.set(name("sess.a"), Sample::integer(7)));
  EXPECT_EQ(all.find(name("sess.a"))->type(), Type::integer);
  EXPECT_EQ(all.find(name("sess.b")), nullptr);
  EXPECT_FALSE(all.set(name("sess.b"), Sample())) << "a value of no type is none";
}

// A variable may be set to a part of itself.
TEST(Variables, set_from_themselves) {
  Variables all(nullptr);
  ASSERT_TRUE(all.set(name("sess.a"), Sample::string("abcdef")));
  ASSERT_TRUE(all.set(name("sess.a"), Sample::string(all.find(name("sess.a"))->text().substr(2))));
  EXPECT_EQ(text_of(all.find(name("sess.a"))), "cdef");
  for (int i = 0; i < 20; i++)
    ASSERT_TRUE(all.set(name("sess.v" + std::to_string(i)), Sample::string(all.find(name("sess.a"))->text())));
  EXPECT_EQ(text_of(all.find(name("sess.v19"))), "cdef");
}

TEST(Variables, unset_exists_still_and_a_scope_ends) {
  Variables all(nullptr);
  all.set(name("req.a"), Sample::integer(1));
  all.unset(name("req.a"));
  EXPECT_EQ(all.find(name("req.a")), nullptr);
  EXPECT_TRUE(all.exists(name("req.a")));
  all.set(name("res.a"), Sample::integer(2));
  all.end(VariableScope::req);
  EXPECT_FALSE(all.exists(name("req.a")));
  EXPECT_EQ(text_of(all.find(name("res.a"))), "2");
}

// Manual, tune.vars: finer scopes count in coarser ones.
TEST(Variables, limits_are_nested) {
  VariableBudget budget;
  budget.set({.global = 100, .proc = 0, .sess = 60, .txn = 40, .reqres = 20});
  {
    Variables all(&budget);
    const std::string ten(10, 'x');
    EXPECT_TRUE(all.set(name("req.a"), Sample::string(ten)));
    EXPECT_TRUE(all.set(name("req.b"), Sample::string(ten)));
    EXPECT_FALSE(all.set(name("req.c"), Sample::string("x"))) << "reqres";
    EXPECT_TRUE(all.set(name("txn.a"), Sample::string(std::string(20, 'x'))));
    EXPECT_FALSE(all.set(name("txn.b"), Sample::string("x"))) << "txn holds req too";
    EXPECT_TRUE(all.set(name("sess.a"), Sample::string(std::string(20, 'x'))));
    EXPECT_FALSE(all.set(name("sess.b"), Sample::string("x"))) << "sess holds all";
    EXPECT_EQ(budget.used.load(), 60U);
    Variables others(&budget);
    EXPECT_FALSE(others.set(name("sess.a"), Sample::string(std::string(41, 'x')))) << "global";
    EXPECT_TRUE(others.set(name("sess.a"), Sample::string(std::string(40, 'x'))));
    all.unset(name("txn.a"));
    EXPECT_EQ(budget.used.load(), 80U);
    EXPECT_TRUE(all.set(name("txn.b"), Sample::string("x")));
    EXPECT_TRUE(all.set(name("sess.a"), Sample::string("shorter")));
  }
  EXPECT_EQ(budget.used.load(), 0U) << "a session gives back what its variables took";
}

TEST(Variables, their_number_is_bounded) {
  Variables all(nullptr);
  for (std::size_t i = 0; i < Variables::kMost; i++)
    ASSERT_TRUE(all.set(name("sess.n" + std::to_string(i)), Sample::integer(1)));
  EXPECT_FALSE(all.set(name("sess.one_more"), Sample::integer(1)));
}

TEST(ProcessVariables, are_copied_out) {
  ProcessVariables all;
  ASSERT_TRUE(all.set(name("proc.a"), Sample::string("abc")));
  Arena arena;
  Sample out;
  ASSERT_TRUE(all.get(name("proc.a"), arena, out));
  all.set(name("proc.a"), Sample::string("xyz"));
  EXPECT_EQ(out.text(), "abc");
  all.unset(name("proc.a"));
  EXPECT_FALSE(all.get(name("proc.a"), arena, out));
  all.budget().set({.proc = 2});
  EXPECT_FALSE(all.set(name("proc.b"), Sample::string("abc")));
}

// What the conditions of set-var say of: a variable that is not there, one that is empty, and one of 5.
TEST(VariableConditions, each) {
  struct Row {
    std::string_view word;
    bool absent, unset, five;  // for the input 3
  };
  constexpr Row kRows[] = {
      {"ifexists", false, true, true}, {"ifnotexists", true, false, false}, {"ifset", false, false, true},
      {"ifnotset", true, true, false}, {"ifempty", false, false, false},    {"ifnotempty", true, true, true},
      {"ifgt", true, true, true},      {"iflt", true, true, false},
  };
  testing::Surroundings here;
  Context context = here.context();
  set_variable(context, name("sess.unset"), Sample::integer(1));
  unset_variable(context, name("sess.unset"));
  set_variable(context, name("sess.five"), Sample::integer(5));
  const Sample three = Sample::integer(3);
  for (const Row& row : kRows) {
    VariableConditions conditions;
    ASSERT_TRUE(conditions.add(row.word));
    EXPECT_EQ(conditions.hold(context, name("sess.absent"), &three), row.absent) << row.word;
    EXPECT_EQ(conditions.hold(context, name("sess.unset"), &three), row.unset) << row.word;
    EXPECT_EQ(conditions.hold(context, name("sess.five"), &three), row.five) << row.word;
  }
  VariableConditions conditions;
  EXPECT_FALSE(conditions.add("ifblue"));
  ASSERT_TRUE(conditions.add("ifempty"));
  const Sample nothing = Sample::string("");
  EXPECT_TRUE(conditions.hold(context, name("sess.five"), &nothing));
}

TEST(Variables, fetch_and_converters) {
  struct Row {
    std::string_view expression, result;
  };
  // In order: each sees what those before it did.
  constexpr Row kRows[] = {
      {"var(sess.a,none)", "none"},
      {"var(sess.a,)", ""},
      {"str(x),set-var(sess.a)", "x"},
      {"var(sess.a,none)", "x"},
      {"str(y),set-var(sess.a,ifnotset)", "y"},
      {"var(sess.a)", "x"},
      {"var(sess.a),unset-var(sess.a)", "x"},
      {"var(sess.a,gone)", "gone"},
      {"int(4),set-var(proc.n),add(1)", "5"},
      {"var(proc.n)", "4"},
      {"int(1),add(proc.n)", "5"},
      {"int(8),div(proc.n),mul(proc.n)", "8"},
  };
  testing::Surroundings here;
  for (const Row& row : kRows) {
    auto expression = Expression::compile(row.expression, here.scope(), {0, 1, 1, 0}, here.diagnostics);
    ASSERT_TRUE(expression) << here.diagnostics.render();
    Context context = here.context();
    Sample sample;
    ASSERT_EQ(expression->evaluate(context, sample), FetchStatus::ok) << row.expression;
    EXPECT_EQ(text_of(&sample), row.result) << row.expression;
  }
  for (const std::string_view bad :
       {"var(a.b)", "int(1),set-var(sess.a,ifblue)", "int(1),set-var()", "int(1),add(a.b)"})
    EXPECT_FALSE(Expression::compile(bad, here.scope(), {0, 1, 1, 0}, here.diagnostics)) << bad;
}

}  // namespace
}  // namespace weir::sample
