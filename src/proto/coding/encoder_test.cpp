#include "proto/coding/encoder.h"

#include <brotli/decode.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <random>
#include <string>
#include <vector>

namespace weir::proto::coding {
namespace {

constexpr Coding kAll[] = {Coding::identity,    Coding::gzip, Coding::deflate,
                           Coding::raw_deflate, Coding::br,   Coding::zstd};

std::string words(std::size_t size) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) text += "word" + std::to_string(random() % 997) + (random() % 9 == 0 ? "\n" : " ");
  text.resize(size);
  return text;
}
std::string noise(std::size_t size) {
  std::mt19937 random(11);
  std::string text(size, 0);
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

std::string inflated(std::string_view coded, int bits, bool& whole) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, bits), Z_OK);
  std::string out(200'000, 0);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
  stream.avail_in = static_cast<uInt>(coded.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  whole = inflate(&stream, Z_SYNC_FLUSH) == Z_STREAM_END;
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}
std::string unbrotlied(std::string_view coded, bool& whole) {
  BrotliDecoderState* state = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  std::string out(200'000, 0);
  const auto* next_in = reinterpret_cast<const std::uint8_t*>(coded.data());
  auto* next_out = reinterpret_cast<std::uint8_t*>(out.data());
  std::size_t in = coded.size(), room = out.size();
  whole =
      BrotliDecoderDecompressStream(state, &in, &next_in, &room, &next_out, nullptr) == BROTLI_DECODER_RESULT_SUCCESS;
  BrotliDecoderDestroyInstance(state);
  out.resize(out.size() - room);
  return out;
}
std::string unzstded(std::string_view coded, bool& whole) {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  std::string out(200'000, 0);
  ZSTD_inBuffer input{coded.data(), coded.size(), 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  std::size_t left = 1;
  while (input.pos != input.size && left != 0) left = ZSTD_decompressStream(context, &output, &input);
  whole = left == 0;
  ZSTD_freeDCtx(context);
  out.resize(output.pos);
  return out;
}
/// What a client gets of it, and whether it is all.
std::string decoded(Coding coding, std::string_view coded, bool& whole) {
  switch (coding) {
    case Coding::identity: whole = true; return std::string(coded);
    case Coding::gzip: return inflated(coded, 31, whole);
    case Coding::deflate: return inflated(coded, 15, whole);
    case Coding::raw_deflate: return inflated(coded, -15, whole);
    case Coding::br: return unbrotlied(coded, whole);
    case Coding::zstd: return unzstded(coded, whole);
  }
  return {};
}

/// Feeds `text` in pieces and collects what comes out of a small `room`.
void feed(Encoder& encoder, std::string_view text, std::size_t room, Until until, std::string& out) {
  std::vector<char> buffer(room);
  for (int calls = 0; calls < 1'000'000; calls++) {
    const Step step = encoder.step(text, buffer, until);
    ASSERT_FALSE(step.failed);
    ASSERT_LE(step.produced, room);
    ASSERT_LE(step.consumed, text.size());
    out.append(buffer.data(), step.produced);
    text.remove_prefix(step.consumed);
    if (step.through) {
      ASSERT_TRUE(text.empty());
      return;
    }
    ASSERT_TRUE(step.consumed != 0 || step.produced != 0) << "it stands still";
  }
  FAIL() << "it never ends";
}

TEST(Encoder, EveryCodingComesBackWhateverThePiecesAndTheRoom) {
  for (const Coding coding : kAll)
    for (const std::string& text : {std::string(), std::string("x"), words(100'000), noise(50'000)})
      for (const std::size_t room : {7U, 1000U, 16'384U})
        for (const std::size_t piece : {1000U, 70'000U}) {
          const auto encoder = Encoder::make(coding, {});
          std::string out;
          for (std::size_t at = 0; at < text.size(); at += piece)
            feed(*encoder, std::string_view(text).substr(at, piece), room, Until::later, out);
          feed(*encoder, {}, room, Until::end, out);
          bool whole = false;
          EXPECT_EQ(decoded(coding, out, whole), text) << name_of(coding);
          EXPECT_TRUE(whole) << name_of(coding);
          if (coding != Coding::identity && text.size() == 100'000) EXPECT_LT(out.size(), 60'000U) << name_of(coding);
        }
}

TEST(Encoder, WhatWasFlushedIsReadableAtOnceAndTheStreamHasNoEnd) {
  for (const Coding coding : kAll)
    for (const std::size_t room : {7U, 4096U}) {
      const auto encoder = Encoder::make(coding, {});
      std::string out, text;
      for (int i = 0; i < 20; i++) {
        const std::string event = "data: " + std::to_string(i) + "\n\n";
        text += event;
        feed(*encoder, event, room, Until::flush, out);
        EXPECT_FALSE(encoder->holds_bytes());
        bool whole = true;
        EXPECT_EQ(decoded(coding, out, whole), text) << name_of(coding) << i;
        if (coding != Coding::identity) EXPECT_FALSE(whole);
        const std::size_t before = out.size();
        feed(*encoder, {}, room, Until::flush, out);
        EXPECT_EQ(out.size(), before) << "a flush of nothing costs nothing";
      }
    }
}

TEST(Encoder, NothingNewIsTakenIntoAFlushThatDidNotFit) {
  for (const Coding coding : {Coding::gzip, Coding::br, Coding::zstd}) {
    const auto encoder = Encoder::make(coding, {});
    const std::string first = noise(3000), second = words(3000);
    std::string out;
    char small[16];
    std::string_view rest = first;
    const Step step = encoder->step(rest, small, Until::flush);
    out.append(small, step.produced);
    rest.remove_prefix(step.consumed);
    ASSERT_FALSE(step.through);
    const std::string more = std::string(rest) + second;  // as a reader that was told nothing of flushes would
    feed(*encoder, more, 16, Until::end, out);
    bool whole = false;
    EXPECT_EQ(decoded(coding, out, whole), first + second) << name_of(coding);
    EXPECT_TRUE(whole);
  }
}

TEST(Encoder, RestartsAsNew) {
  for (const Coding coding : kAll) {
    const auto encoder = Encoder::make(coding, {});
    std::string lost;
    feed(*encoder, words(40'000), 1000, Until::later, lost);
    char small[3];
    (void)encoder->step(words(100), small, Until::end);  // its end did not even fit
    ASSERT_TRUE(encoder->restart());
    std::string out;
    feed(*encoder, "hello", 1000, Until::end, out);
    bool whole = false;
    EXPECT_EQ(decoded(coding, out, whole), "hello") << name_of(coding);
    EXPECT_TRUE(whole);
  }
}

TEST(Encoder, LevelsChangeWithinTheStream) {
  for (const Coding coding : kAll) {
    const auto encoder = Encoder::make(coding, {.level = 9});
    const std::string text = words(200'000);
    std::string out;
    for (std::size_t at = 0, level = 9; at < text.size(); at += 10'000) {
      encoder->set_level(static_cast<int>(level));
      level = level == 0 ? 9 : level - 1;
      feed(*encoder, std::string_view(text).substr(at, 10'000), 500, Until::later, out);
    }
    feed(*encoder, {}, 500, Until::end, out);
    bool whole = false;
    EXPECT_EQ(decoded(coding, out, whole), text) << name_of(coding);
    EXPECT_TRUE(whole);
  }
  const auto stored = Encoder::make(Coding::gzip, {.level = 1});
  stored->set_level(0);
  std::string out;
  feed(*stored, words(10'000), 20'000, Until::end, out);
  EXPECT_GT(out.size(), 10'000U);
}

TEST(Encoder, DeflateOfEveryWindow) {
  for (const Coding coding : {Coding::gzip, Coding::deflate, Coding::raw_deflate})
    for (int window = 8; window <= 15; window++)
      for (const int memory : {1, 9}) {
        const auto encoder = Encoder::make(coding, {.level = 6, .window = window, .memory_level = memory});
        ASSERT_TRUE(encoder) << window;
        std::string out;
        feed(*encoder, words(50'000), 4096, Until::end, out);
        bool whole = false;
        EXPECT_EQ(decoded(coding, out, whole), words(50'000));
        EXPECT_TRUE(whole);
      }
}

#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
std::size_t in_use() {
  const struct mallinfo2 memory = ::mallinfo2();
  return memory.uordblks + memory.hblkhd;
}

// What a limit on memory counts is what is really taken, and not much more.
TEST(Encoder, TakesNoMoreMemoryThanItSays) {
  const std::string text = words(1'000'000) + noise(1'000'000);
  for (const Coding coding : kAll)
    for (int level = 0; level <= 9; level++) {
      const Parameters parameters{.level = level};
      std::string out;
      out.reserve(std::size_t{3} << 20U);
      const std::size_t before = in_use();
      const auto encoder = Encoder::make(coding, parameters);
      std::size_t most = in_use();
      for (std::size_t at = 0; at < text.size(); at += 70'000) {
        feed(*encoder, std::string_view(text).substr(at, 70'000), 16'384, at % 3 ? Until::later : Until::flush, out);
        most = std::max(most, in_use());
      }
      const std::size_t taken = most - before;
      const std::size_t told = memory_of(coding, parameters);
      EXPECT_LE(taken, told + 4096) << name_of(coding) << level;
      EXPECT_GE(2 * taken + 4096, told) << name_of(coding) << level;
    }
}
#endif

TEST(Coding, Names) {
  for (const Coding coding : kAll) EXPECT_EQ(coding_named(name_of(coding)), coding);
  EXPECT_FALSE(coding_named("x-gzip"));
  EXPECT_EQ(token_of(Coding::raw_deflate), "deflate");
}

}  // namespace
}  // namespace weir::proto::coding
