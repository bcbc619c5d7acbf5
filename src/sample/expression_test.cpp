#include "sample/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample/testing/fixture.h"

namespace weir::sample {
namespace {

using ::testing::HasSubstr;

TEST(Expression, ErrorsNameTheColumnAndTheNearestWord) {
  const struct {
    std::string_view text;
    std::uint32_t column;
    std::string_view message;
    std::string_view hint;
  } rows[] = {
      {"", 1, "a sample fetch is missing", ""},
      {"srcc", 1, "no sample fetch is named 'srcc'", "did you mean 'src'?"},
      {"src,lowr", 5, "no converter is named 'lowr'", "did you mean 'lower'?"},
      {"src, lower", 5, "a converter is missing behind ','", "spaces do not belong around commas"},
      {"src(1)", 4, "'src' takes no arguments, here are 1", ""},
      {"meth", 5, "'meth' takes 1 argument, here are 0", ""},
      {"int(12x)", 5, "argument 1 of 'int' must be an integer, not '12x'", ""},
      {"req.payload(0,b)", 15, "argument 2 of 'req.payload' must be an integer, not 'b'", ""},
      {"req.payload(0", 12, "the arguments of 'req.payload' do not end", "a ')' is missing"},
      {"str('abc)", 4, "the arguments of 'str' do not end", "a closing ' is missing"},
      {"str((a|b),x)", 11, "no converter is named 'x'", ""},  // parentheses do not nest
      {"str(a)b", 7, "'b' cannot follow here", "an argument needs quotes"},
      {"str(a),word(0,-)", 8, "'word': the index counts from 1, or from -1 at the end", ""},
      {"str(a),regsub('(',x)", 8, "the regular expression '(' is wrong at character 2", ""},
      {"bool(true),ipmask(24)", 12, "'ipmask' takes ip, but what comes before it gives boolean", ""},
      {"int(99999999999999999999)", 5, "must be an integer", ""},
      {"str(a),bytes(0,1,2)", 13, "'bytes' takes 1 to 2 arguments, here are 3", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    testing::Surroundings here;
    EXPECT_FALSE(Expression::compile(row.text, here.scope(), {0, 1, 1, 0}, here.diagnostics));
    ASSERT_EQ(here.diagnostics.all().size(), 1U);
    const Diagnostic& told = here.diagnostics.all()[0];
    EXPECT_THAT(told.message, HasSubstr(std::string(row.message)));
    EXPECT_EQ(told.position.column, row.column);
    EXPECT_THAT(told.hint, HasSubstr(std::string(row.hint)));
  }
}

TEST(Expression, IsRefusedWhereItsFactsAreMissing) {
  testing::Surroundings here;
  Scope scope = here.scope();
  scope.available = Facts::client;
  EXPECT_TRUE(Expression::compile("src", scope, {}, here.diagnostics));
  EXPECT_FALSE(Expression::compile("req.len", scope, {}, here.diagnostics));
  EXPECT_EQ(here.diagnostics.all()[0].message,
            "'req.len' looks at the client's bytes, which is not there in this place");
}

TEST(Expression, QuotedArguments) {
  const struct {
    std::string_view text;
    std::string_view value;
  } rows[] = {
      {R"(str("a,b"))", "a,b"},   {R"(str('a)b'))", "a)b"},  {R"(str(a\,b))", "a,b"},       {R"(str(a\)b))", "a)b"},
      {R"(str("a\"b"))", "a\"b"}, {R"(str('a\b'))", "a\\b"}, {R"(str("my/\1"))", "my/\\1"}, {R"(str(a' 'b))", "a b"},
      {R"(str(a\ b))", "a b"},    {R"(str(''))", ""},        {R"(str(f(x))", "f(x"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    testing::Surroundings here;
    const auto expression = Expression::compile(row.text, here.scope(), {}, here.diagnostics);
    ASSERT_TRUE(expression) << here.diagnostics.render();
    Context context = here.context();
    Sample sample;
    ASSERT_EQ(expression->evaluate(context, sample), FetchStatus::ok);
    EXPECT_EQ(sample.text(), row.value);
  }
}

TEST(Expression, CastsBetweenSteps) {
  const struct {
    std::string_view text;
    std::string_view value;
    bool absent = false;
  } rows[] = {
      {"str(12),add(1)", "13"},
      {"str(12x),add(1)", "13"},
      {"str(x12),add(1)", "1"},
      {"str(''),add(1)", "", true},
      {R"(str(ab),regsub(a,<\\7>))", "<>b"},  // a group that the regex does not have is empty
      {"int(3232235777),ipmask(32)", "192.168.1.1"},
      {"str(10.1.2.3),ipmask(8)", "10.0.0.0"},
      {"str(::ffff:10.1.2.3),ipmask(8,128)", "::ffff:10.1.2.3"},
      {"ipv4(10.0.0.1),hex", "0A000001"},
      {"int(258),hex", "0000000000000102"},
      {"ipv4(1.2.3.4),length", "7"},
      {"bool(true),length", "1"},
      {"ipv4(0.0.1.0),add(1)", "257"},
      {"bin(0a000001),ipmask(24)", "10.0.0.0"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    testing::Surroundings here;
    const auto expression = Expression::compile(row.text, here.scope(), {}, here.diagnostics);
    ASSERT_TRUE(expression) << here.diagnostics.render();
    Context context = here.context();
    Sample sample;
    ASSERT_EQ(expression->evaluate(context, sample), row.absent ? FetchStatus::absent : FetchStatus::ok);
    if (!row.absent) EXPECT_EQ(to_text(sample, here.arena), row.value);
  }
}

TEST(Expression, AFullArenaMakesAbsentAndNeverGrows) {
  testing::Surroundings here;
  const auto expression = Expression::compile("req.payload(0,0),hex", here.scope(), {}, here.diagnostics);
  ASSERT_TRUE(expression);
  const std::string bytes(Arena::kDefaultCapacity, 'x');
  here.request.bytes = bytes;
  Context context = here.context();
  Sample sample;
  EXPECT_EQ(expression->evaluate(context, sample), FetchStatus::absent);
}

}  // namespace
}  // namespace weir::sample
