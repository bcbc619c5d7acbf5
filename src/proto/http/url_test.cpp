#include "proto/http/url.h"

#include <gtest/gtest.h>

namespace weir::proto::http {
namespace {

TEST(Url, is_taken_apart) {
  struct Row {
    std::string_view text;
    bool tls;
    std::string_view host;
    bool literal;
    unsigned port;
    std::string_view target;
  };
  constexpr Row kRows[] = {
      {"http://a.example", false, "a.example", false, 80, "/"},
      {"http://a.example?x=1", false, "a.example", false, 80, "/?x=1"},
      {"HTTPS://A.Example:8443/x/y?z#part", true, "a.example", false, 8443, "/x/y?z"},
      {"https://192.0.2.1/", true, "192.0.2.1", true, 443, "/"},
      {"http://[2001:db8::1]:8080/list", false, "2001:db8::1", true, 8080, "/list"},
      {"http://a_b.example:/", false, "a_b.example", false, 80, "/"},
      {"http://3com.example/", false, "3com.example", false, 80, "/"},
  };
  for (const Row& row : kRows) {
    const auto url = parse_url(row.text);
    ASSERT_TRUE(url) << row.text << ": " << url.error().message;
    EXPECT_EQ(url->tls, row.tls) << row.text;
    EXPECT_EQ(url->host, row.host) << row.text;
    EXPECT_EQ(url->literal, row.literal) << row.text;
    EXPECT_EQ(url->port, row.port) << row.text;
    EXPECT_EQ(url->target, row.target) << row.text;
    EXPECT_EQ(parse_url(url->text()), *url) << row.text;
  }
}

TEST(Url, says_what_is_wrong) {
  struct Row {
    std::string_view text;
    std::string_view error;
  };
  constexpr Row kRows[] = {
      {"", "a URL begins with http:// or https://"},
      {"/etc/hosts.map", "a URL begins with http:// or https://"},
      {"ftp://a.example/", "'ftp' is neither http nor https"},
      {"http://", "the URL names no host"},
      {"http://:80/", "the URL names no host"},
      {"http://user:word@a.example/", "a URL with a user's name or password is not taken"},
      {"http://a b/", "a blank, a control byte or one above ASCII must be encoded"},
      {"http://a\r\nhost: b/", "a blank, a control byte or one above ASCII must be encoded"},
      {"http://a.example:0/", "'0' is no port"},
      {"http://a.example:65536/", "'65536' is no port"},
      {"http://a.example:+80/", "'+80' is no port"},
      {"http://[::1/", "the bracket of the address is not closed"},
      {"http://[a.example]/", "'[a.example]' is no IPv6 address"},
      {"http://[::1]x/", "something stands between the address and the port"},
      {"http://a%41.example/", "'a%41.example' is no host"},
      {"http://300.1.1.1/", "'300.1.1.1' is no address"},
      {"http://127.1/", "'127.1' is no address"},
  };
  for (const Row& row : kRows) {
    const auto url = parse_url(row.text);
    ASSERT_FALSE(url) << row.text << " became " << url->text();
    EXPECT_EQ(url.error().message, row.error) << row.text;
  }
  EXPECT_FALSE(parse_url("http://a/" + std::string(Url::kLongest, 'x')));
}

// RFC 3986 5.4, with the base http://a/b/c/d?q.
TEST(Url, a_reference_is_read_beside_its_base) {
  struct Row {
    std::string_view reference;
    std::string_view means;
  };
  constexpr Row kRows[] = {
      {"g", "http://a/b/c/g"},        {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},      {"/g", "http://a/g"},
      {"//g", "http://g/"},           {"?y", "http://a/b/c/d?y"},
      {"g?y", "http://a/b/c/g?y"},    {"#s", "http://a/b/c/d?q"},
      {"g#s", "http://a/b/c/g"},      {"", "http://a/b/c/d?q"},
      {".", "http://a/b/c/"},         {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},          {"../g", "http://a/b/g"},
      {"../..", "http://a/"},         {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},   {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},        {"g.", "http://a/b/c/g."},
      {"..g", "http://a/b/c/..g"},    {"./g/.", "http://a/b/c/g/"},
      {"g/./h", "http://a/b/c/g/h"},  {"g?y/../x", "http://a/b/c/g?y/../x"},
      {"https://h/x", "https://h/x"}, {"g?u=http://x", "http://a/b/c/g?u=http://x"},
  };
  const Url base = *parse_url("http://a/b/c/d?q");
  for (const Row& row : kRows) {
    const auto url = resolve_reference(base, row.reference);
    ASSERT_TRUE(url) << row.reference << ": " << url.error().message;
    EXPECT_EQ(url->text(), row.means) << row.reference;
  }
  EXPECT_FALSE(resolve_reference(base, "ftp://x/"));
  EXPECT_FALSE(resolve_reference(base, "file:///etc/passwd"));
  EXPECT_FALSE(resolve_reference(base, "x\ny"));
}

}  // namespace
}  // namespace weir::proto::http
