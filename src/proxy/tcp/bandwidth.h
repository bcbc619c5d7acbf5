// The limits a session's bytes are under, once `set-bandwidth-limit` switched filters on. Manual 9.7.
//
// Each limit is a bucket that fills at its rate and holds two small chunks, so that bytes flow evenly and over any time
// exceed the limit by no more than that; a flow reads no more than the emptiest of its buckets holds, and waits for a
// whole chunk when they are empty, which bounds how often a timer fires. A shared limit is divided equally among the
// sessions that are under it for the same entry, and besides none goes on while the entry's own rate, which all of them
// add to, is at the limit.
// Belongs to the session. Without it the relay asks one null pointer.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/time.h"
#include "proxy/filter/bandwidth.h"
#include "proxy/tcp/session.h"
#include "stick/table.h"

namespace weir::proxy {

/// Bytes per period, as a bucket. Pure arithmetic over the caller's clock.
class Bucket {
 public:
  void set(std::uint64_t limit, Milliseconds period, std::uint64_t min_size, TimePoint now);
  /// Another rate from now on; what is in it stays.
  void change(std::uint64_t limit, Milliseconds period, std::uint64_t min_size, TimePoint now);
  /// How much may be forwarded now; 0 until a whole chunk is there.
  [[nodiscard]] std::uint64_t allowance(TimePoint now);
  void take(std::uint64_t bytes, TimePoint now);
  /// When allowance() will not be 0.
  [[nodiscard]] TimePoint next(TimePoint now) const;
  [[nodiscard]] std::uint64_t chunk() const { return chunk_; }

 private:
  void refill(TimePoint now);
  std::uint64_t limit_ = 0;
  std::int64_t period_us_ = 1;
  std::uint64_t chunk_ = 1;
  std::int64_t tokens_ = 0;  // negative: forwarded on credit
  TimePoint filled_{};
};

/// Marks a session as one of those that share an entry under one filter, over all workers and plans: use_count() is how
/// many there are. Any thread.
[[nodiscard]] std::shared_ptr<const void> join_sharers(const BandwidthFilter& filter, const stick::StickTable* table,
                                                       std::string_view key);

/// HTTP: whether the bytes are counted before they are compressed or afterwards.
enum class LimitPlace : std::uint8_t { before_encoder, behind_encoder };

struct BandwidthLimit {
  LimitPlace place = LimitPlace::before_encoder;
  const BandwidthFilter* filter = nullptr;  // of the configuration that `owner` keeps
  std::shared_ptr<const void> owner;
  Bucket bucket;
  std::shared_ptr<stick::StickTable> table;  // shared only
  stick::StickTable::Pin entry;
  std::shared_ptr<const void> sharers;
  long sharing = 1;               // how many the bucket was last divided among
  std::uint64_t table_limit = 0;  // bytes within the column's period, of all of them
  Milliseconds table_period{0};
};

struct BandwidthLimits {
  std::vector<BandwidthLimit> request;       // bwlim-in
  std::vector<BandwidthLimit> response;      // bwlim-out
  TimePoint request_due = TimePoint::max();  // when the flow that waits may go on
  TimePoint response_due = TimePoint::max();
};

/// How many bytes the limits of that place let pass now; no more than `wanted`. 0 after having noted when to come back.
std::uint64_t bandwidth_allowance(Session& session, const Flow& flow, std::uint64_t wanted,
                                  LimitPlace place = LimitPlace::before_encoder);
/// They passed, or stood in the buffer already.
void bandwidth_spend(Session& session, const Flow& flow, std::uint64_t bytes,
                     LimitPlace place = LimitPlace::before_encoder);
/// When a flow that waits may go on; max() when none waits.
[[nodiscard]] TimePoint bandwidth_due(const Session& session);
/// Both flows may ask again.
void bandwidth_resume(Session& session);

}  // namespace weir::proxy
