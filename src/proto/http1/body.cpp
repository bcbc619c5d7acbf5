// Bodies: what of the bytes is data, whatever the framing.
//
// Chunks are read more strictly than heads. Recipients differ in what they take for a chunk's end, which is how
// requests are smuggled past each other: here a size line ends in CRLF, data are followed by CRLF, and the size is
// hexadecimal digits, nothing before them. COMPAT: blanks after them are taken, some servers pad. RFC 9112 7.1.
#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "proto/http1/codec.h"
#include "proto/http1/scan.h"

namespace weir::proto::http1 {
namespace {

using http::BodyKind;
using http::Violation;
using Kind = BodyReader::Piece::Kind;

// Extensions are read and dropped: a sender who gives more of them than data is wasting our time.
constexpr std::uint16_t kMaxSizeLine = 1024;
constexpr std::uint16_t kMaxDigits = 32;  // zeros lead
constexpr std::uint64_t kMaxChunk = std::uint64_t{1} << 59;

BodyReader::Piece violated(Violation violation, std::size_t at) {
  return {.kind = Kind::violation, .consumed = at, .data = {}, .violation = violation};
}

/// One line of a trailer section. RFC 9110 6.5.1: fields that frame the message have no place there.
bool is_trailer(std::string_view line) {
  const char* end = line.data() + line.size();
  const char* colon = find_name_end(line.data(), end);
  if (colon == line.data() || colon == end || *colon != ':') return false;
  const std::string_view name(line.data(), static_cast<std::size_t>(colon - line.data()));
  const http::FieldId id = http::field_id(name);
  if (id == http::FieldId::content_length || id == http::FieldId::transfer_encoding) return false;
  return find_value_end(colon + 1, end) == end;
}

}  // namespace

BodyReader::BodyReader(const http::Framing& framing) {
  switch (framing.kind) {
    case BodyKind::none: break;
    case BodyKind::length:
      rest_ = framing.length;
      state_ = rest_ != 0 ? State::data : State::over;
      break;
    case BodyKind::chunked:
      chunked_ = true;
      state_ = State::size;
      break;
    case BodyKind::until_close:
    case BodyKind::tunnel: state_ = State::until_close; break;
  }
}

/// One byte of a size line and of the line end after data. False: it does not belong there.
bool BodyReader::take_size_byte(char c) {
  switch (state_) {
    case State::data_end: state_ = State::data_line_feed; return c == '\r';
    case State::data_line_feed: state_ = State::size; return c == '\n';
    case State::size_end:
      line_length_ = 0;
      state_ = rest_ != 0 ? State::data : State::trailers;
      return c == '\n';
    default: break;
  }
  if (++line_length_ > kMaxSizeLine) return false;
  if (state_ == State::size) {
    if (const int digit = http::hex_value(c); digit >= 0) {
      rest_ = rest_ * 16 + static_cast<std::uint64_t>(digit);
      return rest_ < kMaxChunk && line_length_ <= kMaxDigits;
    }
    if (line_length_ == 1) return false;
  }
  if (c == '\r') {
    state_ = State::size_end;
    return true;
  }
  if (state_ == State::extension) return kValueBytes[static_cast<unsigned char>(c)];
  state_ = c == ';' ? State::extension : State::padding;
  return c == ';' || http::is_blank(c);
}

BodyReader::Piece BodyReader::next(std::string_view bytes) {
  if (state_ == State::over) return {.kind = Kind::end};
  if (state_ == State::until_close) {
    if (bytes.empty()) return {};
    return {.kind = Kind::data, .consumed = bytes.size(), .data = bytes};
  }
  std::size_t at = 0;
  while (state_ != State::data && state_ != State::trailers) {
    if (at == bytes.size()) return {.kind = Kind::need_more, .consumed = at};
    if (!take_size_byte(bytes[at])) return violated(Violation::bad_chunk, at);
    ++at;
  }
  return state_ == State::data ? read_data(bytes, at) : read_trailers(bytes, at);
}

BodyReader::Piece BodyReader::read_data(std::string_view bytes, std::size_t consumed) {
  const std::string_view data =
      bytes.substr(consumed, static_cast<std::size_t>(std::min<std::uint64_t>(rest_, bytes.size() - consumed)));
  if (data.empty()) return {.kind = Kind::need_more, .consumed = consumed};
  skip(data.size());
  return {.kind = Kind::data, .consumed = consumed + data.size(), .data = data};
}

/// The section is handed over whole, so its bytes stay with the caller until the empty line has come; rest_ remembers
/// the lines that were found good.
BodyReader::Piece BodyReader::read_trailers(std::string_view bytes, std::size_t consumed) {
  const std::string_view section = bytes.substr(consumed);
  while (true) {
    const std::string_view left = section.substr(static_cast<std::size_t>(rest_));
    const std::size_t end = left.find('\n');
    if (end == std::string_view::npos) return {.kind = Kind::need_more, .consumed = consumed};
    if (end == 0 || left[end - 1] != '\r') return violated(Violation::bad_trailer, consumed);
    if (end == 1) break;
    if (!is_trailer(left.substr(0, end - 1))) return violated(Violation::bad_trailer, consumed);
    rest_ += end + 1;
  }
  const std::string_view data = section.substr(0, static_cast<std::size_t>(rest_));
  consumed += data.size() + 2;
  rest_ = 0;
  state_ = State::over;
  if (data.empty()) return {.kind = Kind::end, .consumed = consumed};
  return {.kind = Kind::trailers, .consumed = consumed, .data = data};
}

bool BodyReader::ends_at_close() const { return state_ == State::until_close || state_ == State::over; }
bool BodyReader::over() const { return state_ == State::over; }

std::uint64_t BodyReader::known_rest() const {
  if (state_ == State::until_close) return std::numeric_limits<std::uint64_t>::max();
  return state_ == State::data ? rest_ : 0;
}

void BodyReader::skip(std::uint64_t size) {
  if (state_ == State::until_close) return;
  WEIR_ASSERT(state_ == State::data && size <= rest_);
  rest_ -= size;
  if (rest_ == 0) state_ = chunked_ ? State::data_end : State::over;
}

}  // namespace weir::proto::http1
