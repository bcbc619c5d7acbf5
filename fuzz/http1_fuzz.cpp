// layers: proto base
//
// HTTP/1: a message means the same whole and cut at every byte, every slice lies in the input, and what is written of a
// head that was taken is taken again and framed the same way.
#include <algorithm>
#include <string>
#include <vector>

#include "base/assert.h"
#include "proto/http1/codec.h"

namespace http = weir::proto::http;
namespace http1 = weir::proto::http1;
using Kind = http1::HeadResult::Kind;
using Piece = http1::BodyReader::Piece::Kind;

namespace {

struct Choice {
  bool request = false;
  bool unsafe = false;
};

struct Parsed {
  explicit Parsed(std::string_view input) : bytes(input.begin(), input.end()) {}
  std::vector<char> bytes;  // an exact allocation: one byte too far is seen
  std::vector<http::Field> storage = std::vector<http::Field>(120);
  http::Head head{storage};

  http1::HeadResult parse(std::size_t& scanned, Choice choice) {
    const http1::HeadOptions options{.accept_unsafe = choice.unsafe};
    return choice.request ? http1::parse_request(bytes, scanned, options, head)
                          : http1::parse_response(bytes, scanned, options, head);
  }
  http::Framing frame(Choice choice) {
    const http::FramingOptions options{.accept_unsafe = choice.unsafe, .upgrade_asked = true};
    return choice.request ? http::frame_request(head, options) : http::frame_response(head, http::Method::get, options);
  }
};

/// Data and trailers as one text, then how it ended. `step` bytes at a time.
std::string read_body(const http::Framing& framing, std::string_view bytes, std::size_t step) {
  http1::BodyReader reader(framing);
  std::string buffer;
  std::string text;
  std::size_t given = 0;
  while (true) {
    const std::uint64_t rest = reader.known_rest();
    const auto piece = reader.next(buffer);
    WEIR_ASSERT(piece.consumed <= buffer.size());
    if (piece.kind == Piece::violation) return text + "\nviolation";
    if (piece.kind == Piece::data) {
      WEIR_ASSERT(!piece.data.empty());
      WEIR_ASSERT(rest == 0 || piece.data.size() <= rest);
    }
    text += piece.data;
    buffer.erase(0, piece.consumed);
    if (piece.kind == Piece::end) return text + "\nend" + std::to_string(given - buffer.size());
    if (piece.kind != Piece::need_more) continue;
    if (given == bytes.size()) return text + "\ncut";
    const std::string_view more = bytes.substr(given, step);
    buffer += more;
    given += more.size();
  }
}

void check_body(const http::Framing& framing, std::string_view bytes) {
  const std::string whole = read_body(framing, bytes, bytes.size() + 1);
  for (const std::size_t step : {1UL, 2UL, 7UL}) WEIR_ASSERT(read_body(framing, bytes, step) == whole);
}

bool is_too_many(http::Violation violation) { return violation == http::Violation::too_many_fields; }

void check_split(std::string_view bytes, const http1::HeadResult& whole, Choice choice) {
  std::size_t scanned = 0;
  http1::HeadResult result;
  const std::size_t step = 1 + bytes.size() / 512;
  for (std::size_t size = 0; size < bytes.size() && result.kind == Kind::need_more;) {
    size = std::min(bytes.size(), size + step);
    result = Parsed(bytes.substr(0, size)).parse(scanned, choice);
    WEIR_ASSERT(scanned <= size);
  }
  WEIR_ASSERT(result.kind == whole.kind && result.size == whole.size);
  // Fields are counted when the head is complete only.
  WEIR_ASSERT(result.violation == whole.violation || is_too_many(whole.violation));
}

/// What goes on must leave nothing to choose.
void check_written(Parsed& parsed, const http::Framing& framing, Choice choice) {
  std::string out(40000, '\0');
  out.resize(http1::write_head(parsed.head, out));
  WEIR_ASSERT(!out.empty());
  Parsed again(out);
  std::size_t scanned = 0;
  const http1::HeadResult result = again.parse(scanned, choice);
  if (is_too_many(result.violation)) return;
  WEIR_ASSERT(result.kind == Kind::complete && result.size == out.size());
  const http::Framing second = again.frame(choice);
  WEIR_ASSERT(second.violation == http::Violation::none && second.kind == framing.kind);
  WEIR_ASSERT(second.length == framing.length && !second.close_after);
}

void check(std::string_view bytes, Choice choice) {
  Parsed parsed(bytes);
  std::size_t scanned = 0;
  const http1::HeadResult result = parsed.parse(scanned, choice);
  check_split(bytes, result, choice);
  if (result.kind != Kind::complete) return;
  const http::Framing framing = parsed.frame(choice);
  if (framing.violation != http::Violation::none) return;
  check_written(parsed, framing, choice);
  check_body(framing, bytes.substr(result.size));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + std::min<std::size_t>(size, 16384));
  for (const bool unsafe : {false, true}) {
    check(bytes, {.request = true, .unsafe = unsafe});
    check(bytes, {.request = false, .unsafe = unsafe});
  }
  check_body({.kind = http::BodyKind::chunked}, bytes);
  return 0;
}
