#include "proxy/queue.h"

#include "base/assert.h"

namespace weir::proxy {

void WaitLine::push(Waiter& waiter) {
  WEIR_ASSERT(waiter.line == nullptr);
  waiter.line = this;
  waiter.previous = last_;
  waiter.next = nullptr;
  (last_ != nullptr ? last_->next : first_) = &waiter;
  last_ = &waiter;
  size_++;
}

void WaitLine::remove(Waiter& waiter) {
  WEIR_ASSERT(waiter.line == this);
  (waiter.previous != nullptr ? waiter.previous->next : first_) = waiter.next;
  (waiter.next != nullptr ? waiter.next->previous : last_) = waiter.previous;
  waiter.previous = waiter.next = nullptr;
  waiter.line = nullptr;
  size_--;
}

}  // namespace weir::proxy
