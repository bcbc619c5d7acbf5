// layers: proto base
//
// FastCGI: what an application says means the same whole and cut at every byte, slices lie in the input, parameters
// that were written are read again, and the answer inside its output is read the same way however it came.
#include <algorithm>
#include <string>
#include <vector>

#include "base/assert.h"
#include "proto/fcgi/record.h"
#include "proto/fcgi/response.h"

namespace fcgi = weir::proto::fcgi;
namespace http = weir::proto::http;
namespace http1 = weir::proto::http1;
using Kind = fcgi::RecordReader::Piece::Kind;

namespace {

struct Heard {
  std::string output;
  std::string events;
  friend bool operator==(const Heard&, const Heard&) = default;
};

Heard read(std::string_view bytes, std::size_t step) {
  fcgi::RecordReader reader(1);
  Heard heard;
  std::string buffer;
  std::size_t given = 0;
  while (true) {
    const auto piece = reader.next(buffer);
    WEIR_ASSERT(piece.consumed <= buffer.size());
    WEIR_ASSERT(piece.data.empty() || (piece.data.data() >= buffer.data() &&
                                       piece.data.data() + piece.data.size() <= buffer.data() + buffer.size()));
    switch (piece.kind) {
      case Kind::need_more: break;
      case Kind::out:
        WEIR_ASSERT(!piece.data.empty());
        heard.output += piece.data;
        break;
      case Kind::err:
        WEIR_ASSERT(!piece.data.empty());
        heard.events += piece.data;
        break;
      case Kind::values: {
        heard.events += "\nvalues ";
        heard.events += piece.data;
        if (const auto values = fcgi::read_values(piece.data); values && values->most_requests)
          heard.events += std::to_string(*values->most_requests);
        break;
      }
      case Kind::unknown: heard.events += "\nunknown"; break;
      case Kind::end:
        heard.events += "\nend " + std::to_string(piece.application) + " " + std::to_string(piece.protocol);
        break;
      case Kind::violation: heard.events += std::string("\n") + fcgi::fault_text(piece.fault); return heard;
    }
    buffer.erase(0, piece.consumed);
    if (piece.kind != Kind::need_more) continue;
    WEIR_ASSERT(buffer.size() < fcgi::kHeader + fcgi::kMostValues);
    if (given == bytes.size()) return heard;
    const std::string_view more = bytes.substr(given, step);
    buffer += more;
    given += more.size();
  }
}

void check_pairs(std::string_view bytes) {
  std::vector<char> memory(bytes.size() * 3 + 64);
  fcgi::RecordWriter out(memory);
  out.begin_params(1);
  std::size_t count = 0;
  fcgi::PairReader pairs(bytes);
  while (const auto pair = pairs.next()) {
    out.param(pair->name, {}, pair->value);
    count++;
  }
  out.end_params();
  if (out.size() == 0) return;
  const auto high = static_cast<unsigned char>(memory[4]);
  const auto low = static_cast<unsigned char>(memory[5]);
  fcgi::PairReader again({memory.data() + fcgi::kHeader, static_cast<std::size_t>(high) * 256 + low});
  while (again.next()) count--;
  WEIR_ASSERT(count == 0 && !again.broken());
}

void check_answer(const std::string& output) {
  std::vector<http::Field> storage(120);
  http::Head head(storage);
  std::string whole = output;
  std::size_t scanned = 0;
  const auto result = fcgi::parse_answer(whole, scanned, {}, head);
  if (result.kind == http1::HeadResult::Kind::complete) {
    WEIR_ASSERT(head.status >= 200 && head.status < 1000 && !head.is_request);
    WEIR_ASSERT(result.size <= output.size());
    (void)http::frame_response(head, http::Method::get, {});
  }
  // Fields are counted when the head is complete only: one in pieces is waited for.
  if (result.violation == http::Violation::too_many_fields) return;
  const std::uint16_t status = head.status;
  scanned = 0;
  http1::HeadResult cut;
  const std::size_t step = 1 + output.size() / 512;
  for (std::size_t size = 0; size < output.size() && cut.kind == http1::HeadResult::Kind::need_more;) {
    size = std::min(output.size(), size + step);
    std::string part = output.substr(0, size);
    cut = fcgi::parse_answer(part, scanned, {}, head);
  }
  WEIR_ASSERT(cut.kind == result.kind);
  if (cut.kind == http1::HeadResult::Kind::complete) WEIR_ASSERT(cut.size == result.size && head.status == status);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + std::min<std::size_t>(size, 16384));
  const Heard whole = read(bytes, bytes.size() + 1);
  for (const std::size_t step : {1UL, 2UL, 7UL}) WEIR_ASSERT(read(bytes, step) == whole);
  check_pairs(bytes);
  check_answer(whole.output);
  check_answer(bytes);
  return 0;
}
