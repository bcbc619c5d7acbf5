#include "proto/http/uri.h"

#include <gtest/gtest.h>

#include <string>

#include "proto/http/normalize.h"

namespace weir::proto::http {
namespace {

TEST(Uri, Targets) {
  const struct {
    std::string_view target;
    std::string_view scheme, authority, path_query;
  } rows[] = {
      {"/a/b?c#d", "", "", "/a/b?c#d"},
      {"http://u@h:80/a?b", "http", "u@h:80", "/a?b"},
      {"http://h", "http", "h", ""},
      {"http://h?a/b", "http", "h", "?a/b"},
      {"ws+x-1.0://h/", "ws+x-1.0", "h", "/"},
      {"*", "", "", ""},
      {"a:b", "", "", ""},
      {"://h/", "", "", ""},
      {"/a://b", "", "", "/a://b"},
      {"", "", "", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.target);
    const Target parts = split_target(row.target);
    EXPECT_EQ(parts.scheme, row.scheme);
    EXPECT_EQ(parts.authority, row.authority);
    EXPECT_EQ(parts.path_query, row.path_query);
  }
  EXPECT_EQ(split_target("h:80", true).authority, "h:80");
  EXPECT_EQ(path_of("/a?b?c"), "/a");
  EXPECT_EQ(query_of("/a?b?c"), "b?c");
  EXPECT_EQ(query_of("/a?"), "");
  EXPECT_EQ(query_of("/a"), std::nullopt);
}

TEST(Uri, Authorities) {
  EXPECT_EQ(without_user("u:p@w@h:80"), "h:80");
  EXPECT_EQ(host_of("h:80"), "h");
  EXPECT_EQ(host_of("[::1]:80"), "[::1]");
  EXPECT_EQ(host_of("[::1]"), "[::1]");
  EXPECT_EQ(port_of("h:65535"), 65535);
  for (const std::string_view none : {"h", "h:", "h:65536", "h:+1", "h:123456", "[::1]", ""}) {
    EXPECT_EQ(port_of(none), std::nullopt) << none;
  }
}

TEST(Uri, Parameters) {
  const auto all = [](std::string_view text, std::string_view ends) {
    ParameterWalk walk(text, ends);
    std::string out;
    while (const auto one = walk.next()) out.append(one->name).append("=").append(one->value).append(" ");
    return out;
  };
  EXPECT_EQ(all("a=1&b=&=2&c&a=3=4", "&"), "a=1 b= =2 a=3=4 ");
  EXPECT_EQ(all("a=1;b=2", "&"), "a=1;b=2 ");
  EXPECT_EQ(all("a=1;b=2&c=3", "&;"), "a=1 b=2 c=3 ");
  EXPECT_EQ(all("&&", "&"), "");
  EXPECT_EQ(all("", "&"), "");
}

TEST(Uri, Normalizers) {
  using enum Normalizer;
  const struct {
    Normalizer kind;
    bool option;
    std::string_view target;
    std::string_view result;  // "!" is invalid
  } rows[] = {
      {fragment_encode, false, "/#foo", "/%23foo"},
      {fragment_encode, false, "/a#b#c", "/a%23b#c"},
      {fragment_strip, false, "/#foo", "/"},
      {fragment_strip, false, "/foo", "/foo"},
      {path_strip_dot, false, "/.", "/"},
      {path_strip_dot, false, "/./bar/", "/bar/"},
      {path_strip_dot, false, "/a/./a", "/a/a"},
      {path_strip_dot, false, "/.well-known/", "/.well-known/"},
      {path_strip_dot, false, "http://h/./a?b/./c", "http://h/a?b/./c"},
      {path_strip_dot, false, "*", "*"},
      {path_strip_dotdot, false, "/foo/../", "/"},
      {path_strip_dotdot, false, "/foo/../bar/", "/bar/"},
      {path_strip_dotdot, false, "/foo/bar/../", "/foo/"},
      {path_strip_dotdot, false, "/foo/..", "/"},
      {path_strip_dotdot, false, "/../bar/", "/../bar/"},
      {path_strip_dotdot, false, "/bar/../../", "/../"},
      {path_strip_dotdot, false, "/../a/../../b", "/../../b"},
      {path_strip_dotdot, false, "/foo//../", "/foo/"},
      {path_strip_dotdot, false, "/foo/%2E%2E/", "/foo/%2E%2E/"},
      {path_strip_dotdot, true, "/../bar/", "/bar/"},
      {path_strip_dotdot, true, "/bar/../../", "/"},
      {path_strip_dotdot, true, "/..", "/"},
      {path_merge_slashes, false, "//", "/"},
      {path_merge_slashes, false, "/foo//bar?a//b", "/foo/bar?a//b"},
      {path_merge_slashes, false, "http://h//a", "http://h/a"},
      {percent_decode_unreserved, false, "/%61dmin", "/admin"},
      {percent_decode_unreserved, false, "/foo%3Fbar=baz", "/foo%3Fbar=baz"},
      {percent_decode_unreserved, false, "/%%36%36", "/%66"},
      {percent_decode_unreserved, false, "/%ZZ", "/%ZZ"},
      {percent_decode_unreserved, false, "/%7", "/%7"},
      {percent_decode_unreserved, true, "/%%36%36", "!"},
      {percent_decode_unreserved, true, "/%ZZ", "!"},
      {percent_decode_unreserved, true, "/%", "!"},
      {percent_to_uppercase, false, "/%6f", "/%6F"},
      {percent_to_uppercase, false, "/%zz", "/%zz"},
      {percent_to_uppercase, true, "/%zz", "!"},
      {query_sort_by_name, false, "/?c=3&a=1&b=2", "/?a=1&b=2&c=3"},
      {query_sort_by_name, false, "/?aaa=3&a=1&aa=2", "/?a=1&aa=2&aaa=3"},
      {query_sort_by_name, false, "/?a=3&b=4&a=1&b=5&a=2", "/?a=3&a=1&a=2&b=4&b=5"},
      {query_sort_by_name, false, "/?b&a#d&c", "/?a&b#d&c"},
      {query_sort_by_name, false, "/?", "/?"},
      {query_sort_by_name, false, "/a", "/a"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.target);
    std::string out(row.target.size() + 2, '\0');
    const Normalized got = normalize(row.kind, row.target, row.option, out);
    switch (got.outcome) {
      case Normalized::Outcome::unchanged: EXPECT_EQ(row.result, row.target); break;
      case Normalized::Outcome::changed: EXPECT_EQ(row.result, got.target); break;
      case Normalized::Outcome::invalid: EXPECT_EQ(row.result, "!"); break;
      case Normalized::Outcome::no_room: ADD_FAILURE(); break;
    }
  }
  EXPECT_EQ(normalize(fragment_encode, "/#", false, {}).outcome, Normalized::Outcome::no_room);
}

}  // namespace
}  // namespace weir::proto::http
