// Content codings: a stream of bytes to a smaller one, a piece at a time and never more at once than there is room for.
//
// One face for zlib, brotli and zstd. Their rules about flushing differ and are kept here: what is given is taken in
// first, and only then is a flush or the end begun, which takes nothing new until it is through. An encoder knows how
// much memory it may take before it is made, so that a process can say no to one more. Sans-I/O. Spec: RFC 1950, 1951,
// 1952, 7932, 8878; RFC 9110 8.4.1.
#pragma once

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace weir::proto::coding {

enum class Coding : std::uint8_t { identity, gzip, deflate, raw_deflate, br, zstd };
inline constexpr std::size_t kCodings = 6;

/// As the configuration spells it; raw_deflate is "raw-deflate".
[[nodiscard]] std::string_view name_of(Coding coding);
[[nodiscard]] std::optional<Coding> coding_named(std::string_view name);
/// As Content-Encoding and Accept-Encoding spell it: RFC 9110 has one "deflate". Empty for identity.
[[nodiscard]] std::string_view token_of(Coding coding);

struct Parameters {
  int level = 1;         // 0 only stores (deflate alone can), 9 is the slowest; br goes up to 5
  int window = 15;       // deflate: bits of history
  int memory_level = 8;  // deflate
  friend bool operator==(const Parameters&, const Parameters&) = default;
};

/// The most that an encoder takes.
[[nodiscard]] std::size_t memory_of(Coding coding, const Parameters& parameters);

/// What is to become of what was given.
enum class Until : std::uint8_t {
  later,  // it may wait for more
  flush,  // all of it is to come out now, for nobody knows when there is more
  end,    // there is no more
};

inline constexpr std::size_t kLeastRoom = 7;  // zlib would mark one flush again and again in less

struct Step {
  std::size_t consumed = 0;
  std::size_t produced = 0;
  bool through = false;  // all was consumed, and what `Until` asks for is done
  bool failed = false;   // out of memory: the stream is lost
};

namespace detail {

struct EndDeflate {
  void operator()(z_stream* stream) const;
};
struct Deflate {
  std::unique_ptr<z_stream, EndDeflate> stream;
};
struct EndBrotli {
  void operator()(BrotliEncoderState* state) const { BrotliEncoderDestroyInstance(state); }
};
struct Brotli {
  std::unique_ptr<BrotliEncoderState, EndBrotli> state;
};
struct EndZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct Zstd {
  std::unique_ptr<ZSTD_CCtx, EndZstd> context;
};
struct Identity {};

}  // namespace detail

class Encoder {
 public:
  /// Null: the system has no memory.
  static std::unique_ptr<Encoder> make(Coding coding, const Parameters& parameters);

  /// As much of `in` as goes into `out`, which has room for kLeastRoom. Call again with what is left until `through`.
  Step step(std::string_view in, std::span<char> out, Until until);
  /// A new stream with the same parameters. False: the system has no memory.
  bool restart();
  /// From here on; within a stream only deflate can change it, the others do when they restart.
  void set_level(int level);
  [[nodiscard]] int level() const { return parameters_.level; }
  [[nodiscard]] Coding coding() const { return coding_; }
  /// Something was given and has not all come out.
  [[nodiscard]] bool holds_bytes() const { return holds_bytes_; }

 private:
  Encoder(Coding coding, const Parameters& parameters) : coding_(coding), parameters_(parameters) {}
  bool begin();
  /// As far as it can now. True: what was asked for is done.
  bool change_level(std::span<char> out, Step& done);
  /// One call of the library: `until` with no new bytes, but for `later`.
  Step call(std::string_view in, std::span<char> out, Until until);

  Coding coding_;
  Parameters parameters_;
  int wanted_level_ = 0;
  Until pending_ = Until::later;  // a flush or the end that was begun and is not through
  bool holds_bytes_ = false;
  std::variant<detail::Identity, detail::Deflate, detail::Brotli, detail::Zstd> library_;
};

}  // namespace weir::proto::coding
