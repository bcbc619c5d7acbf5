// layers: proto base
//
// Compression: whatever is fed in whatever pieces through whatever room comes back whole, nothing is taken or made
// beyond what there is, and of an Accept-Encoding only what it names and does not refuse is chosen.
#include <zlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/assert.h"
#include "proto/coding/encoder.h"
#include "proto/http/accept_encoding.h"

namespace coding = weir::proto::coding;
namespace http = weir::proto::http;

namespace {

constexpr coding::Coding kAll[] = {coding::Coding::identity,    coding::Coding::gzip, coding::Coding::deflate,
                                   coding::Coding::raw_deflate, coding::Coding::br,   coding::Coding::zstd};

std::string inflated(const std::string& coded, int bits, std::size_t most) {
  z_stream stream{};
  WEIR_ASSERT(inflateInit2(&stream, bits) == Z_OK);
  std::string out(most + 1, 0);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
  stream.avail_in = static_cast<uInt>(coded.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  WEIR_ASSERT(inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

// The bytes say how to cut: each piece is led by its length, and flushed when the length is odd.
void encode(std::string_view input, std::uint8_t how) {
  const coding::Coding one = kAll[how % coding::kCodings];
  const int level = how / 8 % 10;
  const std::size_t room = how % 2 != 0 ? coding::kLeastRoom : 300;
  const auto encoder = coding::Encoder::make(one, {.level = level, .window = 9, .memory_level = 1});
  WEIR_ASSERT(encoder != nullptr);
  std::string text, out;
  std::vector<char> buffer(room);
  const auto feed = [&](std::string_view piece, coding::Until until) {
    for (;;) {
      const coding::Step step = encoder->step(piece, buffer, until);
      WEIR_ASSERT(!step.failed && step.produced <= room && step.consumed <= piece.size());
      WEIR_ASSERT(step.through || step.consumed != 0 || step.produced != 0);
      out.append(buffer.data(), step.produced);
      piece.remove_prefix(step.consumed);
      if (step.through) return;
    }
  };
  while (!input.empty()) {
    const auto length = static_cast<std::uint8_t>(input[0]);
    const std::string_view piece = input.substr(1, length);
    input.remove_prefix(1 + piece.size());
    text += piece;
    if (length % 16 == 0) encoder->set_level(length / 16 % 10);
    feed(piece, length % 2 != 0 ? coding::Until::flush : coding::Until::later);
  }
  feed({}, coding::Until::end);
  if (one == coding::Coding::identity) WEIR_ASSERT(out == text);
  if (one == coding::Coding::gzip) WEIR_ASSERT(inflated(out, 31, text.size()) == text);
  if (one == coding::Coding::deflate) WEIR_ASSERT(inflated(out, 15, text.size()) == text);
  if (one == coding::Coding::raw_deflate) WEIR_ASSERT(inflated(out, -15, text.size()) == text);
}

void choose(std::string_view input, std::uint8_t how) {
  std::vector<http::Field> storage(4);
  http::Head head(storage);
  const std::size_t half = input.size() / 2;
  head.add("accept-encoding", input.substr(0, half));
  head.add("accept-encoding", input.substr(half));
  std::vector<coding::Coding> codings;
  for (const coding::Coding one : kAll)
    if ((how >> static_cast<unsigned>(one) & 1) != 0) codings.push_back(one);
  const auto chosen = http::choose_coding(head, codings);
  if (chosen) {
    WEIR_ASSERT(std::ranges::find(codings, *chosen) != codings.end() && *chosen != coding::Coding::identity);
    std::string all(input);
    std::ranges::transform(all, all.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    WEIR_ASSERT(all.find(coding::token_of(*chosen)) != std::string::npos || all.find('*') != std::string::npos);
  }
  (void)http::entity_tag_kind(input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  encode(input, data[0]);
  choose(input, data[0]);
  return 0;
}
