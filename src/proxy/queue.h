// Who waits for a server, in order.
//
// A waiter stands in exactly one line: that of the server it must have (persistence, a hash) or that of its backend
// (any server will do). All lines of a backend are guarded by the backend's one lock. When a slot is freed its server
// takes the earlier waiter of its own line and the backend's line; the slot stays counted as served while the news
// travels to the waiter's worker, so no newcomer can overtake. A waiter that died meanwhile passes the slot on
// (BackendState::release).
//
// Earlier means: the lower priority class, then the earlier time of arrival after its offset was added, then who came
// first. Manual: set-priority-class, set-priority-offset. A line is an ordered set, not a list: a client may choose
// where it belongs, and a hundred thousand may wait.
#pragma once

#include <cstdint>
#include <memory>
#include <set>

#include "base/time.h"
#include "proxy/session_handle.h"

namespace weir::proxy {

class ServerState;

/// What the rules said of a session's place in a queue.
struct QueuePriority {
  std::int16_t rank = 0;       // the class: the lower is served first, whoever came when
  std::int32_t offset_ms = 0;  // treated as if it came that much later
};

struct Waiter {
  class WaitLine* line = nullptr;        // null: waits nowhere
  std::uint64_t order = 0;               // queue_order() of its priority and arrival
  std::uint64_t ticket = 0;              // smaller came earlier, over all lines of the process
  std::shared_ptr<ServerState> granted;  // a slot of this server travels to the waiter; under the backend's lock
  SessionHandle who;

  [[nodiscard]] bool before(const Waiter& other) const {
    return order != other.order ? order < other.order : ticket < other.ticket;
  }
};

[[nodiscard]] std::uint64_t queue_order(QueuePriority priority, TimePoint arrival);

/// In order. Not thread-safe.
class WaitLine {
 public:
  [[nodiscard]] bool empty() const { return waiters_.empty(); }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(waiters_.size()); }
  [[nodiscard]] Waiter* first() const { return waiters_.empty() ? nullptr : *waiters_.begin(); }
  void push(Waiter& waiter);
  void remove(Waiter& waiter);

 private:
  struct Before {
    bool operator()(const Waiter* a, const Waiter* b) const { return a->before(*b); }
  };
  std::set<Waiter*, Before> waiters_;
};

}  // namespace weir::proxy
