#include "check/step.h"

#include <gtest/gtest.h>

#include <span>

#include "check/pattern.h"
#include "check/variable_step.h"
#include "sample/registry.h"

namespace weir::check {
namespace {

const sample::Registry& registry() {
  static const sample::Registry all({.fetches = sample::sample_fetches(),
                                     .converters = sample::sample_converters(),
                                     .acl_keywords = sample::sample_acl_keywords(),
                                     .log_aliases = {}});
  return all;
}

// "_" stands for a space inside a word.
std::optional<Step> parse(std::string_view line, Diagnostics& diagnostics) {
  config::Words words;
  std::uint32_t column = 1;
  while (!line.empty()) {
    const auto space = std::min(line.find(' '), line.size());
    config::Word word;
    word.text = line.substr(0, space);
    for (char& c : word.text)
      if (c == '_') c = ' ';
    word.at = {.file = 0, .line = 1, .column = column, .length = static_cast<std::uint32_t>(space)};
    words.push_back(word);
    column += static_cast<std::uint32_t>(space) + 1;
    line.remove_prefix(std::min(space + 1, line.size()));
  }
  const SourcePosition end{.file = 0, .line = 1, .column = column, .length = 0};
  return parse_tcp_check_step(words, end, {.registry = &registry()}, diagnostics);
}

Step parsed(std::string_view line) {
  Diagnostics diagnostics;
  auto step = parse(line, diagnostics);
  EXPECT_TRUE(step) << line << ": " << (diagnostics.all().empty() ? "" : diagnostics.all()[0].message);
  return step.value_or(Step{});
}

TEST(Step, ReadsConnect) {
  const Step step =
      parsed("connect port 3389 ssl sni farm.test alpn h2,http/1.1 addr 127.0.0.9 linger comment the_port");
  EXPECT_EQ(step.kind, StepKind::connect);
  EXPECT_EQ(step.connect.port, 3389);
  EXPECT_TRUE(step.connect.tls);
  EXPECT_TRUE(step.connect.linger);
  EXPECT_FALSE(step.connect.server_defaults);
  EXPECT_EQ(step.connect.sni, "farm.test");
  EXPECT_EQ(step.connect.alpn, "h2,http/1.1");
  EXPECT_EQ(step.connect.address.host(), "127.0.0.9");
  EXPECT_EQ(step.comment, "the port");
  EXPECT_EQ(describe(step), "connect port 3389");
  EXPECT_TRUE(parsed("connect default").connect.server_defaults);
  EXPECT_EQ(describe(parsed("connect")), "connect");
  EXPECT_FALSE(parsed("connect port int(3389)").connect.port_expression.empty());
}

TEST(Step, ReadsSend) {
  EXPECT_EQ(parsed("send PING comment ask").send.data, "PING");
  EXPECT_EQ(parsed("send-binary 50494e470D0a").send.data, "PING\r\n");
  EXPECT_NE(parsed("send-lf hello_%[int(5)]").send.format, nullptr);
  EXPECT_TRUE(parsed("send-binary-lf 50").send.hex);
}

TEST(Step, ReadsExpect) {
  const Step step = parsed(
      "expect min-recv 4 ok-status L6OK error-status L7STS tout-status L4TOUT on-error bad ! string PONG comment "
      "answer");
  EXPECT_TRUE(step.expect.negate);
  EXPECT_EQ(step.expect.min_recv, 4);
  EXPECT_EQ(step.expect.ok_status, Status::l6ok);
  EXPECT_EQ(step.expect.error_status, Status::l7sts);
  EXPECT_EQ(step.expect.timeout_status, Status::l4tout);
  EXPECT_EQ(step.comment, "answer");
  EXPECT_EQ(describe(step), "expect string 'PONG'");
  EXPECT_TRUE(parsed("expect !rstring x+").expect.negate);
  EXPECT_FALSE(parsed("expect status-code int(7) string x").expect.status_code.empty());
}

TEST(Step, ReadsVariables) {
  const Step set = parsed("set-var(check.port,ifnotexists,ifset) int(1234)");
  EXPECT_EQ(set.kind, StepKind::variable);
  ASSERT_NE(set.variable, nullptr);
  EXPECT_EQ(*set.variable->name.text, "check.port");
  EXPECT_TRUE(set.variable->conditions.not_exists);
  EXPECT_TRUE(set.variable->conditions.set);
  EXPECT_FALSE(set.variable->expression.empty());
  EXPECT_NE(parsed("set-var-fmt(proc.x) a%[int(5)]").variable->format, nullptr);
  EXPECT_TRUE(parsed("unset-var(sess.x)").variable->expression.empty());
  EXPECT_EQ(describe(set), "set-var(check.port,ifnotexists,ifset)");
  EXPECT_TRUE(begins_with_connect(std::vector<Step>{set, parsed("comment x"), parsed("connect proto none")}));
}

TEST(Step, IsWhatItsWordsAre) {
  EXPECT_EQ(parsed("expect rstring a+"), parsed("expect rstring a+"));
  EXPECT_FALSE(parsed("expect rstring a+") == parsed("expect rstring b+"));
}

TEST(Step, SaysWhatIsWrong) {
  struct Row {
    const char* line;
    const char* message;
    std::uint32_t column;
  };
  const Row rows[] = {
      {"conect", "unknown step 'conect'", 1},
      {"set-vra(check.port) int(1)", "unknown step 'set-vra(check.port)'", 1},
      {"set-var int(1)", "'set-var' takes a variable in parentheses", 1},
      {"set-var() int(1)", "'set-var' takes a variable in parentheses", 1},
      {"set-var(port) int(1)", "'port' is no variable", 9},
      {"set-var(txn.port) int(1)", "'txn.port': a check has variables of the scopes check, sess and proc", 9},
      {"set-var(check.a,ifso) int(1)", "'ifso' is no condition", 17},
      {"set-var(check.a) foo", "'foo'", 18},
      {"set-var(check.a) int(1) more", "more", 25},
      {"unset-var(check.a,check.b)", "'unset-var' takes the name of one variable", 19},
      {"connect proto h2", "'h2' is no protocol of TCP mode", 15},
      {"connect foo", "unknown option 'foo'", 9},
      {"connect via-socks4", "'via-socks4' is not available in checks", 9},
      {"connect port 0", "'0' is no port", 14},
      {"connect addr host.test", "'host.test' is no IP address", 14},
      {"connect alpn h2,", "an ALPN protocol name has 1 to 255 bytes", 14},
      {"send-binary 0", "expected an even number of hexadecimal digits", 13},
      {"send-binary xy", "'x' is no hexadecimal digit", 13},
      {"expect", "there is nothing to match", 8},
      {"expect strng x", "unknown word 'strng'", 8},
      {"expect string a string b", "an expect has one pattern", 17},
      {"expect ok-status L7RSP string a", "'ok-status' cannot take 'L7RSP'", 18},
      {"expect rstring (", "", 16},
      {"expect ! comment x", "unknown word 'comment'", 10},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.line);
    Diagnostics diagnostics;
    EXPECT_FALSE(parse(row.line, diagnostics));
    ASSERT_EQ(diagnostics.errors(), 1U);
    const Diagnostic& found = diagnostics.all()[0];
    EXPECT_NE(found.message.find(row.message), std::string::npos) << found.message;
    EXPECT_EQ(found.position.column, row.column);
  }
  for (const char* line : {"connect port", "send", "expect string", "expect min-recv -2 string a", "comment",
                           "set-var(check.x)", "set-var-fmt(check.x)", "connect proto"}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse(line, diagnostics)) << line;
    EXPECT_EQ(diagnostics.errors(), 1U) << line;
  }
}

