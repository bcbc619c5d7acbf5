#include "proto/http/accept_encoding.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir::proto::http {
namespace {

using coding::Coding;

std::string_view chosen(std::vector<std::string_view> fields, std::vector<Coding> codings) {
  std::vector<Field> storage(8);
  Head head(storage);
  for (const std::string_view value : fields) EXPECT_TRUE(head.add("Accept-Encoding", value));
  const auto one = choose_coding(head, codings);
  return one ? name_of(*one) : "none";
}

TEST(AcceptEncoding, WeightsRefusalsAndOrders) {
  const std::vector<Coding> old = {Coding::gzip, Coding::deflate};
  const struct {
    std::string_view value;
    std::string_view wanted;
  } rows[] = {
      {"gzip", "gzip"},
      {"GZIP", "gzip"},
      {"x-gzip", "none"},
      {"", "none"},
      {"identity", "none"},
      {"gzip;q=0", "none"},
      {"gzip;q=0.000", "none"},
      {"gzip;Q=0", "none"},
      {"gzip ; q=0", "none"},
      {"gzip;q=0.001", "gzip"},
      {"gzip, deflate", "gzip"},
      {"deflate, gzip", "deflate"},
      {"gzip;q=0.5, deflate;q=1", "deflate"},
      {"deflate;q=0.5, gzip;q=0.5", "deflate"},
      {"gzip;q=0.8,deflate;q=0.9", "deflate"},
      {"*", "deflate"},  // the last of the list
      {"*;q=0", "none"},
      {"gzip;q=0, *", "deflate"},
      {"deflate;q=0, *", "gzip"},
      {"deflate;q=0.5, *", "gzip"},
      {"*;q=0.5, gzip;q=0", "deflate"},
      {"gzip;q=abc", "gzip"},
      {"gzip;q=", "gzip"},
      {"gzip;foo=bar", "gzip"},
      {"gzip;foo=bar;q=0", "none"},
      {"gzip;q=1.5", "gzip"},
      {"gzip;q=0.99999999999999999999", "gzip"},
      {"br, gzip", "gzip"},
      {"identity, *;q=0", "none"},
      {",,gzip,,", "gzip"},
      {";q=1,gzip", "gzip"},
      {"gzip;q=0, gzip", "none"},  // the first word counts
  };
  for (const auto& row : rows) EXPECT_EQ(chosen({row.value}, old), row.wanted) << row.value;
  EXPECT_EQ(chosen({}, old), "none");
  EXPECT_EQ(chosen({"gzip;q=0.5", "deflate"}, old), "deflate");
}

TEST(AcceptEncoding, ListsWithNewCodingsAreOrders) {
  const std::string_view browser = "gzip, deflate, br, zstd";
  EXPECT_EQ(chosen({browser}, {Coding::br, Coding::gzip}), "br");
  EXPECT_EQ(chosen({browser}, {Coding::gzip, Coding::br}), "gzip");
  EXPECT_EQ(chosen({browser}, {Coding::zstd, Coding::br, Coding::gzip}), "zstd");
  EXPECT_EQ(chosen({"gzip, br;q=0.9"}, {Coding::br, Coding::gzip}), "gzip");
  EXPECT_EQ(chosen({"gzip"}, {Coding::br, Coding::gzip}), "gzip");
  EXPECT_EQ(chosen({"*"}, {Coding::br, Coding::gzip}), "br");
}

TEST(AcceptEncoding, DeflateHasTwoSpellings) {
  EXPECT_EQ(chosen({"deflate"}, {Coding::deflate, Coding::raw_deflate}), "raw-deflate");
  EXPECT_EQ(chosen({"deflate"}, {Coding::raw_deflate, Coding::deflate}), "deflate");
  EXPECT_EQ(chosen({"raw-deflate"}, {Coding::raw_deflate, Coding::deflate}), "none");
  EXPECT_EQ(chosen({"identity, *"}, {Coding::identity}), "none");
}

TEST(EntityTag, Kinds) {
  for (const std::string_view good : {R"("abc")", R"("")", R"("a"b")"})
    EXPECT_EQ(entity_tag_kind(good), TagKind::strong);
  EXPECT_EQ(entity_tag_kind(R"(W/"abc")"), TagKind::weak);
  for (const std::string_view bad : {"", "\"", "abc", "\"abc", "abc\"", "w/\"abc\"", "W/", "W/\""})
    EXPECT_EQ(entity_tag_kind(bad), TagKind::invalid) << bad;
}

}  // namespace
}  // namespace weir::proto::http
