#include "proto/protobuf.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::proto::protobuf {
namespace {

using namespace std::string_literals;

const std::string kMessage =
    "\x08\x96\x01\x12\x07testing\x1a\x06\x08\x05\x12\x02in\x25\x07\0\0\0\x29\x09\0\0\0\0\0\0\0\x30\x05\x12\x03new"s;

TEST(Protobuf, Fields) {
  const struct {
    std::vector<std::uint32_t> path;
    std::string_view raw;
    std::uint64_t number;
  } rows[] = {
      {{1}, "\x96\x01", 150}, {{2}, "testing", 0},         {{3, 1}, "\x05", 5},
      {{3, 2}, "in", 0},      {{4}, {"\x07\0\0\0", 4}, 7}, {{5}, {"\x09\0\0\0\0\0\0\0", 8}, 9},
      {{6}, "\x05", 5},
  };
  for (const auto& row : rows) {
    const auto field = find(kMessage, row.path);
    ASSERT_TRUE(field);
    EXPECT_EQ(field->raw, row.raw);
    EXPECT_EQ(field->number, row.number);
  }
  for (const auto& path : {std::vector<std::uint32_t>{7}, {1, 1}, {3, 3}, {2, 2}, {}})
    EXPECT_FALSE(find(kMessage, path));
}

TEST(Protobuf, BrokenMessages) {
  for (const std::string& bytes :
       {"\x08"s, "\x08\x96"s, "\x12\x05"s + "abc", "\x25\x01\x02"s, "\x0b"s, "\x0f"s,
        "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s, "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s}) {
    const std::uint32_t path[] = {9};
    EXPECT_FALSE(find(bytes, path)) << ::testing::PrintToString(bytes);
  }
}

TEST(Protobuf, SignedNumbers) {
  EXPECT_EQ(signed_of(0), 0);
  EXPECT_EQ(signed_of(1), -1);
  EXPECT_EQ(signed_of(5), -3);
  EXPECT_EQ(signed_of(~std::uint64_t{0}), INT64_MIN);
}

TEST(Protobuf, Grpc) {
  EXPECT_EQ(grpc_message("\0\0\0\0\x02"
                         "abc"s),
            "ab");
  EXPECT_EQ(grpc_message("\0\0\0\0\x04"
                         "abc"s),
            std::nullopt);
  EXPECT_EQ(grpc_message("\x01\0\0\0\x02"
                         "abc"s),
            std::nullopt)
      << "compressed";
  EXPECT_EQ(grpc_message("\0\0\0\0"s), std::nullopt);
}

}  // namespace
}  // namespace weir::proto::protobuf
