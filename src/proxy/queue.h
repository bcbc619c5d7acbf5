// Who waits for a server, in order.
//
// A waiter stands in exactly one line: that of the server it must have (persistence, a hash) or that of its backend
// (any server will do). All lines of a backend are guarded by the backend's one lock. When a slot is freed its server
// takes the earlier waiter of its own line and the backend's line; the slot stays counted as served while the news
// travels to the waiter's worker, so no newcomer can overtake. A waiter that died meanwhile passes the slot on
// (BackendState::release).
#pragma once

#include <cstdint>
#include <memory>

#include "proxy/session_handle.h"

namespace weir::proxy {

class ServerState;

struct Waiter {
  Waiter* previous = nullptr;
  Waiter* next = nullptr;
  class WaitLine* line = nullptr;        // null: waits nowhere
  std::uint64_t ticket = 0;              // smaller came earlier, over all lines of the process
  std::shared_ptr<ServerState> granted;  // a slot of this server travels to the waiter; under the backend's lock
  SessionHandle who;
};

/// First in, first out. Not thread-safe.
class WaitLine {
 public:
  [[nodiscard]] bool empty() const { return first_ == nullptr; }
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] Waiter* first() const { return first_; }
  void push(Waiter& waiter);
  void remove(Waiter& waiter);

 private:
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
  std::uint32_t size_ = 0;
};

}  // namespace weir::proxy
