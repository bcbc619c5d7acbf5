// Rules: each action's example is a right line, what is wrong is said where it stands, and how a set is walked.
#include "proxy/rule/rule.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "proxy/keyword/load.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/session.h"
#include "proxy/test_tables.h"
#include "sample/testing/fixture.h"

namespace weir::proxy {
namespace {

using testing::HasSubstr;

constexpr std::string_view kListen =
    "global\n expose-experimental-directives\nlisten l\n bind 127.0.0.1:4440\n timeout client 1s\n timeout server 1s\n "
    "timeout connect 1s\n"
    " server s 127.0.0.1:80\n stick-table type ip size 10 store conn_cnt,gpc(4),gpt(4)\n"
    " tcp-request inspect-delay 1s\n";

std::unique_ptr<Loaded> load_line(std::string_view line) {
  return load(std::string(kListen) + " " + std::string(line) + "\n" +
              " filter bwlim-in slow default-limit 1m default-period 1s\nbackend clients\n stick-table type ip size 10 "
              "store gpc(4)\n");  // the line is number 11
}

TEST(Actions, each_stands_once_in_a_set) {
  std::set<std::pair<std::string_view, unsigned>> seen;
  for (const auto& table : action_tables())
    for (const ActionRow& row : table)
      for (unsigned set = 1; set <= rules_of::response; set <<= 1U)
        if ((row.sets & set) != 0) EXPECT_TRUE(seen.emplace(row.name, set).second) << row.name;
}

TEST(Actions, examples_are_right) {
  for (const auto& table : action_tables())
    for (const ActionRow& row : table) {
      if (!row.reason.empty()) continue;
      const auto loaded = load_line(row.example);
      EXPECT_FALSE(loaded->diagnostics.has_errors()) << row.example << "\n" << loaded->diagnostics.render();
    }
}

TEST(Actions, mistakes_are_said_where_they_stand) {
  struct Row {
    std::string_view line, message;
  };
  constexpr Row kRows[] = {
      {"tcp-request content set-var sess.a int(1)", "11:22 'set-var' needs its arguments in parentheses"},
      {"tcp-request content set-var(sess.a int(1)", "11:22 the arguments of 'set-var' do not end in ')'"},
      {"tcp-request content set-var(a) int(1)", "11:30 'tcp-request content': 'a' is no variable"},
      {"tcp-request content set-var(sess.a,ifblue) int(1)", "11:37 'tcp-request content': 'ifblue' is no condition"},
      {"tcp-request content set-var(sess.a)", "11:37 'tcp-request content': the value is missing"},
      {"tcp-request content set-var(check.a) int(1)", "11:30 'tcp-request content': variables of scope 'check'"},
      {"tcp-request connection set-var(txn.a) int(1)", "11:33 'tcp-request connection': 'txn.a': here only"},
      {"tcp-request session set-var(req.a) int(1)", "11:30 'tcp-request session': 'req.a': here only"},
      {"tcp-request content set-var(sess.a) nothing", "11:38 no sample fetch is named 'nothing'"},
      {"tcp-request content unset-var(sess.a,sess.b)",
       "11:32 'tcp-request content': 'unset-var' takes the name of one variable"},
      {"tcp-request content capture src", "11:33 "},
      {"tcp-request content capture src id 4", ""},
      {"tcp-request content set-log-level loud", "11:36 "},
      {"tcp-request content set-nice 5000", "11:31 "},
      {"tcp-request content set-tos 256", "11:30 'tcp-request content': '256' is above 255"},
      {"tcp-request content set-mark x", "11:31 no sample fetch is named 'x'"},
      {"tcp-request content set-retries 101", "11:34 "},
      {"tcp-request content silent-drop rst-ttl 0", "11:42 "},
      {"tcp-request connection capture src len 3", "11:25 'capture' is no action of 'tcp-request connection'"},
      {"tcp-request content close", "11:22 'close' is no action of 'tcp-request content'"},
      {"tcp-request content switch-mode http", ""},
      {"tcp-request content switch-mode tcp", "11:34 "},
      {"tcp-response content set-src src", "11:23 'set-src' is no action of 'tcp-response content'"},
      {"tcp-request content reject if { src,in_table(nobody) }", "11:47 there is no stick table 'nobody'"},
      {"tcp-request content reject extra",
       "11:29 'tcp-request content': 'if' or 'unless' is expected instead of 'extra'"},
      {"tcp-request content do-log profile",
       "11:36 'tcp-request content': the name of a log-profile section is missing"},
      {"tcp-request content do-log profile x", "11:37 there is no log-profile 'x'"},
      {"tcp-request session reject if { req.len gt 0 }", "11:32 'req.len gt 0' never matches here"},
      {"declare capture request len 0", "11:30 "},
      {"declare capture both len 3", "11:18 "},
  };
  for (const Row& row : kRows) {
    const auto loaded = load_line(row.line);
    std::string all;
    for (const Diagnostic& one : loaded->diagnostics.all())
      if (one.severity >= Severity::warning)
        all += fmt::format("{}:{} {}\n", one.position.line, one.position.column, one.message);
    if (row.message.empty())
      EXPECT_EQ(all, "") << row.line;
    else
      EXPECT_THAT(all, HasSubstr(row.message)) << row.line;
  }
}

// An undecided condition makes all rules be asked again, an action that waits only those from it on.
TEST(Rules, wait) {
  const auto loaded = load_line(
      "tcp-request content set-var-fmt(sess.a) %[var(sess.a)]1\n"
      " tcp-request content set-var-fmt(sess.a) %[var(sess.a)]2 if { req.payload(0,3) -m str abc }\n"
      " tcp-request content set-var-fmt(sess.a) %[var(sess.a)]3\n"
      " tcp-request content capture req.payload(0,5) len 9\n"
      " tcp-request content set-var-fmt(sess.a) %[var(sess.a)]4\n"
      " tcp-request content accept\n tcp-request content reject");
  ASSERT_TRUE(loaded->config) << loaded->diagnostics.render();
  const auto& rules = loaded->config->proxies[0]->content_rules;
  auto frontend = std::make_shared<FrontendPlan>();
  frontend->config = loaded->config->proxies[0];
  sample::testing::Surroundings here("ab");
  Session session;
  session.frontend = frontend;
  std::uint16_t next = 0;
  sample::Context context = here.context(false);
  context.session = &session;
  const auto value = [&] {
    sample::Sample found;
    return sample::get_variable(context, *sample::VariableName::parse("sess.a"), found) ? std::string(found.text())
                                                                                        : std::string();
  };
  EXPECT_EQ(run_rules(rules, next, context, session, nullptr), Verdict::wait);
  EXPECT_EQ(value(), "1");
  here.request.bytes = "abc";
  EXPECT_EQ(run_rules(rules, next, context, session, nullptr), Verdict::wait);
  EXPECT_EQ(value(), "1123");
  here.request.bytes = "abcd";
  EXPECT_EQ(run_rules(rules, next, context, session, nullptr), Verdict::wait);
  EXPECT_EQ(value(), "1123");
  here.request.bytes = "abcde";
  EXPECT_EQ(run_rules(rules, next, context, session, nullptr), Verdict::accept);
  EXPECT_EQ(value(), "11234");
  EXPECT_EQ(session.extras->request_captures.at(0), "abcde");
}

TEST(Rules, undecided_counts_as_no_at_the_end) {
  const auto loaded = load_line("tcp-request content reject if { req.payload(0,3) -m str abc }");
  ASSERT_TRUE(loaded->config);
  sample::testing::Surroundings here("ab");
  Session session;
  std::uint16_t next = 0;
  sample::Context context = here.context(true);
  EXPECT_EQ(run_rules(loaded->config->proxies[0]->content_rules, next, context, session, nullptr), Verdict::accept);
}

TEST(Rules, defaults_come_first_and_serve_one_side) {
  constexpr std::string_view kDefaults =
      "defaults d\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"
      " tcp-request content set-var(sess.a) int(1)\n";
  const auto loaded = load(std::string(kDefaults) +
                           "frontend f from d\n bind 127.0.0.1:4440\n tcp-request content accept\n"
                           "frontend g from d\n bind 127.0.0.1:4441\n");
  ASSERT_TRUE(loaded->config) << loaded->diagnostics.render();
  EXPECT_EQ(loaded->config->proxies[0]->content_rules.size(), 2U);
  EXPECT_EQ(loaded->config->proxies[0]->content_rules[0].action->name, "set-var");
  EXPECT_EQ(loaded->config->proxies[1]->content_rules.size(), 1U);
  EXPECT_EQ(loaded->config->proxies[0]->content_rules[0].argument,
            loaded->config->proxies[1]->content_rules[0].argument);
  for (const std::string_view wrong : {"frontend f from d\n bind 127.0.0.1:4440\nbackend b from d\n",
                                       "listen l from d\n bind 127.0.0.1:4440\n", "defaults e from d\n maxconn 3\n"})
    EXPECT_FALSE(load(std::string(kDefaults) + std::string(wrong))->config) << wrong;
  EXPECT_FALSE(load("defaults\n tcp-request inspect-delay 1s\n")->config);
}

TEST(Names, are_known_wherever_they_are_declared) {
  const auto loaded = load(
      "frontend f\n bind 127.0.0.1:4440\n timeout client 1s\n"
      " tcp-request content reject if { src,table_conn_cnt(b) gt 9 }\n default_backend b\n"
      "backend b\n timeout server 1s\n timeout connect 1s\n server s 127.0.0.1:1\n"
      " stick-table type ip size 10 store conn_cnt\n tcp-request content reject if { src,table_conn_cnt gt 9 }\n");
  EXPECT_TRUE(loaded->config) << loaded->diagnostics.render();
}

}  // namespace
}  // namespace weir::proxy
