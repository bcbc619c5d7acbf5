// Content codings undone: gzip and deflate, a piece at a time, never more at once than there is room for.
//
// Beside the encoder because the rules are the same libraries'; used by who reads an answer itself. A stream that
// ends too early, goes on behind its end or is none at all is an error: a body is whole or it is nothing. How large it
// grows is the caller's to bound: a thousand bytes may become a million. Sans-I/O. Spec: RFC 1950, 1952.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "proto/coding/encoder.h"

namespace weir::proto::coding {

class Decoder {
 public:
  /// gzip or deflate. Null: another coding, or no memory.
  static std::unique_ptr<Decoder> make(Coding coding);

  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool failed = false;  // not this coding, or bytes behind its end
  };
  /// Takes of `in` what fits into `out`. Call again while something was consumed or produced.
  Step step(std::string_view in, std::span<char> out);
  /// The stream's end was there.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  Decoder() = default;
  struct EndInflate {
    void operator()(z_stream* stream) const;
  };
  std::unique_ptr<z_stream, EndInflate> stream_;
  bool ended_ = false;
};

}  // namespace weir::proto::coding
