#include "sample/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample/condition.h"
#include "sample/testing/fixture.h"

namespace weir::sample {
namespace {

std::string told(std::string_view line, std::string_view request = {}, bool final = true) {
  testing::Surroundings here(request);
  const auto words = testing::words(line);
  const auto condition = Condition::compile(words, AclSet(), here.scope(), here.diagnostics);
  EXPECT_TRUE(condition) << here.diagnostics.render();
  if (!condition) return "";
  Trace trace;
  Context context = here.context(final);
  context.trace = &trace;
  (void)condition->evaluate(context);
  return trace.text();
}

TEST(Trace, TellsEachStepAndStopsWhereTheConditionIsDecided) {
  EXPECT_EQ(told("if { src 10.0.0.0/8 } TRUE or { src,ipmask(8) 192.0.0.0 }"),
            "  src 10.0.0.0/8\n"
            "    src = 192.0.2.7\n"
            "{ ... }: no\n"
            "  src,ipmask(8) 192.0.0.0\n"
            "    src = 192.0.2.7\n"
            "      ,ipmask = 192.0.0.0\n"
            "{ ... }: yes\n");
  EXPECT_EQ(told("if !REQ_CONTENT", "", false),
            "  req.len gt 0\n"
            "    req.len = 0\n"
            "not REQ_CONTENT: not decided yet\n");
}

TEST(Trace, TextDoesNotReachTheTerminalAsItCame) {
  EXPECT_EQ(told("if { payload(0,4) -m found }", "\x1b[2J"),
            "  payload(0,4) -m found\n"
            "    payload(0,4) = \"\\x1b[2J\"\n"
            "{ ... }: yes\n");
}

TEST(Trace, IsBounded) {
  Trace trace;
  const std::string line(1000, 'x');
  for (int i = 0; i < 1000; i++) trace.line(line);
  EXPECT_LT(trace.text().size(), Trace::kMost + 100);
  EXPECT_THAT(trace.text(), ::testing::EndsWith("... and more than fits here\n"));
}

}  // namespace
}  // namespace weir::sample
