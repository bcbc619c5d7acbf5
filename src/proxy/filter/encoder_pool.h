// The encoders of one worker, and what compression may cost the process.
//
// An encoder is some 270 kB (zlib) to 2.8 MB (brotli) of memory: it is lent for one message and comes back at its end.
// A few that may be used again are kept; all that exist, kept ones too, count against `maxzlibmem`, for which kept ones
// are given up first. What the whole process compresses in a second and the processor time of this worker say whether
// another message may be compressed, and how hard. Manual: maxzlibmem, maxcomprate, maxcompcpuusage.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/time.h"
#include "proto/coding/encoder.h"
#include "proxy/counters.h"
#include "proxy/filter/compression.h"

namespace weir::proxy {

/// Of the process; any thread.
struct CompressionState {
  Rate bytes_in, bytes_out;
  std::atomic<std::uint64_t> most_in_per_second{0};  // maxcomprate in bytes, as the runtime socket left it; 0: no limit
  std::atomic<std::uint64_t> memory{0};              // of all encoders
};

class EncoderPool;

/// An encoder on loan; none when empty.
class LentEncoder {
 public:
  LentEncoder() = default;
  LentEncoder(LentEncoder&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), encoder_(std::move(other.encoder_)), made_with_(other.made_with_) {}
  LentEncoder& operator=(LentEncoder&& other) noexcept {
    if (this == &other) return *this;
    give_back();
    pool_ = std::exchange(other.pool_, nullptr);
    encoder_ = std::move(other.encoder_);
    made_with_ = other.made_with_;
    return *this;
  }
  ~LentEncoder() { give_back(); }
  explicit operator bool() const { return encoder_ != nullptr; }
  proto::coding::Encoder* operator->() const { return encoder_.get(); }
  proto::coding::Encoder& operator*() const { return *encoder_; }
  void give_back();

 private:
  friend class EncoderPool;
  EncoderPool* pool_ = nullptr;
  std::unique_ptr<proto::coding::Encoder> encoder_;
  proto::coding::Parameters made_with_;
};

/// How much of the time its thread was on the processor, looked at four times a second at most.
class ProcessorUse {
 public:
  [[nodiscard]] unsigned percent(TimePoint now);

 private:
  TimePoint since_{};
  Milliseconds used_{0};
  unsigned percent_ = 0;
};

class EncoderPool {
 public:
  explicit EncoderPool(CompressionState& state) : state_(&state) {}
  EncoderPool(const EncoderPool&) = delete;
  EncoderPool& operator=(const EncoderPool&) = delete;
  ~EncoderPool() { flush(); }

  /// Empty: there is no memory for it.
  [[nodiscard]] LentEncoder take(proto::coding::Coding coding, const CompressionLimits& limits);
  /// What is kept for the next message goes back to the allocator.
  void flush();

  /// The process or this worker does as much as it may.
  [[nodiscard]] bool at_limit(const CompressionLimits& limits, TimePoint now, std::uint64_t now_ms);
  [[nodiscard]] CompressionState& state() { return *state_; }

  [[nodiscard]] std::size_t lent() const { return lent_; }
  [[nodiscard]] std::size_t kept() const { return kept_.size(); }

 private:
  friend class LentEncoder;
  struct Kept {
    std::unique_ptr<proto::coding::Encoder> encoder;
    proto::coding::Parameters made_with;
  };
  static constexpr std::size_t kMostKept = 16;
  std::unique_ptr<proto::coding::Encoder> take_kept(proto::coding::Coding coding,
                                                    const proto::coding::Parameters& parameters);
  bool reserve(std::size_t bytes, std::uint64_t most);
  void forget_one();

  CompressionState* state_;
  std::vector<Kept> kept_;
  std::size_t lent_ = 0;
  ProcessorUse use_;
};

}  // namespace weir::proxy
