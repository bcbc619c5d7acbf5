// HTTP/1 on the wire: heads and bodies to slices, and back.
//
// Sans-I/O and in place. A head is parsed when all of it is there (a scan for its end remembers how far it came, so a
// head that arrives byte by byte costs one pass). obs-fold is unfolded in the buffer itself. A body is read piece by
// piece: the reader says which bytes are data, whatever the framing. Spec: RFC 9112.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/http/framing.h"
#include "proto/http/head.h"

namespace weir::proto::http1 {

struct HeadOptions {
  bool accept_unsafe = false;
  std::uint32_t max_fields = 101;  // tune.http.maxhdr: the start line counts as one
};

struct HeadResult {
  enum class Kind : std::uint8_t { need_more, complete, violation } kind = Kind::need_more;
  std::size_t size = 0;  // complete: bytes of the head, empty lines before it included
  http::Violation violation = http::Violation::none;
  std::size_t at = 0;  // of the violation: offset of the byte that offends
};

/// `bytes` is everything received of the message; folds are written over. `scanned` is the caller's, 0 for a new
/// message. A violation is reported as soon as the start line or the bytes so far cannot become a head any more. `out`
/// means something when the head is complete. HTTP/2's preface is an unsupported version: look for it first.
/// A request's Host is checked here: one, of bytes a host has, the same as in an absolute target (which adds it when it
/// is missing); CONNECT's target and Host likewise.
[[nodiscard]] HeadResult parse_request(std::span<char> bytes, std::size_t& scanned, const HeadOptions& options,
                                       http::Head& out);
[[nodiscard]] HeadResult parse_response(std::span<char> bytes, std::size_t& scanned, const HeadOptions& options,
                                        http::Head& out);
/// The same for a head without a start line, as a CGI program's answer has it (RFC 3875 6.3): a response's.
[[nodiscard]] HeadResult parse_fields(std::span<char> bytes, std::size_t& scanned, const HeadOptions& options,
                                      http::Head& out);

/// Adds the fields of a trailer section, as BodyReader gave it, to `out`. False when there is no room.
[[nodiscard]] bool parse_trailers(std::string_view section, http::Head& out);

/// Walks a body. 16 bytes, copied freely. Chunks are read strictly: CRLF only, no control bytes in extensions (which
/// are dropped, and bounded), no framing fields among the trailers, none folded.
class BodyReader {
 public:
  BodyReader() = default;
  explicit BodyReader(const http::Framing& framing);

  struct Piece {
    enum class Kind : std::uint8_t {
      need_more,  // all bytes were consumed, but those of a trailer section that has no end yet
      data,       // `data` is body
      trailers,   // `data` is the trailer section, verified, one whole piece without the last empty line; may be absent
      end,        // the message is over; what follows `consumed` is the next one's
      violation,
    } kind = Kind::need_more;
    std::size_t consumed = 0;  // of the bytes given: the caller drops them before it asks again
    std::string_view data;
    http::Violation violation = http::Violation::none;
  };
  /// The next piece of `bytes`, which begin where the last piece ended. A piece is never empty but need_more and end.
  [[nodiscard]] Piece next(std::string_view bytes);
  /// The peer closed: true when that is where the body ends (until_close, tunnel), false when bytes are missing.
  [[nodiscard]] bool ends_at_close() const;
  [[nodiscard]] bool over() const;
  /// Body bytes still to come: of a length, or of the chunk being read; all there are when close is the end. What may
  /// be spliced.
  [[nodiscard]] std::uint64_t known_rest() const;
  /// `size` bytes of it went by without being looked at (splice). At most known_rest().
  void skip(std::uint64_t size);

 private:
  enum class State : std::uint8_t {
    size,
    padding,
    extension,
    size_end,
    data,
    data_end,
    data_line_feed,
    trailers,
    over,
    until_close
  };
  Piece read_size_line(std::string_view bytes);
  Piece read_data(std::string_view bytes, std::size_t consumed);
  Piece read_trailers(std::string_view bytes, std::size_t consumed);
  bool take_size_byte(char c);

  std::uint64_t rest_ = 0;         // of the length or the chunk; in trailers, the size of the lines found good
  std::uint16_t line_length_ = 0;  // of the size line
  State state_ = State::over;
  bool chunked_ = false;
};

/// Which capitals the names of fields get, for peers that want them: h1-case-adjust. Filled when the configuration is
/// read.
class NameCases {
 public:
  /// False when that name is there already or the two differ in more than their case.
  bool add(std::string_view from, std::string_view to);
  /// The name as it is to be written, or null.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] bool empty() const { return names_.empty(); }

 private:
  std::vector<std::string> names_;  // sorted by what they are in small letters
};

/// The head as HTTP/1 bytes of its version (what is above 1.1 is written as 1.1), without removed fields. Names are in
/// small letters but those that `cases` knows. 0: it does not fit.
[[nodiscard]] std::size_t write_head(const http::Head& head, std::span<char> out, const NameCases* cases = nullptr);
/// "1f4\r\n". Returns its size; `out` has room for 18 bytes.
std::size_t write_chunk_size(std::uint64_t size, std::span<char> out);

}  // namespace weir::proto::http1
