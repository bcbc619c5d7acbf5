#include "proto/http/head.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "proto/http/text.h"

namespace weir::proto::http {
namespace {

TEST(Head, FieldIds) {
  EXPECT_EQ(field_id("host"), FieldId::host);
  EXPECT_EQ(field_id("HOST"), FieldId::host);
  EXPECT_EQ(field_id("Strict-Transport-Security"), FieldId::strict_transport_security);
  EXPECT_EQ(field_id("te"), FieldId::te);
  for (const std::string_view name : {"", "t", "hosts", "hos", "x-forwarded-fox", "strict-transport-security-",
                                      "user\x0d"
                                      "agent",
                                      "ho\xf3t"}) {
    EXPECT_EQ(field_id(name), FieldId::other) << name;
  }
}

TEST(Head, NamesWhateverTheirCase) {
  EXPECT_TRUE(same_name("x-Forwarded-FOR", "X-forwarded-for"));
  EXPECT_FALSE(same_name("a", "ab"));
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string x(9, static_cast<char>(a));
      const std::string y(9, static_cast<char>(b));
      ASSERT_EQ(same_name(x, y), lower(static_cast<char>(a)) == lower(static_cast<char>(b))) << a << " " << b;
    }
  }
}

TEST(Head, MethodsAreCaseSensitive) {
  EXPECT_EQ(method_of("GET"), Method::get);
  EXPECT_EQ(method_of("get"), Method::other);
  EXPECT_EQ(method_of("DELETE"), Method::delete_);
  EXPECT_EQ(method_of(""), Method::other);
}

TEST(Head, FieldsKeepTheirPlaces) {
  std::array<Field, 3> storage;
  Head head(storage);
  EXPECT_TRUE(head.add("A", "1"));
  EXPECT_TRUE(head.add("Host", "h"));
  EXPECT_TRUE(head.add("a", "2"));
  EXPECT_FALSE(head.add("b", "3"));
  const FieldName a("a");
  const Field* first = head.find(a);
  ASSERT_NE(first, nullptr);
  const Field* second = head.find(a, head.index_of(first) + 1);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->value, "2");
  EXPECT_EQ(head.find(a, head.index_of(second) + 1), nullptr);
  head.remove_all(a);
  EXPECT_EQ(head.find(a), nullptr);
  EXPECT_EQ(head.fields().size(), 3U);
  EXPECT_EQ(head.value(FieldId::host), "h");
  head.remove_all(FieldId::host);
  EXPECT_EQ(head.value(FieldId::host), std::nullopt);
  head.clear();
  EXPECT_EQ(head.fields().size(), 0U);
  EXPECT_EQ(head.capacity(), 3U);
}

}  // namespace
}  // namespace weir::proto::http
