#include "stick/parts.h"

namespace weir::stick {

struct Parts::Part {
  Part(std::string_view name, const TableConfig& config) : node(name), table(config) {}
  std::string node;
  std::uint64_t life = 0;
  std::atomic<bool> live{false};
  StickTable table;
};

Parts::Parts(TableConfig config) : config_(std::move(config)) { config_.aggregate = false; }
Parts::~Parts() = default;

std::optional<std::uint64_t> Parts::sum(std::string_view key, DataType type, std::uint32_t index, TimePoint now) const {
  using State = StickTable::Reading::State;
  std::optional<std::uint64_t> total;
  const std::size_t count = count_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < count; ++i) {
    if (!parts_[i]->live.load(std::memory_order_acquire)) continue;
    const StickTable::Reading part = parts_[i]->table.read(key, type, now, index);
    if (part.state != State::no_entry) total = total.value_or(0) + part.value;
  }
  return total;
}

StickTable* Parts::of(std::string_view node, std::uint64_t life) {
  const std::size_t count = count_.load(std::memory_order_relaxed);
  Part* part = nullptr;
  for (std::size_t i = 0; i < count; ++i)
    if (parts_[i]->node == node) part = parts_[i].get();
  if (part == nullptr && count == kMostNodes) {
    // Names come and go in a long life: one that is gone leaves its place.
    for (std::size_t i = 0; i < count && part == nullptr; ++i)
      if (!parts_[i]->live.load(std::memory_order_relaxed)) part = parts_[i].get();
    if (part == nullptr) return nullptr;
    part->node = node;
  }
  if (part == nullptr) {
    parts_[count] = std::make_unique<Part>(node, config_);
    part = parts_[count].get();
    count_.store(count + 1, std::memory_order_release);
  }
  if (part->life != life || !part->live.load(std::memory_order_relaxed)) {
    part->live.store(false, std::memory_order_release);
    while (part->table.clear_some(1024)) {
    }
    part->life = life;
    part->live.store(true, std::memory_order_release);
  }
  return &part->table;
}

void Parts::drop(std::string_view node) {
  const std::size_t count = count_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < count; ++i)
    if (parts_[i]->node == node) parts_[i]->live.store(false, std::memory_order_release);
}

bool Parts::clear_some(std::size_t budget) {
  const std::size_t count = count_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < count; ++i)
    if (!parts_[i]->live.load(std::memory_order_relaxed) && parts_[i]->table.clear_some(budget)) return true;
  return false;
}

}  // namespace weir::stick
