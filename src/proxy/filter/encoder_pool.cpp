#include "proxy/filter/encoder_pool.h"

#include <algorithm>
#include <ctime>

namespace weir::proxy {

using proto::coding::Coding;
using proto::coding::Encoder;
using proto::coding::memory_of;
using proto::coding::Parameters;

void LentEncoder::give_back() {
  if (encoder_ == nullptr) return;
  EncoderPool& pool = *pool_;
  pool.lent_--;
  // Brotli's own would have to be made anew: keeping it saves nothing.
  if (pool.kept_.size() < EncoderPool::kMostKept && encoder_->coding() != Coding::br) {
    pool.kept_.push_back({std::move(encoder_), made_with_});
    return;
  }
  pool.state_->memory.fetch_sub(memory_of(encoder_->coding(), made_with_), std::memory_order_relaxed);
  encoder_.reset();
}

std::unique_ptr<Encoder> EncoderPool::take_kept(Coding coding, const Parameters& parameters) {
  // The one that came back last is the one whose memory is warm.
  const auto found = std::find_if(kept_.rbegin(), kept_.rend(), [&](const Kept& one) {
    return one.encoder->coding() == coding && one.made_with == parameters;
  });
  if (found == kept_.rend()) return nullptr;
  std::unique_ptr<Encoder> encoder = std::move(found->encoder);
  kept_.erase(std::next(found).base());
  encoder->set_level(parameters.level);
  if (encoder->restart()) return encoder;
  state_->memory.fetch_sub(memory_of(coding, parameters), std::memory_order_relaxed);
  return nullptr;
}

bool EncoderPool::reserve(std::size_t bytes, std::uint64_t most) {
  std::uint64_t used = state_->memory.load(std::memory_order_relaxed);
  do {
    if (most != 0 && used + bytes > most) return false;
  } while (!state_->memory.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

void EncoderPool::forget_one() {
  const Kept& oldest = kept_.front();
  state_->memory.fetch_sub(memory_of(oldest.encoder->coding(), oldest.made_with), std::memory_order_relaxed);
  kept_.erase(kept_.begin());
}

void EncoderPool::flush() {
  while (!kept_.empty()) forget_one();
}

LentEncoder EncoderPool::take(Coding coding, const CompressionLimits& limits) {
  const Parameters parameters{.level = static_cast<int>(limits.level),
                              .window = static_cast<int>(limits.window),
                              .memory_level = static_cast<int>(limits.memory_level)};
  LentEncoder lent;
  lent.encoder_ = take_kept(coding, parameters);
  if (lent.encoder_ == nullptr) {
    const std::size_t bytes = memory_of(coding, parameters);
    const std::uint64_t most = std::uint64_t{limits.megabytes} << 20U;
    while (!reserve(bytes, most)) {
      if (kept_.empty()) return {};
      forget_one();
    }
    lent.encoder_ = Encoder::make(coding, parameters);
    if (lent.encoder_ == nullptr) {
      state_->memory.fetch_sub(bytes, std::memory_order_relaxed);
      return {};
    }
  }
  lent.pool_ = this;
  lent.made_with_ = parameters;
  lent_++;
  return lent;
}

bool EncoderPool::at_limit(const CompressionLimits& limits, TimePoint now, std::uint64_t now_ms) {
  const std::uint64_t most = state_->most_in_per_second.load(std::memory_order_relaxed);
  if (most != 0 && state_->bytes_in.value(now_ms) >= most) return true;
  return limits.cpu < 100 && use_.percent(now) >= limits.cpu;
}

unsigned ProcessorUse::percent(TimePoint now) {
  constexpr Milliseconds kLook{250};
  if (since_ != TimePoint{} && now - since_ < kLook) return percent_;
  timespec time{};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  const Milliseconds used{static_cast<std::int64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000};
  if (since_ != TimePoint{}) {
    const auto passed = std::chrono::duration_cast<Milliseconds>(now - since_);
    percent_ = static_cast<unsigned>(std::clamp<std::int64_t>((used - used_).count() * 100 / passed.count(), 0, 100));
  }
  since_ = now;
  used_ = used;
  return percent_;
}

}  // namespace weir::proxy
