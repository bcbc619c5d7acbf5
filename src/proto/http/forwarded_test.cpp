#include "proto/http/forwarded.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::proto::http {
namespace {

TEST(Forwarded, Values) {
  const struct {
    std::string_view value;
    bool valid;
  } rows[] = {
      {"for=127.0.0.1;proto=http", true},
      {"For=\"[2001:db8::1]:4711\"", true},
      {"for=\"_gazonk\"", true},
      {"for=unknown;by=\"_a:_b\"", true},
      {"proto=HTTPS;host=\"haproxy.org:80\";for=\"127.0.0.1:9999\"", true},
      {"for=1.2.3.4, for=1.2.3.5;secret=x", true},
      {";for=1.2.3.4;", true},
      {"proto=custom", false},
      {"for=1.2.3.4:80", false},
      {"for=[::1]", false},
      {"for=\"::1\"", false},
      {"for=\"1.2.3.4:65536\"", false},
      {"for=\"1.2.3.4:\"", false},
      {"for=1.2.3.4;for=1.2.3.5", false},
      {"for=1.2.3.4 ;proto=http", false},
      {"for", false},
      {"=1.2.3.4", false},
      {"for=", false},
      {"for=\"1.2.3.4", false},
      {"for=\"1.2.3.4\"x", false},
      {"for=\"_a\\b\"", false},
      {"host=\"a b\"", false},
      {"for=1.2.3.4,", false},
      {"", false},
  };
  for (const auto& row : rows) EXPECT_EQ(is_forwarded(row.value), row.valid) << row.value;
}

TEST(Forwarded, Parameters) {
  constexpr std::string_view kValue = "proto=https;Host=\"haproxy.org:80\", for=\"127.0.0.1:9999\";host=b";
  EXPECT_EQ(forwarded_parameter(kValue, "host"), "haproxy.org:80");
  EXPECT_EQ(forwarded_parameter(kValue, "for"), "127.0.0.1:9999");
  EXPECT_EQ(forwarded_parameter(kValue, "by"), std::nullopt);
  EXPECT_EQ(forwarded_parameter("proto=x", "proto"), std::nullopt);
}

TEST(Forwarded, Nodes) {
  const auto node = parse_node("[ab:cd:ff:ff:ff:ff:ff:ff]:9998");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->name, "ab:cd:ff:ff:ff:ff:ff:ff");
  EXPECT_EQ(node->port, "9998");
  EXPECT_EQ(parse_node("_name:_port")->port, "_port");
  for (const std::string_view none : {"", "_", "a", "[::1", "[::1]x", "1.2.3.4:a", "1.2.3.4:_", "_na me"}) {
    EXPECT_FALSE(parse_node(none)) << none;
  }
}

}  // namespace
}  // namespace weir::proto::http
