// What a head costs: the GET of a browser with 10 fields, parsed, framed and written; the answer to it; and a chunked
// body. `perf stat -e instructions:u` of it, or the items per second here, is what to look at.
#include <benchmark/benchmark.h>

#include <array>
#include <string>

#include "proto/http1/codec.h"

namespace weir::proto::http1 {
namespace {

const std::string kRequest =
    "GET /static/images/logo.png?v=3 HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: image/avif,image/webp,*/*\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Referer: https://www.example.com/index.html\r\n"
    "Cookie: session=0123456789abcdef; theme=dark\r\n"
    "Connection: keep-alive\r\n"
    "X-Forwarded-For: 192.0.2.33\r\n"
    "Cache-Control: no-cache\r\n\r\n";
const std::string kResponse =
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/html\r\n"
    "Content-Length: 512\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nETag: \"12345\"\r\nAccept-Ranges: "
    "bytes\r\n\r\n";

/// What one message needs: its bytes, a table of its fields, room to write it.
struct Message {
  explicit Message(const std::string& text) : bytes(text) {}
  std::string bytes;
  std::array<http::Field, 128> storage;
  http::Head head{storage};
  std::array<char, 16384> out;
};

void parse_get(benchmark::State& state) {
  Message message(kRequest);
  for (auto _ : state) {
    std::size_t scanned = 0;
    benchmark::DoNotOptimize(parse_request(message.bytes, scanned, {}, message.head));
  }
}
BENCHMARK(parse_get);

void parse_frame_write_get(benchmark::State& state) {
  Message message(kRequest);
  for (auto _ : state) {
    std::size_t scanned = 0;
    benchmark::DoNotOptimize(parse_request(message.bytes, scanned, {}, message.head));
    benchmark::DoNotOptimize(http::frame_request(message.head, {}));
    benchmark::DoNotOptimize(write_head(message.head, message.out));
  }
}
BENCHMARK(parse_frame_write_get);

void parse_frame_write_response(benchmark::State& state) {
  Message message(kResponse);
  for (auto _ : state) {
    std::size_t scanned = 0;
    benchmark::DoNotOptimize(parse_response(message.bytes, scanned, {}, message.head));
    benchmark::DoNotOptimize(http::frame_response(message.head, http::Method::get, {}));
    benchmark::DoNotOptimize(write_head(message.head, message.out));
  }
}
BENCHMARK(parse_frame_write_response);

/// 16 chunks of 1 kB.
void read_chunks(benchmark::State& state) {
  std::string bytes;
  for (int i = 0; i < 16; ++i) bytes += "400\r\n" + std::string(1024, 'x') + "\r\n";
  bytes += "0\r\n\r\n";
  for (auto _ : state) {
    BodyReader reader({.kind = http::BodyKind::chunked});
    std::string_view left = bytes;
    while (true) {
      const auto piece = reader.next(left);
      left.remove_prefix(piece.consumed);
      benchmark::DoNotOptimize(piece.data.data());
      if (piece.kind == BodyReader::Piece::Kind::end) break;
    }
  }
}
BENCHMARK(read_chunks);

}  // namespace
}  // namespace weir::proto::http1
