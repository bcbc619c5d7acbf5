// layers: httpclient
//
// Answers to the HTTP client: within bounds, and the same whatever the pieces they come in.
#include <string>

#include "base/assert.h"
#include "httpclient/response_reader.h"

namespace httpclient = weir::httpclient;
using State = httpclient::ResponseReader::State;

namespace {

constexpr httpclient::Limits kLimits{.body = 4096, .head = 2048, .fields = 32};

State read(std::string_view bytes, std::size_t piece, httpclient::Response& response) {
  httpclient::ResponseReader reader(weir::proto::http::Method::get, kLimits, true);
  State state = State::more;
  while (!bytes.empty() && state == State::more) {
    state = reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  if (state == State::more) state = reader.end();
  WEIR_ASSERT(state != State::more);
  if (state == State::complete) response = reader.take();
  if (state == State::failed) WEIR_ASSERT(!reader.failure().message.empty());
  return state;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  httpclient::Response whole, pieces;
  const State state = read(bytes, size + 1, whole);
  const State again = read(bytes, 1 + (size != 0 ? data[0] % 7 : 0), pieces);
  WEIR_ASSERT(state == again);
  if (state == State::failed) return 0;
  WEIR_ASSERT(whole.status >= 200 && whole.body.size() <= kLimits.body);
  WEIR_ASSERT(whole.status == pieces.status && whole.body == pieces.body && whole.headers == pieces.headers);
  return 0;
}
