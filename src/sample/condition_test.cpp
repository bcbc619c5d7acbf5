#include "sample/condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample/testing/fixture.h"
#include "sample/trace.h"

namespace weir::sample {
namespace {

using ::testing::HasSubstr;

Truth ask(std::string_view line, std::string_view request, bool final, bool closed = false) {
  testing::Surroundings here(request);
  here.request.closed = closed;
  const auto line_words = testing::words(line);
  const auto condition = Condition::compile(line_words, AclSet(), here.scope(), here.diagnostics);
  EXPECT_TRUE(condition) << line << '\n' << here.diagnostics.render();
  if (!condition) return Truth::unknown;
  Context context = here.context(final);
  const Truth truth = condition->evaluate(context);
  // Who tells comes to the same.
  Trace trace;
  Context telling = here.context(final);
  telling.trace = &trace;
  EXPECT_EQ(condition->evaluate(telling), truth) << trace.text();
  return truth;
}

TEST(Condition, Operators) {
  const struct {
    std::string_view line;
    Truth verdict;
  } rows[] = {
      {"if TRUE", Truth::yes},
      {"if FALSE", Truth::no},
      {"unless FALSE", Truth::yes},
      {"if !FALSE", Truth::yes},
      {"if ! FALSE", Truth::yes},
      {"if !!TRUE", Truth::yes},
      {"if TRUE FALSE", Truth::no},
      {"if TRUE !FALSE", Truth::yes},
      {"if FALSE or TRUE", Truth::yes},
      {"if FALSE || TRUE FALSE", Truth::no},
      {"if TRUE FALSE or TRUE", Truth::yes},
      {"if { src 192.0.2.0/24 }", Truth::yes},
      {"if !{ src 192.0.2.0/24 }", Truth::no},
      {"if { src 10.0.0.0/8 } or { dst_port 3389 } TRUE", Truth::yes},
      {"if LOCALHOST", Truth::no},
      {"if WAIT_END", Truth::unknown},
      {"if !WAIT_END", Truth::unknown},
      {"unless WAIT_END", Truth::unknown},
      {"if WAIT_END FALSE", Truth::no},
      {"if WAIT_END or TRUE", Truth::yes},
      {"if REQ_CONTENT", Truth::unknown},
      {"if { req.len eq 0 }", Truth::yes},
  };
  for (const auto& row : rows) EXPECT_EQ(ask(row.line, "", false), row.verdict) << row.line;
  EXPECT_EQ(ask("if WAIT_END", "", true), Truth::yes);
  EXPECT_EQ(ask("if REQ_CONTENT", "", true), Truth::no);
  EXPECT_EQ(ask("if REQ_CONTENT", "", false, true), Truth::no);
  EXPECT_EQ(ask("unless REQ_CONTENT", "", true), Truth::yes);
  EXPECT_EQ(ask("if REQ_CONTENT", "x", false), Truth::yes);
}

/// Every prefix of a hello leaves the condition open; the whole decides it.
TEST(Condition, IsUnknownUntilTheLastByteCame) {
  const struct {
    std::string_view fetch;
    std::string_view line;
  } rows[] = {
      {"req.rdp_cookie", "if RDP_COOKIE"},
      {"req.rdp_cookie", "if { req.rdp_cookie(mstshash) -m found }"},
      {"req.rdp_cookie", "if { req.rdp_cookie(mstshash),rdp_user alice }"},
      {"req.ssl_sni", "if { req.ssl_sni -i A.B }"},
      {"req.ssl_sni", "if { req.ssl_hello_type 1 }"},
      {"req.ssl_sni", "if { req.ssl_alpn h2 }"},
  };
  for (const auto& row : rows) {
    const std::string_view whole = testing::registry().fetch(row.fetch)->given.request;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_EQ(ask(row.line, whole.substr(0, size), false), Truth::unknown) << row.line << ' ' << size;
      EXPECT_EQ(ask(row.line, whole.substr(0, size), true), Truth::no) << row.line << ' ' << size;
      EXPECT_EQ(ask(row.line, whole.substr(0, size), false, true), Truth::no) << row.line << ' ' << size;
    }
    EXPECT_EQ(ask(row.line, whole, false), Truth::yes) << row.line;
  }
  EXPECT_EQ(ask("if RDP_COOKIE", "GET / HTTP/1.0\r\n\r\n", false), Truth::no);
  EXPECT_EQ(ask("if { req.payload(0,3) 616263 }", "ab", false), Truth::unknown);
  EXPECT_EQ(ask("if { req.payload(0,3) 616263 }", "abc", false), Truth::yes);
  EXPECT_EQ(ask("if { req.payload(0,3) 616263 }", "abx", false), Truth::no);
}

TEST(Condition, LinesOfOneNameExtendEachOther) {
  testing::Surroundings here;
  AclSet acls;
  const auto first = testing::words("near src 10.0.0.0/8");
  const auto second = testing::words("near src 192.0.2.0/24");
  const auto line = testing::words("if near");
  ASSERT_TRUE(acls.define(first, here.scope(), here.diagnostics));
  const auto condition = Condition::compile(line, acls, here.scope(), here.diagnostics);
  ASSERT_TRUE(condition);
  Context context = here.context();
  EXPECT_EQ(condition->evaluate(context), Truth::no);
  ASSERT_TRUE(acls.define(second, here.scope(), here.diagnostics));
  EXPECT_EQ(condition->evaluate(context), Truth::yes);
  EXPECT_EQ(condition->signature(), "if near\nsrc 10.0.0.0/8\nsrc 192.0.2.0/24");
}

TEST(Condition, Errors) {
  const struct {
    std::string_view line;
    std::uint32_t column;
    std::string_view message;
    std::string_view hint;
  } rows[] = {
      {"TRUE", 1, "'if' or 'unless' was expected here", ""},
      {"if", 1, "a condition is missing after 'if'", ""},
      {"if RDP_COKIE", 4, "no ACL is named 'RDP_COKIE'", "did you mean 'RDP_COOKIE'?"},
      {"if TRUE and FALSE", 9, "no ACL is named 'and'", "joined by and"},
      {"if or TRUE", 4, "an ACL is missing before 'or'", ""},
      {"if TRUE or", 9, "an ACL is missing after 'or'", ""},
      {"if TRUE or or TRUE", 12, "an ACL is missing before 'or'", ""},
      {"if !", 4, "an ACL is missing after '!'", ""},
      {"if { src 1.2.3.4", 4, "this '{' is never closed", ""},
      {"if { }", 4, "there is nothing between '{' and '}'", ""},
      {"if {src 1.2.3.4 }", 4, "'{' must stand alone between spaces", ""},
      {"if { srcc 1.2.3.4 }", 6, "no sample fetch is named 'srcc'", "did you mean 'src'?"},
      {"if METH_GTE", 4, "no ACL is named 'METH_GTE'", "did you mean 'METH_GET'?"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.line);
    testing::Surroundings here;
    const auto line_words = testing::words(row.line);
    EXPECT_FALSE(Condition::compile(line_words, AclSet(), here.scope(), here.diagnostics));
    ASSERT_GE(here.diagnostics.all().size(), 1U);
    EXPECT_THAT(here.diagnostics.all()[0].message, HasSubstr(std::string(row.message)));
    EXPECT_THAT(here.diagnostics.all()[0].hint, HasSubstr(std::string(row.hint)));
    EXPECT_EQ(here.diagnostics.all()[0].position.column, row.column);
  }
}

TEST(Condition, WarnsWhereAnAclCannotMatch) {
  testing::Surroundings here;
  Scope scope = here.scope();
  scope.available = Facts::client;
  const auto line = testing::words("if RDP_COOKIE");
  EXPECT_TRUE(Condition::compile(line, AclSet(), scope, here.diagnostics));
  EXPECT_EQ(here.diagnostics.warnings(), 1U);
}

// A rule's parse of the request is kept for the next rule, and never for other bytes.
TEST(Condition, SeesBytesThatArrivedBetweenTwoRules) {
  const std::string_view whole = testing::registry().fetch("req.rdp_cookie")->given.request;
  testing::Surroundings here(whole.substr(0, 20));
  const auto rdp = testing::words("if { req.rdp_cookie(mstshash) -m found }");
  const auto tls = testing::words("if { req.ssl_sni a.b }");
  const auto is_rdp = Condition::compile(rdp, AclSet(), here.scope(), here.diagnostics);
  const auto is_tls = Condition::compile(tls, AclSet(), here.scope(), here.diagnostics);
  ASSERT_TRUE(is_rdp && is_tls);
  Context context = here.context(false);
  EXPECT_EQ(is_rdp->evaluate(context), Truth::unknown);
  EXPECT_EQ(is_rdp->evaluate(context), Truth::unknown);
  here.request.bytes = whole;
  EXPECT_EQ(is_rdp->evaluate(context), Truth::yes);
  EXPECT_EQ(is_tls->evaluate(context), Truth::no);
  EXPECT_EQ(is_rdp->evaluate(context), Truth::yes);
  here.request.bytes = testing::registry().fetch("req.ssl_sni")->given.request;
  EXPECT_EQ(is_rdp->evaluate(context), Truth::no);
  EXPECT_EQ(is_tls->evaluate(context), Truth::yes);
  EXPECT_EQ(is_tls->evaluate(context), Truth::yes);
}

}  // namespace
}  // namespace weir::sample