TEST(Step, OrderWantsAConnectFirst) {
  std::vector<Step> steps = {parsed("comment x"), parsed("connect"), parsed("send a"), parsed("connect port 1")};
  EXPECT_TRUE(check_step_order(steps));
  EXPECT_TRUE(begins_with_connect(steps));
  steps = {parsed("send a"), parsed("connect")};
  EXPECT_FALSE(check_step_order(steps));
  steps.pop_back();
  EXPECT_TRUE(check_step_order(steps));
  EXPECT_FALSE(begins_with_connect(steps));
}

TEST(Pattern, Matches) {
  using enum PatternKind;
  struct Row {
    PatternKind kind;
    const char* text;
    std::string_view received;
    bool found;
  };
  const Row rows[] = {
      {string, "PONG", "+PONG\r\n", true},          {string, "pong", "+PONG\r\n", false},
      {rstring, "^[+]P.NG", "+PONG\r\n", true},     {binary, "504F", "+PONG\r\n", true},
      {binary, "0d0a", "+PONG\r\n", true},          {binary, "00", std::string_view("a\0b", 3), true},
      {rbinary, "^2B50.*0D0A$", "+PONG\r\n", true}, {rbinary, "^50", "+PONG\r\n", false},
  };
  for (const Row& row : rows) {
    const auto pattern = Pattern::compile(row.kind, row.text);
    ASSERT_TRUE(pattern) << row.text;
    EXPECT_EQ((*pattern)->matches(row.received, {}), row.found) << row.text;
  }
  EXPECT_FALSE(Pattern::compile(string, ""));
}

}  // namespace
}  // namespace weir::check
