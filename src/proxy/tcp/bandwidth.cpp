#include "proxy/tcp/bandwidth.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <unordered_map>

#include "proxy/tcp/extras.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

constexpr std::uint64_t kSegment = 1448;  // one full TCP segment: less than that is not worth a wake-up
constexpr std::uint64_t kChunksPerPeriod = 64;
constexpr std::uint64_t kMostLimit = std::uint64_t{1} << 40U;  // bytes per period: the arithmetic stays in 64 bits
constexpr Milliseconds kLongestPeriod{0x7fffffff};  // what a time of the configuration can be; rules compute them
constexpr std::int64_t kLongestWait = std::int64_t{1} << 50U;  // microseconds: as nanoseconds they still fit 64 bits

std::int64_t microseconds(TimePoint::duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

std::int64_t bounded_product(std::uint64_t a, std::int64_t b, std::int64_t divisor) {
  const auto product = static_cast<unsigned __int128>(a) * static_cast<std::uint64_t>(std::max<std::int64_t>(b, 0));
  const auto quotient = product / static_cast<std::uint64_t>(divisor);
  return static_cast<std::int64_t>(std::min<unsigned __int128>(quotient, std::uint64_t{1} << 60U));
}

}  // namespace

void Bucket::set(std::uint64_t limit, Milliseconds period, std::uint64_t min_size, TimePoint now) {
  filled_ = now;
  change(limit, period, min_size, now);
  tokens_ = static_cast<std::int64_t>(chunk_);
}

void Bucket::change(std::uint64_t limit, Milliseconds period, std::uint64_t min_size, TimePoint now) {
  if (limit_ != 0) refill(now);
  limit_ = std::clamp<std::uint64_t>(limit, 1, kMostLimit);
  period_us_ = microseconds(std::clamp(period, Milliseconds(1), kLongestPeriod));
  chunk_ = std::max({limit_ / kChunksPerPeriod, std::min(kSegment, limit_ / 4), std::uint64_t{1}});
  chunk_ = std::min(std::max(chunk_, min_size), kMostLimit);
}

void Bucket::refill(TimePoint now) {
  const std::int64_t elapsed = microseconds(now - filled_);
  if (elapsed <= 0) return;
  const std::int64_t fresh = bounded_product(limit_, elapsed, period_us_);
  if (fresh == 0) return;  // too early for one byte: the time counts next time
  // The time that these bytes took, not all that passed: the rest of it counts next time.
  filled_ += std::chrono::microseconds(
      bounded_product(static_cast<std::uint64_t>(fresh), period_us_, static_cast<std::int64_t>(limit_)));
  tokens_ += fresh;
  // Two chunks: what a late timer let pass is made up for.
  const auto most = static_cast<std::int64_t>(2 * chunk_);
  if (tokens_ < most) return;
  tokens_ = most;
  filled_ = now;
}

std::uint64_t Bucket::allowance(TimePoint now) {
  refill(now);
  return tokens_ >= static_cast<std::int64_t>(chunk_) ? static_cast<std::uint64_t>(tokens_) : 0;
}

void Bucket::take(std::uint64_t bytes, TimePoint now) {
  refill(now);
  tokens_ -= static_cast<std::int64_t>(std::min(bytes, kMostLimit));
}

TimePoint Bucket::next(TimePoint now) const {
  const std::int64_t missing = static_cast<std::int64_t>(chunk_) - tokens_;
  if (missing <= 0) return now;
  const std::int64_t wait =
      bounded_product(static_cast<std::uint64_t>(missing), period_us_, static_cast<std::int64_t>(limit_)) + 1;
  return std::max(filled_ + std::chrono::microseconds(std::min(wait, kLongestWait)), now + Milliseconds(1));
}

namespace {

struct Sharers {
  std::mutex lock;
  std::unordered_map<std::string, std::weak_ptr<const void>> by_key;
};

// One for the process: sessions of an old plan and of a new one share what they use.
Sharers& sharers() {
  static Sharers all;
  return all;
}

// The last one to leave takes the name away, unless somebody new has come meanwhile.
void forget_sharers(const std::string* name) {
  Sharers& all = sharers();
  const std::scoped_lock guard(all.lock);
  const auto found = all.by_key.find(*name);
  if (found != all.by_key.end() && found->second.expired()) all.by_key.erase(found);
  delete name;
}

}  // namespace

