// What a connection counts in the entries it tracks: once when it comes, once when it is a session, at times for its
// bytes, and once when it leaves. Each is one visit of the entry under its lock, whatever the table stores.
// Manual: 4.3, track-sc0; 11.1, store.
//
// COMPAT: observed on 2.6: leaving refreshes the entry only when something in it changes by that.
#include "base/assert.h"
#include "stick/entry.h"

namespace weir::stick {

/// Under the entry's lock. False when there is no such column; arrays are not for this. The form is the caller's
/// knowledge: a connection counts in up to nine columns, and each would be a jump to mispredict.
template <DataForm form>
bool StickTable::bump(Entry& entry, DataType type, std::uint64_t amount, std::uint32_t now) {
  const Place& where = places_[static_cast<std::size_t>(type)];
  if (where.count == 0) return false;
  char* at = raw(entry) + where.offset;
  if constexpr (form == DataForm::number) {
    write_at(at, static_cast<std::uint32_t>(read_at<std::uint32_t>(at) + amount));
  } else if constexpr (form == DataForm::wide) {
    write_at(at, read_at<std::uint64_t>(at) + amount);
  } else {
    static_assert(form == DataForm::rate);
    auto rate = read_at<Rate>(at);
    rate.add(now, where.period, static_cast<std::uint32_t>(amount));
    write_at(at, rate);
  }
  return true;
}

StickTable::Pin StickTable::track(std::string_view key, TimePoint now) {
  return obtain_then(key, now, [this](Entry& entry, std::uint32_t at) {
    bump<DataForm::number>(entry, DataType::conn_cnt, 1, at);
    bump<DataForm::rate>(entry, DataType::conn_rate, 1, at);
    bump<DataForm::number>(entry, DataType::conn_cur, 1, at);
  });
}

void StickTable::count_session(const Pin& pin, TimePoint now) {
  if (!counts_sessions_) return;
  const std::uint32_t at = tick(now);
  Shard& shard = shard_of(*pin.entry_);
  const std::scoped_lock guard(shard.lock);
  bump<DataForm::number>(*pin.entry_, DataType::sess_cnt, 1, at);
  bump<DataForm::rate>(*pin.entry_, DataType::sess_rate, 1, at);
  touch(shard, *pin.entry_, at);
}

void StickTable::count(const Pin& pin, DataType counter, DataType rate, TimePoint now) {
  if (places_[static_cast<std::size_t>(counter)].count == 0 && places_[static_cast<std::size_t>(rate)].count == 0)
    return;
  const std::uint32_t at = tick(now);
  Shard& shard = shard_of(*pin.entry_);
  const std::scoped_lock guard(shard.lock);
  bump<DataForm::number>(*pin.entry_, counter, 1, at);
  bump<DataForm::rate>(*pin.entry_, rate, 1, at);
  touch(shard, *pin.entry_, at);
}

// Rates count blocks of brates-factor bytes. What is left of a block is not lost between two reports, for both look at
// the connection's totals.
bool StickTable::add_traffic(Entry& entry, const Traffic& traffic, std::uint32_t now) {
  const auto blocks = [factor = config_.bytes_rate_factor](std::uint64_t told, std::uint64_t total) {
    return factor <= 1 ? total - told : total / factor - told / factor;
  };
  bool changed = false;
  if (!counts_bytes_) return changed;
  if (traffic.in != traffic.in_told) {
    changed = bump<DataForm::wide>(entry, DataType::bytes_in_cnt, traffic.in - traffic.in_told, now);
    changed |= bump<DataForm::rate>(entry, DataType::bytes_in_rate, blocks(traffic.in_told, traffic.in), now);
  }
  if (traffic.out != traffic.out_told) {
    changed |= bump<DataForm::wide>(entry, DataType::bytes_out_cnt, traffic.out - traffic.out_told, now);
    changed |= bump<DataForm::rate>(entry, DataType::bytes_out_rate, blocks(traffic.out_told, traffic.out), now);
  }
  return changed;
}

void StickTable::count_bytes(const Pin& pin, const Traffic& traffic, TimePoint now) {
  if (!counts_bytes_) return;
  const std::uint32_t at = tick(now);
  Shard& shard = shard_of(*pin.entry_);
  const std::scoped_lock guard(shard.lock);
  if (add_traffic(*pin.entry_, traffic, at)) touch(shard, *pin.entry_, at);
}

// Somebody may have set the number to what he liked: it does not go below zero.
bool StickTable::close_connection(Entry& entry) {
  const Place& open = places_[static_cast<std::size_t>(DataType::conn_cur)];
  if (open.count == 0) return false;
  char* at = raw(entry) + open.offset;
  const auto value = read_at<std::uint32_t>(at);
  if (value != 0) write_at(at, value - 1);
  return true;
}

void StickTable::untrack(Pin& pin, const Traffic& traffic, TimePoint now) {
  const std::uint32_t at = tick(now);
  Entry& entry = *pin.entry_;
  Shard& shard = shard_of(entry);
  const std::scoped_lock guard(shard.lock);
  bool changed = add_traffic(entry, traffic, at);
  changed |= close_connection(entry);
  if (changed) touch(shard, entry, at);
  WEIR_ASSERT(entry.uses != 0);
  pin.entry_ = nullptr;
  if (--entry.uses != 0) return;
  if (expired(entry, at)) {
    erase(shard, entry);
    used_.fetch_sub(1, std::memory_order_relaxed);
  } else if (entry.parked) {
    shard.unpark(entry);
  }
}

bool StickTable::take_over(Pin& pin, TimePoint now) {
  StickTable& before = *pin.table_;
  const std::string key(before.key_of(*pin.entry_));
  Pin here = obtain_then(
      key, now, [this](Entry& entry, std::uint32_t at) { bump<DataForm::number>(entry, DataType::conn_cur, 1, at); });
  if (!here) return false;
  before.untrack(pin, {}, now);
  pin = std::move(here);
  return true;
}

void StickTable::pass_to(std::shared_ptr<StickTable> next) {
  WEIR_ASSERT(next_owner_ == nullptr && next.get() != this);
  next_owner_ = std::move(next);
  next_.store(next_owner_.get(), std::memory_order_release);
}

std::shared_ptr<StickTable> StickTable::successor() {
  if (next_.load(std::memory_order_acquire) == nullptr) return nullptr;
  std::shared_ptr<StickTable> table = next_owner_;
  while (table->next_.load(std::memory_order_acquire) != nullptr) table = table->next_owner_;
  return table;
}

StickTable& StickTable::latest() {
  StickTable* table = this;
  while (StickTable* next = table->next_.load(std::memory_order_acquire)) table = next;
  return *table;
}

}  // namespace weir::stick
