#include "log/ring.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace weir::log {
namespace {

using Length = std::uint32_t;

/// A ring holds at least its longest line.
std::size_t storage_size(const RingConfig& config) {
  return static_cast<std::size_t>(std::max<std::uint64_t>(config.size, config.maxlen + sizeof(Length)));
}

}  // namespace

bool operator==(const RingServerConfig& a, const RingServerConfig& b) {
  return a.name == b.name && a.address == b.address && a.host == b.host && a.octet_count == b.octet_count;
}

bool operator==(const RingConfig& a, const RingConfig& b) {
  return a.name == b.name && a.description == b.description && a.format == b.format && a.maxlen == b.maxlen &&
         a.size == b.size && a.timeout_connect == b.timeout_connect && a.timeout_server == b.timeout_server &&
         a.servers == b.servers && a.implicit == b.implicit;
}

Ring::Ring(RingConfig config) : config_(std::move(config)), storage_(storage_size(config_)) {}

void Ring::copy_in(std::uint64_t position, std::string_view bytes) {
  const std::size_t at = static_cast<std::size_t>(position % storage_.size());
  const std::size_t first = std::min(bytes.size(), storage_.size() - at);
  if (first != 0) std::memcpy(storage_.data() + at, bytes.data(), first);
  if (bytes.size() > first) std::memcpy(storage_.data(), bytes.data() + first, bytes.size() - first);
}

void Ring::copy_out(std::uint64_t position, char* to, std::size_t count) const {
  const std::size_t at = static_cast<std::size_t>(position % storage_.size());
  const std::size_t first = std::min(count, storage_.size() - at);
  if (first != 0) std::memcpy(to, storage_.data() + at, first);
  if (count > first) std::memcpy(to + first, storage_.data(), count - first);
}

bool Ring::make_room(std::uint64_t needed) {
  std::uint64_t pinned = newest_;
  for (const Pin* pin : pins_) pinned = std::min(pinned, std::max(pin->position_, oldest_));
  std::uint64_t oldest = oldest_;
  while (newest_ + needed - oldest > storage_.size()) {
    if (oldest >= pinned) return false;
    Length length = 0;
    copy_out(oldest, reinterpret_cast<char*>(&length), sizeof length);
    oldest += sizeof length + length;
  }
  oldest_ = oldest;
  return true;
}

bool Ring::append_pieces(std::span<const std::string_view> pieces) {
  std::size_t total = 0;
  for (const std::string_view piece : pieces) total += piece.size();
  if (total != 0) {
    const auto last = std::ranges::find_if(pieces.rbegin(), pieces.rend(), [](auto piece) { return !piece.empty(); });
    if (last->back() == '\n') --total;
  }
  total = std::min<std::size_t>(total, config_.maxlen);
  const std::lock_guard lock(mutex_);
  if (!make_room(sizeof(Length) + total)) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  const auto length = static_cast<Length>(total);
  copy_in(newest_, {reinterpret_cast<const char*>(&length), sizeof length});
  std::uint64_t at = newest_ + sizeof length;
  for (const std::string_view piece : pieces) {
    const std::string_view stored = piece.substr(0, total);
    copy_in(at, stored);
    at += stored.size();
    total -= stored.size();
  }
  newest_ = at;
  return true;
}

bool Ring::append(std::string_view line) {
  const std::array pieces{line};
  const bool stored = append_pieces(pieces);
  notify();
  return stored;
}

std::uint64_t Ring::oldest() const {
  const std::lock_guard lock(mutex_);
  return oldest_;
}

std::uint64_t Ring::newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

bool Ring::read(std::uint64_t& position, std::string& line) const {
  const std::lock_guard lock(mutex_);
  position = std::max(position, oldest_);
  if (position >= newest_) return false;
  Length length = 0;
  copy_out(position, reinterpret_cast<char*>(&length), sizeof length);
  line.resize(length);
  copy_out(position + sizeof length, line.data(), length);
  position += sizeof length + length;
  return true;
}

void Ring::notify() {
  const std::lock_guard lock(watchers_mutex_);
  for (Watcher* watcher : watchers_) {
    if (watcher->armed_.exchange(false, std::memory_order_seq_cst)) watcher->notify_(watcher->context_);
  }
}

Ring::Pin::Pin(Ring& ring, std::uint64_t position) : ring_(ring), position_(position) {
  const std::lock_guard lock(ring_.mutex_);
  ring_.pins_.push_back(this);
}

Ring::Pin::~Pin() {
  const std::lock_guard lock(ring_.mutex_);
  std::erase(ring_.pins_, this);
}

void Ring::Pin::advance(std::uint64_t position) {
  const std::lock_guard lock(ring_.mutex_);
  position_ = std::max(position_, position);
}

Ring::Watcher::Watcher(Ring& ring, void (*notify)(void*), void* context)
    : ring_(ring), notify_(notify), context_(context) {
  const std::lock_guard lock(ring_.watchers_mutex_);
  ring_.watchers_.push_back(this);
}

Ring::Watcher::~Watcher() {
  const std::lock_guard lock(ring_.watchers_mutex_);
  std::erase(ring_.watchers_, this);
}

}  // namespace weir::log