std::shared_ptr<const void> join_sharers(const BandwidthFilter& filter, const stick::StickTable* table,
                                         std::string_view key) {
  std::string name(reinterpret_cast<const char*>(&table), sizeof(void*));
  name += filter.incoming ? 'i' : 'o';
  name += filter.name;
  name += '\0';
  name += key;
  Sharers& all = sharers();
  const std::scoped_lock guard(all.lock);
  std::weak_ptr<const void>& known = all.by_key[name];
  if (auto shared = known.lock()) return shared;
  std::shared_ptr<const void> fresh(new const std::string(name), forget_sharers);
  known = fresh;
  return fresh;
}

namespace {

stick::DataType rate_column(const BandwidthFilter& filter) {
  return filter.incoming ? stick::DataType::bytes_in_rate : stick::DataType::bytes_out_rate;
}

// What the entry's rate leaves; 0 when all its sessions have used it up.
std::uint64_t shared_allowance(BandwidthLimit& limit, TimePoint now) {
  if (!limit.entry) return limit.bucket.chunk();
  const auto rate = limit.table->get(limit.entry, rate_column(*limit.filter), now);
  if (!rate) return limit.bucket.chunk();
  const std::uint64_t left = *rate < limit.table_limit ? limit.table_limit - *rate : 0;
  const std::uint64_t least = std::max<std::uint64_t>(std::min(limit.bucket.chunk(), limit.table_limit / 4), 1);
  return left >= least ? left : 0;
}

// Manual 9.7: the limit is divided equally between all who share the entry.
void divide(BandwidthLimit& limit, TimePoint now) {
  const long sharing = std::max(limit.sharers.use_count(), 1L);
  if (sharing == limit.sharing) return;
  limit.sharing = sharing;
  limit.bucket.change(limit.table_limit / static_cast<std::uint64_t>(sharing), limit.table_period,
                      limit.filter->min_size, now);
}

Milliseconds chunk_time(Milliseconds period) {
  return Milliseconds(std::max<std::int64_t>(period.count() / static_cast<std::int64_t>(kChunksPerPeriod), 1));
}

std::vector<BandwidthLimit>& limits_of(Session& session, const Flow& flow) {
  BandwidthLimits& all = *session.extras->bandwidth;
  return &flow == &session.request ? all.request : all.response;
}

TimePoint& due_of(Session& session, const Flow& flow) {
  BandwidthLimits& all = *session.extras->bandwidth;
  return &flow == &session.request ? all.request_due : all.response_due;
}

}  // namespace

std::uint64_t bandwidth_allowance(Session& session, const Flow& flow, std::uint64_t wanted, LimitPlace place) {
  const TimePoint now = session.worker->io->now();
  TimePoint due{};
  for (BandwidthLimit& limit : limits_of(session, flow)) {
    if (limit.place != place) continue;
    if (limit.filter->shared) divide(limit, now);
    std::uint64_t allowed = limit.bucket.allowance(now);
    if (allowed == 0) due = std::max(due, limit.bucket.next(now));
    if (allowed != 0 && limit.filter->shared) {
      allowed = std::min(allowed, shared_allowance(limit, now));
      // The rate sinks as its window moves on: by one chunk in the time a chunk takes.
      if (allowed == 0) due = std::max(due, now + chunk_time(limit.table_period));
    }
    wanted = std::min(wanted, allowed);
  }
  if (wanted != 0) return wanted;
  due_of(session, flow) = due;
  arm_timer(session);
  return 0;
}

void bandwidth_spend(Session& session, const Flow& flow, std::uint64_t bytes, LimitPlace place) {
  const TimePoint now = session.worker->io->now();
  for (BandwidthLimit& limit : limits_of(session, flow)) {
    if (limit.place != place) continue;
    limit.bucket.take(bytes, now);
    if (limit.entry) limit.table->add(limit.entry, rate_column(*limit.filter), static_cast<std::int64_t>(bytes), now);
  }
}

TimePoint bandwidth_due(const Session& session) {
  if (!session.extras || !session.extras->bandwidth) return TimePoint::max();
  return std::min(session.extras->bandwidth->request_due, session.extras->bandwidth->response_due);
}

void bandwidth_resume(Session& session) {
  session.extras->bandwidth->request_due = session.extras->bandwidth->response_due = TimePoint::max();
}

}  // namespace weir::proxy
