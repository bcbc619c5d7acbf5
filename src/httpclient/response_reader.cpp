#include "httpclient/response_reader.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "proto/http/framing.h"

namespace weir::httpclient {

namespace http = proto::http;
using Kind = Failure::Kind;

ResponseReader::ResponseReader(http::Method method, const Limits& limits, bool decode)
    : method_(method), limits_(limits), decode_(decode) {}

ResponseReader::State ResponseReader::fail(Kind kind, std::string message) {
  failure_ = {kind, std::move(message)};
  return state_ = State::failed;
}

ResponseReader::State ResponseReader::feed(std::string_view bytes) {
  if (state_ != State::more) return state_;
  pending_ += bytes;
  return in_body_ ? read_body() : read_head();
}

ResponseReader::State ResponseReader::end() {
  if (state_ != State::more) return state_;
  if (!in_body_)
    return pending_.empty() && interim_ == 0 ? fail(Kind::connect, "the server closed the connection without an answer")
                                             : fail(Kind::truncated, "the answer ends within its head");
  if (!body_.ends_at_close()) return fail(Kind::truncated, "the answer ends within its body");
  return finish();
}

ResponseReader::State ResponseReader::read_head() {
  std::vector<http::Field> fields(limits_.fields);
  for (;;) {
    http::Head head(fields);
    const auto result = proto::http1::parse_response(pending_, scanned_, {.max_fields = limits_.fields}, head);
    if (result.kind == proto::http1::HeadResult::Kind::violation)
      return fail(Kind::protocol, fmt::format("the answer is no HTTP: {}", http::violation_text(result.violation)));
    const bool complete = result.kind == proto::http1::HeadResult::Kind::complete;
    if (interim_ + (complete ? result.size : pending_.size()) > limits_.head)
      return fail(Kind::too_large, fmt::format("the answer's head is larger than {} bytes", limits_.head));
    if (!complete) return state_;
    if (head.status >= 200 || head.status == 101) {
      const State begun = begin_body(head);
      pending_.erase(0, result.size);
      return begun == State::more ? read_body() : begun;
    }
    interim_ += result.size;
    pending_.erase(0, result.size);
    scanned_ = 0;
  }
}

ResponseReader::State ResponseReader::begin_body(http::Head& head) {
  response_.status = head.status;
  response_.reason = head.reason;
  for (const http::Field& field : head.fields())
    response_.headers.push_back({std::string(field.name), std::string(field.value)});
  const std::string_view coding = decode_ ? response_.header("content-encoding") : std::string_view();
  const http::Framing framing = http::frame_response(head, method_, {});
  if (framing.violation != http::Violation::none)
    return fail(Kind::protocol, fmt::format("the answer is no HTTP: {}", http::violation_text(framing.violation)));
  if (framing.kind == http::BodyKind::tunnel) return fail(Kind::protocol, "the answer is no answer but a tunnel");
  in_body_ = true;
  body_ = proto::http1::BodyReader(framing);
  if (framing.kind == http::BodyKind::none) return state_;
  if (framing.kind == http::BodyKind::length && framing.length > limits_.body)
    return fail(Kind::too_large, fmt::format("the answer has {} bytes: more than {}", framing.length, limits_.body));
  if (coding.empty() || http::same_name(coding, "identity")) return state_;
  const auto known = http::same_name(coding, "x-gzip")
                         ? proto::coding::Coding::gzip
                         : proto::coding::coding_named(coding).value_or(proto::coding::Coding::identity);
  decoder_ = proto::coding::Decoder::make(known);
  if (!decoder_) return fail(Kind::protocol, fmt::format("the answer's coding '{}' was not asked for", coding));
  return state_;
}

ResponseReader::State ResponseReader::read_body() {
  std::string_view bytes = pending_;
  for (;;) {
    using Piece = proto::http1::BodyReader::Piece;
    const Piece piece = body_.next(bytes);
    bytes.remove_prefix(piece.consumed);
    switch (piece.kind) {
      case Piece::Kind::data:
        if (add(piece.data) != State::more) return state_;
        break;
      case Piece::Kind::trailers: break;  // nobody asks for them
      case Piece::Kind::end: return finish();
      case Piece::Kind::violation:
        return fail(Kind::protocol, fmt::format("the answer is no HTTP: {}", http::violation_text(piece.violation)));
      case Piece::Kind::need_more:
        if (bytes.size() > limits_.head)
          return fail(Kind::too_large, fmt::format("the answer's trailers are larger than {} bytes", limits_.head));
        pending_.erase(0, pending_.size() - bytes.size());
        return state_;
    }
  }
}

ResponseReader::State ResponseReader::add(std::string_view data) {
  const auto too_large = [this] {
    return fail(Kind::too_large, fmt::format("the answer has more than {} bytes", limits_.body));
  };
  if (!decoder_) {
    if (data.size() > limits_.body - response_.body.size()) return too_large();
    response_.body += data;
    return state_;
  }
  std::array<char, 32 * 1024> block;
  for (;;) {
    const auto step = decoder_->step(data, block);
    if (step.failed) return fail(Kind::protocol, "the answer's body is not in the coding that it says");
    data.remove_prefix(step.consumed);
    if (step.produced > limits_.body - response_.body.size()) return too_large();
    response_.body.append(block.data(), step.produced);
    if (step.consumed == 0 && step.produced == 0) return state_;
  }
}

ResponseReader::State ResponseReader::finish() {
  if (decoder_ && !decoder_->ended()) return fail(Kind::truncated, "the answer's coded body ends before its end");
  pending_.clear();
  return state_ = State::complete;
}

std::string_view Response::header(std::string_view name) const {
  for (const Header& header : headers)
    if (proto::http::same_name(header.name, name)) return header.value;
  return {};
}

}  // namespace weir::httpclient
