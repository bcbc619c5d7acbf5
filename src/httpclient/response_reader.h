// An answer from its bytes: the head, the body out of its framing and its coding, within bounds.
//
// Sans-I/O: bytes in as they come, then the word that the peer has closed. Interim answers (1xx) are passed over. What
// is complete is complete: what comes behind it is not read. One reader reads one answer. Spec: RFC 9112 6, 7.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "httpclient/message.h"
#include "proto/coding/decoder.h"
#include "proto/http/head.h"
#include "proto/http1/codec.h"

namespace weir::httpclient {

class ResponseReader {
 public:
  enum class State : std::uint8_t { more, complete, failed };

  ResponseReader(proto::http::Method method, const Limits& limits, bool decode);

  State feed(std::string_view bytes);
  /// The peer closed. Never `more`.
  State end();

  /// Once complete; the URL is the caller's to fill in.
  [[nodiscard]] Response take() { return std::move(response_); }
  /// Once failed.
  [[nodiscard]] const Failure& failure() const { return failure_; }

 private:
  State fail(Failure::Kind kind, std::string message);
  State read_head();
  State begin_body(proto::http::Head& head);
  State read_body();
  State add(std::string_view data);
  State finish();

  const proto::http::Method method_;
  const Limits limits_;
  const bool decode_;
  State state_ = State::more;
  bool in_body_ = false;
  std::string pending_;      // of the head; of the body what could not be consumed yet
  std::size_t scanned_ = 0;  // of the head
  std::size_t interim_ = 0;  // bytes of heads that were passed over
  proto::http1::BodyReader body_;
  std::unique_ptr<proto::coding::Decoder> decoder_;
  Response response_;
  Failure failure_;
};

}  // namespace weir::httpclient
