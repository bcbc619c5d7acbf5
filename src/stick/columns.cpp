// What the entries hold: finding a column, reading and changing its value.
#include <algorithm>

#include "stick/entry.h"
#include "stick/parts.h"

namespace weir::stick {

const StickTable::Place* StickTable::place(DataType type, std::uint32_t index) const {
  const Place* found = &places_[static_cast<std::size_t>(type)];
  if (found->count != 0) return index < found->count ? found : nullptr;
  // The arrays serve the single words too: gpc0 is the first element of gpc(n). Manual: store gpc, gpt, gpc_rate.
  struct Alias {
    DataType from, to;
    std::uint32_t index;
  };
  constexpr Alias kAliases[] = {{DataType::gpt0, DataType::gpt, 0},
                                {DataType::gpc0, DataType::gpc, 0},
                                {DataType::gpc1, DataType::gpc, 1},
                                {DataType::gpc0_rate, DataType::gpc_rate, 0},
                                {DataType::gpc1_rate, DataType::gpc_rate, 1}};
  for (const Alias& alias : kAliases)
    if (alias.from == type) {
      found = &places_[static_cast<std::size_t>(alias.to)];
      return alias.index < found->count ? found : nullptr;
    }
  return nullptr;
}

std::uint64_t StickTable::load(const Entry& entry, const Place& place, std::uint32_t index, std::uint32_t now) const {
  const char* at = raw(entry) + place.offset + std::size_t{index} * stick::bytes_of(place.form);
  switch (place.form) {
    case DataForm::number:
    case DataForm::text: return read_at<std::uint32_t>(at);
    case DataForm::wide: return read_at<std::uint64_t>(at);
    case DataForm::rate: return read_at<Rate>(at).read(now, place.period);
  }
  return 0;
}

void StickTable::refresh(const Pin& pin, TimePoint now) {
  Shard& shard = shard_of(*pin.entry_);
  const std::scoped_lock guard(shard.lock);
  touch(shard, *pin.entry_, tick(now));
}

std::optional<std::uint64_t> StickTable::get(const Pin& pin, DataType type, TimePoint now, std::uint32_t index) {
  const Place* where = place(type, index);
  if (where == nullptr) return std::nullopt;
  std::uint64_t own = 0;
  {
    const std::scoped_lock guard(shard_of(*pin.entry_).lock);
    own = load(*pin.entry_, *where, element(type, index, where->count), tick(now));
  }
  return own + of_others(key_of(*pin.entry_), type, index, now);
}

namespace {

void store(char* at, DataForm form, std::uint64_t value, std::uint32_t now) {
  switch (form) {
    case DataForm::number: write_at(at, static_cast<std::uint32_t>(value)); break;
    case DataForm::wide: write_at(at, value); break;
    case DataForm::rate: {
      Rate rate;
      rate.set(now, static_cast<std::uint32_t>(value));
      write_at(at, rate);
      break;
    }
    case DataForm::text: break;
  }
}

}  // namespace

/// Calls `change` under the entry's lock; nullopt: no such column, or one that holds no number.
template <class Edit>
std::optional<std::uint64_t> StickTable::edit(const Pin& pin, DataType type, std::uint32_t index, TimePoint now,
                                              Edit&& change) {
  const Place* where = place(type, index);
  if (where == nullptr || where->form == DataForm::text) return std::nullopt;
  Shard& shard = shard_of(*pin.entry_);
  const std::uint32_t nth = element(type, index, where->count);
  const std::scoped_lock guard(shard.lock);
  char* at = raw(*pin.entry_) + where->offset + std::size_t{nth} * stick::bytes_of(where->form);
  const std::uint64_t result = change(at, *where, load(*pin.entry_, *where, nth, tick(now)));
  touch(shard, *pin.entry_, tick(now));
  return result;
}

bool StickTable::set(const Pin& pin, DataType type, std::uint64_t value, TimePoint now, std::uint32_t index) {
  return exchange(pin, type, value, now, index).has_value();
}

std::optional<std::uint64_t> StickTable::exchange(const Pin& pin, DataType type, std::uint64_t value, TimePoint now,
                                                  std::uint32_t index) {
  auto own = edit(pin, type, index, now, [&](char* at, const Place& where, std::uint64_t before) {
    store(at, where.form, value, tick(now));
    return before;
  });
  if (own) *own += of_others(key_of(*pin.entry_), type, index, now);
  return own;
}

std::uint64_t StickTable::of_others(std::string_view key, DataType type, std::uint32_t index, TimePoint now) const {
  return parts_ == nullptr || !adds_up(type) ? 0 : parts_->sum(key, type, index, now).value_or(0);
}

bool StickTable::add(const Pin& pin, DataType type, std::int64_t amount, TimePoint now, std::uint32_t index) {
  return add_and_get(pin, type, amount, now, index).has_value();
}

std::optional<std::uint64_t> StickTable::add_and_get(const Pin& pin, DataType type, std::int64_t amount, TimePoint now,
                                                     std::uint32_t index) {
  auto own = edit(pin, type, index, now, [&](char* at, const Place& where, std::uint64_t before) {
    if (where.form == DataForm::rate) {
      auto rate = read_at<Rate>(at);
      rate.add(tick(now), where.period, static_cast<std::uint32_t>(amount));
      write_at(at, rate);
      return rate.read(tick(now), where.period);
    }
    const std::uint64_t after = before + static_cast<std::uint64_t>(amount);  // wraps as the column does
    store(at, where.form, after, tick(now));
    return where.form == DataForm::number ? static_cast<std::uint32_t>(after) : after;
  });
  if (own) *own += of_others(key_of(*pin.entry_), type, index, now);
  return own;
}

std::optional<std::uint64_t> StickTable::count_event(const Pin& pin, DataType counter, DataType rate,
                                                     std::uint32_t amount, TimePoint now, std::uint32_t index) {
  const Place* where = place(counter, index);
  const Place* speed = place(rate, index);
  if (where == nullptr && speed == nullptr) return std::nullopt;
  const std::uint32_t at = tick(now);
  const std::uint64_t others = where == nullptr ? 0 : of_others(key_of(*pin.entry_), counter, index, now);
  Shard& shard = shard_of(*pin.entry_);
  const std::scoped_lock guard(shard.lock);
  const auto cell = [&](const Place& column, DataType type) {
    return raw(*pin.entry_) + column.offset +
           std::size_t{element(type, index, column.count)} * stick::bytes_of(column.form);
  };
  touch(shard, *pin.entry_, at);
  if (speed != nullptr) {
    auto running = read_at<Rate>(cell(*speed, rate));
    running.add(at, speed->period, amount);
    write_at(cell(*speed, rate), running);
  }
  if (where == nullptr) return std::nullopt;
  const std::uint32_t after = read_at<std::uint32_t>(cell(*where, counter)) + amount;
  write_at(cell(*where, counter), after);
  return after + others;
}

StickTable::Reading StickTable::read(std::string_view key, DataType type, TimePoint now, std::uint32_t index) {
  Reading own = look_at(key, now, [&](Shard&, const Entry* entry, std::uint32_t at) -> Reading {
    if (entry == nullptr) return {};
    const Place* where = place(type, index);
    if (where == nullptr) return {Reading::State::no_column};
    return {Reading::State::value, load(*entry, *where, element(type, index, where->count), at)};
  });
  if (parts_ == nullptr || !adds_up(type) || own.state == Reading::State::no_column) return own;
  if (const auto others = parts_->sum(key, type, index, now))
    own = {stores(type, index) ? Reading::State::value : Reading::State::no_column, own.value + *others};
  return own;
}

StickTable::Reading StickTable::read(const Pin& pin, DataType type, TimePoint now, std::uint32_t index) {
  const auto value = get(pin, type, now, index);
  return value ? Reading{Reading::State::value, *value} : Reading{Reading::State::no_column};
}

std::uint32_t StickTable::number_of_text(std::string_view text) {
  if (text.empty()) return 0;
  const std::scoped_lock guard(texts_lock_);
  if (const auto found = text_numbers_.find(text); found != text_numbers_.end()) return found->second;
  if (texts_.size() >= kMaxTexts) return 0;
  const auto number = static_cast<std::uint32_t>(texts_.size() + 1);
  texts_.push_back(&text_numbers_.emplace(text, number).first->first);
  return number;
}

std::string StickTable::text_of_number(std::uint64_t number) const {
  const std::scoped_lock guard(texts_lock_);
  return number == 0 || number > texts_.size() ? std::string() : *texts_[number - 1];
}

bool StickTable::set_text(const Pin& pin, DataType type, std::string_view text, TimePoint now) {
  const Place* where = place(type, 0);
  if (where == nullptr || where->form != DataForm::text) return false;
  const std::uint32_t number = number_of_text(text);
  Shard& shard = shard_of(*pin.entry_);
  const std::scoped_lock guard(shard.lock);
  write_at(raw(*pin.entry_) + where->offset, number);
  touch(shard, *pin.entry_, tick(now));
  return number != 0 || text.empty();
}

std::string StickTable::text(const Pin& pin, DataType type) {
  const Place* where = place(type, 0);
  if (where == nullptr || where->form != DataForm::text) return {};
  std::uint32_t number = 0;
  {
    const std::scoped_lock guard(shard_of(*pin.entry_).lock);
    number = read_at<std::uint32_t>(raw(*pin.entry_) + where->offset);
  }
  return text_of_number(number);
}

}  // namespace weir::stick
