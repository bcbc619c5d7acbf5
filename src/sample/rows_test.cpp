// Every row's own examples, and the promises that all rows keep.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample/testing/fixture.h"
#include "sample/trace.h"

namespace weir::sample {
namespace {

void check_examples(const Examples& examples, const Given& given) {
  for (const Example& example : examples) {
    if (example.expression.empty()) break;
    SCOPED_TRACE(example.expression);
    testing::Surroundings here(given.request, given.response);
    auto expression = Expression::compile(example.expression, here.scope(), {0, 1, 1, 0}, here.diagnostics);
    ASSERT_TRUE(expression) << here.diagnostics.render();
    Context context = here.context(given.final);
    Sample sample;
    const FetchStatus status = expression->evaluate(context, sample);
    ASSERT_EQ(status, example.absent ? FetchStatus::absent : FetchStatus::ok);
    if (status == FetchStatus::ok) EXPECT_EQ(to_text(sample, here.arena), example.result);
    Trace trace;  // who tells comes to the same
    Context telling = here.context(given.final);
    telling.trace = &trace;
    ASSERT_EQ(expression->evaluate(telling, sample), status) << trace.text();
    if (status == FetchStatus::ok) EXPECT_EQ(to_text(sample, here.arena), example.result) << trace.text();
  }
}

TEST(Rows, FetchExamples) {
  for (const Fetch* row : testing::registry().fetches()) check_examples(row->examples, row->given);
}

TEST(Rows, ConverterExamples) {
  for (const Converter* row : testing::registry().converters()) check_examples(row->examples, {});
}

TEST(Rows, DeprecatedNamesPointToCurrentOnes) {
  for (const Fetch* row : testing::registry().fetches()) {
    if (row->deprecated_for.empty()) continue;
    const Fetch* current = testing::registry().fetch(row->deprecated_for);
    ASSERT_NE(current, nullptr) << row->name;
    EXPECT_EQ(current->out, row->out) << row->name;
  }
}

TEST(RowsDeathTest, ANameInTwoTablesStopsTheProcess) {
  const std::span<const Fetch> table = sample_fetches()[0];
  const std::span<const Fetch> twice[] = {table, table};
  EXPECT_DEATH(Registry({.fetches = twice, .converters = {}, .acl_keywords = {}, .log_aliases = {}}),
               "stands in two tables");
}

}  // namespace
}  // namespace weir::sample
