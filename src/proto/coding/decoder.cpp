#include "proto/coding/decoder.h"

#include <algorithm>
#include <climits>
#include <new>

namespace weir::proto::coding {

void Decoder::EndInflate::operator()(z_stream* stream) const {
  inflateEnd(stream);
  delete stream;
}

std::unique_ptr<Decoder> Decoder::make(Coding coding) {
  constexpr int kWindow = 15, kGzip = 16;
  if (coding != Coding::gzip && coding != Coding::deflate) return nullptr;
  std::unique_ptr<Decoder> made(new (std::nothrow) Decoder());
  if (!made) return nullptr;
  std::unique_ptr<z_stream> stream(new (std::nothrow) z_stream{});
  if (!stream || inflateInit2(stream.get(), kWindow + (coding == Coding::gzip ? kGzip : 0)) != Z_OK) return nullptr;
  made->stream_.reset(stream.release());
  return made;
}

Decoder::Step Decoder::step(std::string_view in, std::span<char> out) {
  if (ended_) return {.failed = !in.empty()};
  const std::size_t given = std::min<std::size_t>(in.size(), INT_MAX);
  const std::size_t room = std::min<std::size_t>(out.size(), INT_MAX);
  z_stream& stream = *stream_;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(given);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(room);
  const int status = inflate(&stream, Z_NO_FLUSH);
  Step done{.consumed = given - stream.avail_in, .produced = room - stream.avail_out};
  ended_ = status == Z_STREAM_END;
  done.failed =
      (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) || (ended_ && done.consumed != in.size());
  return done;
}

}  // namespace weir::proto::coding
