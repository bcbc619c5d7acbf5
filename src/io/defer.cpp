#include "io/defer.h"

namespace weir::io {

void DeferQueue::push(Deferred& work) {
  if (work.queued()) return;
  work.previous_ = head_.previous_;
  work.next_ = &head_;
  head_.previous_->next_ = &work;
  head_.previous_ = &work;
}

void DeferQueue::splice(Deferred& from, Deferred& to) {
  if (!from.queued()) return;
  to.next_ = from.next_;
  to.previous_ = from.previous_;
  to.next_->previous_ = to.previous_->next_ = &to;
  from.next_ = from.previous_ = &from;
}

void DeferQueue::run() {
  Deferred round(nullptr, nullptr);
  splice(head_, round);
  while (round.queued()) {
    Deferred& work = *round.next_;
    work.withdraw();
    work.function_(work.object_);  // may destroy work
  }
  if (calls_.empty()) return;
  round_.swap(calls_);
  for (const Call& call : round_) call.function(call.object);
  round_.clear();
}

}  // namespace weir::io
