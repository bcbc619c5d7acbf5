// ACLs over HTTP messages: which values they look at, and that raw bytes will do where no engine has read the message.
#include <gtest/gtest.h>

#include "sample/fetch/http.h"
#include "sample/testing/fixture.h"

namespace weir::sample {
namespace {

constexpr std::string_view kRequest =
    "GET /p/q?a=2;c=3&a=3;d=4?d=5 HTTP/1.1\r\nHost: a.b.c:8\r\nX: a,B,b\r\nX: 12, 10.0.0.1, 10.0.0.2\r\n"
    "Cookie: a=1; a=2; n=7x\r\nContent-Length: 7\r\n\r\nx=1&x=2";
constexpr std::string_view kResponse =
    "HTTP/1.1 302 Found\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nVary: x, y\r\nContent-Length: 0\r\n\r\n";

struct Row {
  std::string_view condition;
  bool matches;
};

/// `raw`: no engine has read the messages, as in TCP mode.
Truth ask(std::string_view condition_text, bool raw, std::string_view request = kRequest) {
  testing::Surroundings here(request, kResponse);
  const std::string line = "if { " + std::string(condition_text) + " }";
  const auto line_words = testing::words(line);
  const auto condition = Condition::compile(line_words, AclSet(), here.scope(), here.diagnostics);
  EXPECT_TRUE(condition) << line << '\n' << here.diagnostics.render();
  if (!condition) return Truth::unknown;
  Context context = here.context(false);
  if (raw) context.http_request = context.http_response = nullptr;
  return condition->evaluate(context);
}

// What Debian's haproxy 2.6 answers, but for `method get`: the manual has it match whatever its case.
TEST(HttpAcl, LooksAtOneValueAfterTheOther) {
  const Row rows[] = {
      {"method get", true},
      {"method GET HEAD", true},
      {"method POST", false},
      {"hdr(x) b", true},
      {"hdr(x) B", true},
      {"hdr(x) c", false},
      {"hdr(x) -m found", true},
      {"hdr(none) -m found", false},
      {"hdr(x,1) b", false},
      {"hdr(x,3) b", true},
      {"hdr_beg(x) 1", true},
      {"hdr_end(x) .2", true},
      {"hdr_cnt(x) gt 5", true},
      {"hdr_val(x) 12", true},
      {"hdr_ip(x) 10.0.0.1", true},
      {"hdr_ip(x) 10.0.0.3", false},
      {"hdr_dom(host) b.c", true},
      {"hdr -m str b", true},
      {"req.hdr(x),upper A", true},
      {"req.hdr(x),lower b", true},
      {"req.hdr(x),length gt 7", true},
      {"req.fhdr(x) -m sub b", true},
      {"req.cook(a) 1", true},
      {"req.cook(a) 2", true},
      {"req.cook 7x", true},
      {"cook_beg(n) 7", true},
      {"cook_cnt(a) 2", true},
      {"urlp(a) 2", true},
      {"urlp(a) 3", true},
      {"urlp(a) 4", false},
      {"urlp 3", true},
      {"urlp_reg(c) ^3$", true},
      {"path_dir q", true},
      {"path_beg /p", true},
      {"url_sub c=3", true},
      {"base_beg a.b.c:8/p", true},
      {"req.body_param(x) 2", true},
      {"scook(b) 2", true},
      {"res.cook 2", true},
      {"shdr(vary) x", true},
      {"status 300:399", true},
      {"req.ver 1.1", true},
      {"resp_ver 1.1", true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(ask(row.condition, false), row.matches ? Truth::yes : Truth::no) << row.condition;
    EXPECT_EQ(ask(row.condition, true), row.matches ? Truth::yes : Truth::no) << row.condition << ", raw bytes";
  }
}

TEST(HttpAcl, WaitsForTheWholeHeadInRawBytes) {
  const std::string_view cut = kRequest.substr(0, 40);
  EXPECT_EQ(ask("req.hdr(host) -m found", true, cut), Truth::unknown);
  EXPECT_EQ(ask("path /p/q", true, cut), Truth::unknown);
  EXPECT_EQ(ask("path /p/q", true, "\x16\x03\x01"), Truth::no) << "no further byte makes it HTTP";
}

TEST(HttpAcl, RawBytesAreReadOnceForAllTheirValues) {
  testing::Surroundings here(kRequest);
  Context context = here.context(false);
  context.http_request = nullptr;
  Occurrences each{.mark = here.arena.mark()};
  context.each = &each;
  HttpMessage first;
  HttpMessage second;
  ASSERT_EQ(find_message(context, Side::request, first), FetchStatus::ok);
  EXPECT_EQ(each.mark, here.arena.mark()) << "what was read stays when the values are forgotten";
  ASSERT_EQ(find_message(context, Side::request, second), FetchStatus::ok);
  EXPECT_EQ(first.head, second.head);
  EXPECT_EQ(each.mark, here.arena.mark());
}

TEST(HttpAcl, ParametersBehindALongPath) {
  const std::string path = "http://a/" + std::string(1000, 'p');
  EXPECT_EQ(ask("urlp(a) 3", true, "GET " + path + "?a=1&b=2&a=3 HTTP/1.1\r\n\r\n"), Truth::yes);
  EXPECT_EQ(ask("urlp(a) 4", true, "GET " + path + "?a=1&b=2&a=3 HTTP/1.1\r\n\r\n"), Truth::no);
  EXPECT_EQ(ask("urlp(a,:) 2", true, "GET " + path + ":a=1&a=2;a=3 HTTP/1.1\r\n\r\n"), Truth::yes);
  EXPECT_EQ(ask("urlp(a) -m found", true, "GET " + path + " HTTP/1.1\r\n\r\n"), Truth::no);
  EXPECT_EQ(ask("urlp(a) -m found", true, "CONNECT a:1 HTTP/1.1\r\n\r\n"), Truth::no);
}

TEST(HttpAcl, ThePredefinedOnes) {
  const struct {
    std::string_view name;
    std::string_view request;
    bool matches;
  } rows[] = {
      {"METH_GET", "HEAD / HTTP/1.1\r\n\r\n", true},
      {"METH_GET", "POST / HTTP/1.1\r\n\r\n", false},
      {"METH_HEAD", "HEAD / HTTP/1.1\r\n\r\n", true},
      {"METH_POST", "POST / HTTP/1.1\r\n\r\n", true},
      {"METH_PUT", "PUT / HTTP/1.1\r\n\r\n", true},
      {"METH_DELETE", "DELETE / HTTP/1.1\r\n\r\n", true},
      {"METH_OPTIONS", "OPTIONS * HTTP/1.1\r\n\r\n", true},
      {"METH_TRACE", "TRACE / HTTP/1.1\r\n\r\n", true},
      {"METH_CONNECT", "CONNECT a:80 HTTP/1.1\r\n\r\n", true},
      {"HTTP", "GET / HTTP/1.1\r\n\r\n", true},
      {"HTTP_1.0", "GET / HTTP/1.0\r\n\r\n", true},
      {"HTTP_1.0", "GET / HTTP/1.1\r\n\r\n", false},
      {"HTTP_1.1", "GET / HTTP/1.1\r\n\r\n", true},
      {"HTTP_2.0", "GET / HTTP/1.1\r\n\r\n", false},
      {"HTTP_3.0", "GET / HTTP/1.1\r\n\r\n", false},
      {"HTTP_CONTENT", "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\na", true},
      {"HTTP_CONTENT", "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", false},
      {"HTTP_URL_ABS", "GET http://a/ HTTP/1.1\r\n\r\n", true},
      {"HTTP_URL_ABS", "GET / HTTP/1.1\r\n\r\n", false},
      {"HTTP_URL_SLASH", "GET / HTTP/1.1\r\n\r\n", true},
      {"HTTP_URL_STAR", "OPTIONS * HTTP/1.1\r\n\r\n", true},
  };
  for (const auto& row : rows) {
    testing::Surroundings here(row.request);
    const std::string line = "if " + std::string(row.name);
    const auto line_words = testing::words(line);
    const auto condition = Condition::compile(line_words, AclSet(), here.scope(), here.diagnostics);
    ASSERT_TRUE(condition) << here.diagnostics.render();
    Context context = here.context();
    EXPECT_EQ(condition->evaluate(context), row.matches ? Truth::yes : Truth::no) << row.name << ' ' << row.request;
  }
}

TEST(HttpFetch, DirectionOfTheOlderNames) {
  testing::Surroundings here(kRequest, kResponse);
  for (const auto& [text, in_response, expected] :
       {std::tuple("hdr(vary)", true, "y"), std::tuple("hdr(x)", false, "10.0.0.2"), std::tuple("cookie(a)", true, "1"),
        std::tuple("cookie(a)", false, "2")}) {
    const auto expression = Expression::compile(text, here.scope(), {0, 1, 1, 0}, here.diagnostics);
    ASSERT_TRUE(expression);
    Context context = here.context();
    context.in_response = in_response;
    Sample sample;
    ASSERT_EQ(expression->evaluate(context, sample), FetchStatus::ok) << text;
    EXPECT_EQ(sample.text(), expected);
  }
}

}  // namespace
}  // namespace weir::sample
