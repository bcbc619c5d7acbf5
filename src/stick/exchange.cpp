// What processes tell each other of an entry: the columns as they lie, not as people read them. A rate goes as its two
// periods with the age of the running one, so that it goes on over there where it stood here, whatever the clocks say.
#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "stick/entry.h"
#include "stick/parts.h"

namespace weir::stick {

void StickTable::tell(Told& told, const Entry& entry, std::uint32_t now) const {
  told.key.assign(key_of(entry));
  told.update = entry.update;
  const auto left = static_cast<std::int32_t>(entry.ends - now);
  told.expires_in = Milliseconds(expire_ != 0 && left > 0 ? left : 0);
  told.cells.clear();
  told.others.clear();
  for (const Column& column : config_.columns) {
    const Place& where = places_[static_cast<std::size_t>(column.type)];
    const char* at = raw(entry) + where.offset;
    for (std::uint32_t i = 0; i < column.count; ++i, at += stick::bytes_of(where.form)) {
      Cell& cell = told.cells.emplace_back();
      if (where.form == DataForm::rate) {
        const auto rate = read_at<Rate>(at);
        cell = {now - rate.start, rate.current, rate.previous};
      } else {
        cell.number = where.form == DataForm::wide ? read_at<std::uint64_t>(at) : read_at<std::uint32_t>(at);
      }
      if (!parts_) continue;
      // A shard's lock of another table under one of this one; never the other way.
      const TimePoint time = origin_ + Milliseconds(now);
      told.others.push_back(adds_up(column.type) ? parts_->sum(told.key, column.type, i, time).value_or(0) : 0);
    }
  }
}

/// Under the entry's lock.
void StickTable::hear(Entry& entry, const Heard& heard, std::uint32_t now) {
  const Place* where = place(heard.type, heard.index);
  if (where == nullptr) return;
  const std::uint32_t nth = element(heard.type, heard.index, where->count);
  char* at = raw(entry) + where->offset + std::size_t{nth} * stick::bytes_of(where->form);
  // A sum over there may be more than a cell here holds: it is then the most, not what is left of it.
  const auto number =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(heard.cell.number, std::numeric_limits<std::uint32_t>::max()));
  switch (where->form) {
    case DataForm::number:
    case DataForm::text: write_at(at, number); break;
    case DataForm::wide: write_at(at, heard.cell.number); break;
    case DataForm::rate: {
      Rate rate;
      rate.start = now - number;
      rate.current = heard.cell.current;
      rate.previous = heard.cell.previous;
      write_at(at, rate);
    }
  }
}

void StickTable::learn(std::string_view key, std::optional<Milliseconds> expires_in, std::span<const Heard> cells,
                       TimePoint now) {
  const Pin pin = obtain_then(key, now, [&](Entry& entry, std::uint32_t at) {
    entry.learned = true;
    if (expires_in && expire_ != 0)
      entry.ends = at + static_cast<std::uint32_t>(std::clamp<std::int64_t>(expires_in->count(), 0, expire_));
    for (const Heard& heard : cells) hear(entry, heard, at);
  });
}

void StickTable::learn_beside(std::string_view key, std::span<const Heard> cells, TimePoint now) {
  const bool here = look_at(key, now, [&](Shard&, Entry* entry, std::uint32_t at) {
    if (entry == nullptr) return false;
    entry->ends = at + expire_;
    for (const Heard& heard : cells) hear(*entry, heard, at);
    return true;
  });
  if (!here) learn(key, std::nullopt, cells, now);
}

void StickTable::learn_own(std::string_view key, std::span<const Heard> cells, TimePoint now) {
  const Pin pin = obtain_then(key, now, [&](Entry& entry, std::uint32_t at) {
    for (const Heard& heard : cells)
      if (heard.type != DataType::conn_cur) hear(entry, heard, at);
  });
}

void StickTable::learn_part(std::string_view key, std::optional<Milliseconds> expires_in, std::span<const Heard> cells,
                            TimePoint now) {
  learn(key, expires_in, cells, now);
  const Place& open = places_[static_cast<std::size_t>(DataType::conn_cur)];
  if (open.count == 0) return;
  look_at(key, now, [&](Shard& shard, Entry* entry, std::uint32_t) {
    if (entry == nullptr) return false;
    entry->uses = read_at<std::uint32_t>(raw(*entry) + open.offset) != 0 ? 1 : 0;
    if (entry->uses == 0 && entry->parked) shard.unpark(*entry);
    return true;
  });
}

bool StickTable::clear_some(std::size_t budget) {
  for (unsigned i = 0; i < shard_count_; ++i) {
    Shard& shard = shards_[i];
    const std::scoped_lock guard(shard.lock);
    for (EntryList* list : {&shard.order, &shard.parked})
      for (; list->oldest != nullptr; budget--) {
        if (budget == 0) return true;
        erase(shard, *list->oldest);
        used_.fetch_sub(1, std::memory_order_relaxed);
      }
  }
  return false;
}

std::uint32_t StickTable::learn_text(std::string_view text) {
  if (text.empty() || text.size() > kMaxLearnedText) return 0;
  const std::scoped_lock guard(texts_lock_);
  if (const auto found = text_numbers_.find(text); found != text_numbers_.end()) return found->second;
  if (texts_.size() >= kMaxLearnedTexts) return 0;
  const auto number = static_cast<std::uint32_t>(texts_.size() + 1);
  texts_.push_back(&text_numbers_.emplace(text, number).first->first);
  return number;
}

std::uint64_t StickTable::key_hash(std::string_view key) { return hash_of(key); }

void StickTable::set_bell(std::shared_ptr<Bell> bell) {
  if (bell_.load(std::memory_order_acquire) == bell.get()) return;
  bells_.push_back(bell);
  bell_.store(bell.get(), std::memory_order_release);
}

}  // namespace weir::stick
