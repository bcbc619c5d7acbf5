#include "sample/pattern_generation.h"

#include <algorithm>
#include <cstring>

namespace weir::sample {
namespace {

constexpr std::size_t aligned(std::size_t size) { return (size + 3) / 4 * 4; }

/// The value that lies behind the key, in the entry's own piece.
const PatternValue* own_value(const PatternEntry& entry) {
  return reinterpret_cast<const PatternValue*>(reinterpret_cast<const char*>(&entry + 1) + aligned(entry.key_size));
}

/// Of an entry's piece of memory; the own value stays in it when another took its place.
std::size_t size_of(const PatternEntry& entry) {
  const bool has_value = entry.value.load(std::memory_order_relaxed) != nullptr;
  return sizeof(PatternEntry) + aligned(entry.key_size) +
         (has_value ? sizeof(PatternValue) + own_value(entry)->size : 0);
}

}  // namespace

void EntryOrder::add(PatternEntry* entry) {
  const std::uint64_t number = entry->place / kChunk;
  if (chunks_.empty()) first_ = number;
  while (first_ + chunks_.size() <= number) chunks_.push_back(nullptr);
  auto& chunk = chunks_[number - first_];
  if (!chunk) chunk = std::make_unique<Chunk>();
  chunk->entries[entry->place % kChunk] = entry;
  ++chunk->live;
  ++size_;
}

void EntryOrder::remove(const PatternEntry* entry) {
  auto& chunk = chunks_[entry->place / kChunk - first_];
  chunk->entries[entry->place % kChunk] = nullptr;
  --size_;
  if (--chunk->live != 0) return;
  chunk.reset();
  while (!chunks_.empty() && !chunks_.front()) {
    chunks_.pop_front();
    ++first_;
  }
}

PatternEntry* EntryOrder::at(std::uint64_t place) const {
  const std::uint64_t number = place / kChunk;
  if (number < first_ || number - first_ >= chunks_.size()) return nullptr;
  const auto& chunk = chunks_[number - first_];
  return chunk ? chunk->entries[place % kChunk] : nullptr;
}

PatternEntry* EntryOrder::next(std::uint64_t place) const {
  std::uint64_t number = std::max(place / kChunk, first_);
  std::uint64_t inside = number == place / kChunk ? place % kChunk : 0;
  for (; number - first_ < chunks_.size(); ++number, inside = 0) {
    const auto& chunk = chunks_[number - first_];
    if (!chunk) continue;
    for (; inside < kChunk; ++inside)
      if (chunk->entries[inside] != nullptr) return chunk->entries[inside];
  }
  return nullptr;
}

PatternGeneration::PatternGeneration(std::uint32_t number, std::uint64_t first_place, std::size_t expected)
    : version(number), order_(first_place) {
  if (expected != 0) keys_.reserve(expected);
}

const PatternEntry* PatternGeneration::make_view(ViewKind kind, bool all, Retired& retired) {
  if (has_view(kind)) return nullptr;
  auto view = std::make_unique<PatternView>(kind, pool_, keys_);
  for (const PatternEntry* entry = order_.next(0); entry != nullptr; entry = order_.next(entry->place + 1))
    if (!view->add(*entry, retired) && all) return entry;
  if (kind.match != MatchKind::reg) view->compile();
  views_[kind.index()] = std::move(view);
  return nullptr;
}

const PatternValue* PatternGeneration::make_value(void* memory, std::string_view text) {
  auto* const value = new (memory) PatternValue{static_cast<std::uint32_t>(text.size())};
  std::memcpy(value + 1, text.data(), text.size());
  return value;
}

PatternEntry& PatternGeneration::add(std::uint64_t place, std::uint32_t hash, std::string_view key,
                                     std::optional<std::string_view> value, Retired& retired) {
  const std::size_t size =
      sizeof(PatternEntry) + aligned(key.size()) + (value ? sizeof(PatternValue) + value->size() : 0);
  auto* const entry = new (pool_.take(size)) PatternEntry{.value = nullptr,
                                                          .next_equal = nullptr,
                                                          .place = place,
                                                          .hash = hash,
                                                          .key_size = static_cast<std::uint32_t>(key.size())};
  std::memcpy(entry + 1, key.data(), key.size());
  if (value)
    entry->value.store(make_value(const_cast<PatternValue*>(own_value(*entry)), *value), std::memory_order_relaxed);
  order_.add(entry);
  keys_.insert(entry, retired);
  for (const auto& view : views_)
    if (view) view->add(*entry, retired);
  return *entry;
}

void PatternGeneration::remove(PatternEntry& entry, Retired& retired) {
  for (const auto& view : views_)
    if (view) view->remove(entry, retired);
  keys_.erase(&entry);
  order_.remove(&entry);
  const PatternValue* const value = entry.value.load(std::memory_order_relaxed);
  if (value != nullptr && value != own_value(entry))
    retired.add(give_back, &pool_, const_cast<PatternValue*>(value), sizeof(PatternValue) + value->size);
  retired.add(give_back, &pool_, &entry, size_of(entry));
}

void PatternGeneration::set(PatternEntry& entry, std::string_view text, Retired& retired) {
  const PatternValue* const value = make_value(pool_.take(sizeof(PatternValue) + text.size()), text);
  const PatternValue* const old = entry.value.exchange(value, std::memory_order_acq_rel);
  if (old != nullptr && old != own_value(entry))
    retired.add(give_back, &pool_, const_cast<PatternValue*>(old), sizeof(PatternValue) + old->size);
}

}  // namespace weir::sample
