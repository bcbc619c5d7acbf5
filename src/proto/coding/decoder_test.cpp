#include "proto/coding/decoder.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::proto::coding {
namespace {

std::string coded(Coding coding, std::string_view text) {
  const auto encoder = Encoder::make(coding, {.level = 6});
  std::string all(text.size() + 1024, '\0');
  const auto step = encoder->step(text, all, Until::end);
  EXPECT_TRUE(step.through);
  all.resize(step.produced);
  return all;
}

struct Decoded {
  std::string text;
  bool failed = false;
  bool ended = false;
};

Decoded decoded(Coding coding, std::string_view bytes, std::size_t piece, std::size_t room) {
  const auto decoder = Decoder::make(coding);
  Decoded result;
  std::string out(room, '\0');
  while (!bytes.empty()) {
    std::string_view some = bytes.substr(0, piece);
    bytes.remove_prefix(some.size());
    for (;;) {
      const auto step = decoder->step(some, out);
      some.remove_prefix(step.consumed);
      result.text.append(out, 0, step.produced);
      result.failed = step.failed;
      if (step.failed) return result;
      if (step.consumed == 0 && step.produced == 0) break;
    }
  }
  result.ended = decoder->ended();
  return result;
}

TEST(Decoder, gives_back_what_was_coded_in_any_pieces) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "/key" + std::to_string(i) + " value\n";
  for (const Coding coding : {Coding::gzip, Coding::deflate}) {
    const std::string bytes = coded(coding, text);
    ASSERT_LT(bytes.size(), text.size());
    for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, bytes.size()}) {
      const Decoded all = decoded(coding, bytes, piece, 777);
      EXPECT_FALSE(all.failed);
      EXPECT_TRUE(all.ended);
      EXPECT_EQ(all.text, text);
    }
  }
}

TEST(Decoder, a_stream_is_whole_or_nothing) {
  const std::string bytes = coded(Coding::gzip, "some text that is long enough");
  EXPECT_FALSE(decoded(Coding::gzip, bytes.substr(0, bytes.size() - 1), 10, 100).ended);
  EXPECT_TRUE(decoded(Coding::gzip, bytes + "x", 1000, 100).failed);
  EXPECT_TRUE(decoded(Coding::gzip, bytes + bytes, 7, 100).failed);
  EXPECT_TRUE(decoded(Coding::gzip, "no gzip at all", 100, 100).failed);
  std::string wrong = bytes;
  wrong[bytes.size() - 6] ^= 1;  // of the checksum
  EXPECT_TRUE(decoded(Coding::gzip, wrong, 100, 100).failed);
  EXPECT_EQ(Decoder::make(Coding::br), nullptr);
}

}  // namespace
}  // namespace weir::proto::coding
