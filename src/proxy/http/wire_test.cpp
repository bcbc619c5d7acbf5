#include "proxy/http/wire.h"

#include <gtest/gtest.h>

#include <array>

namespace weir::proxy {
namespace {

using namespace proto::http;

struct Row {
  std::string_view given, kept;
};

// Each value in a buffer that has no byte to spare for it: what is written beyond is seen by the sanitizer.
TEST(Wire, options_of_this_hop_are_taken_out_of_connection) {
  constexpr Row kRows[] = {
      {"close", ""},
      {"keep-alive", ""},
      {"Upgrade", "Upgrade"},
      {"a,b", "a, b"},
      {"a,b,c,d,e,f,g,h", "a, b, c, d, e, f, g, h"},
      {"keep-alive,a,close , b", "a, b"},
      {" , ,close,", ""},
      {"Keep-Alive, TE", "TE"},
  };
  for (const Row& row : kRows) {
    io::BufferPool pool(2 * row.given.size(), 1);
    TextStore texts(pool);
    std::array<Field, 2> storage;
    Head head(storage);
    ASSERT_TRUE(head.add("connection", FieldId::connection, row.given));
    ASSERT_TRUE(strip_connection_options(head, texts)) << row.given;
    EXPECT_EQ(head.value(FieldId::connection).value_or(""), row.kept) << row.given;
  }
}

TEST(Wire, a_connection_field_that_finds_no_room_is_not_half_written) {
  io::BufferPool pool(4, 1);
  TextStore texts(pool);
  std::array<Field, 2> storage;
  Head head(storage);
  ASSERT_TRUE(head.add("connection", FieldId::connection, "upgrade"));
  EXPECT_FALSE(strip_connection_options(head, texts));
  EXPECT_EQ(head.value(FieldId::connection), "upgrade");
}

}  // namespace
}  // namespace weir::proxy
