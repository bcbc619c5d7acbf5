#include "proto/http/field_list.h"

#include <gtest/gtest.h>

#include <string>

#include "proto/varying.h"

namespace weir::proto::http {
namespace {

std::string text(std::string_view text) {
  std::array<char, kLongestVarying> length;
  return std::string(length.data(), put_varying(text.size(), length)) + std::string(text);
}

/// "name=value|", and "!" where the list breaks.
std::string read(std::string_view bytes) {
  FieldList list(bytes);
  std::string out;
  while (const auto field = list.next()) out += std::string(field->name) + "=" + std::string(field->value) + "|";
  return out + (list.broken() ? "!" : "");
}

TEST(FieldList, EndsWhereItsBytesDoOrWithAnEmptyName) {
  const std::string two = text("host") + text("a") + text("x-b") + text("");
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read(two), "host=a|x-b=|");
  EXPECT_EQ(read(two + text("")), "host=a|x-b=|");
  EXPECT_EQ(read(two + text("") + text("") + "rest"), "host=a|x-b=|");
}

TEST(FieldList, WhatIsNoFieldBreaksIt) {
  const std::string one = text("a") + text("b");
  EXPECT_EQ(read(one + text("c")), "a=b|!");
  EXPECT_EQ(read(one + "\x05xy"), "a=b|!");
  EXPECT_EQ(read(one + "\xf0"), "a=b|!");
  EXPECT_EQ(read(one + text("") + text("c")), "a=b|!");
  EXPECT_EQ(read(one + text("") + "\x05"), "a=b|!");
  EXPECT_EQ(read(one + text("c d") + text("e")), "a=b|!");
  EXPECT_EQ(read(one + text("c:") + text("e")), "a=b|!");
  using namespace std::string_view_literals;
  for (const std::string_view bad : {"x\r\ny"sv, "x\n"sv, "\r"sv, "\0"sv})
    EXPECT_EQ(read(one + text("c") + text(bad)), "a=b|!");
}

TEST(FieldList, LongTexts) {
  for (const std::size_t size : {239UL, 240UL, 2287UL, 2288UL, 16000UL}) {
    const std::string value(size, 'v');
    EXPECT_EQ(read(text("n") + text(value)), "n=" + value + "|");
    EXPECT_EQ(read((text("n") + text(value)).substr(0, size)), "!");
  }
}

TEST(Varying, EveryLengthReadsAsItWasWritten) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t near : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
      const std::uint64_t value = (std::uint64_t{1} << bit) + near;
      std::array<char, kLongestVarying> bytes;
      const std::size_t size = put_varying(value, bytes);
      ByteReader in({bytes.data(), size});
      EXPECT_EQ(take_varying(in), value);
      EXPECT_TRUE(in.empty() && !in.failed());
      ByteReader cut({bytes.data(), size - 1});
      (void)take_varying(cut);
      EXPECT_TRUE(cut.failed());
    }
  }
  ByteReader too_long(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
  (void)take_varying(too_long);
  EXPECT_TRUE(too_long.failed());
}

}  // namespace
}  // namespace weir::proto::http
