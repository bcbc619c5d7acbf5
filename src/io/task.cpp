#include "io/task.h"

namespace weir::io {

ActivityId Scope::launch(Root root) {
  Promise& activity = root.frame.promise();
  activity.scope = this;
  activity.id = ++last_id_;
  activity.next = first_;
  if (first_ != nullptr) first_->previous = &activity;
  first_ = &activity;
  ++size_;
  const ActivityId id = activity.id;
  root.frame.resume();  // may finish, and with it the frame
  return id;
}

void Scope::unlink(Promise& activity) {
  if (activity.next != nullptr) activity.next->previous = activity.previous;
  (activity.previous != nullptr ? activity.previous->next : first_) = activity.next;
  --size_;
  if (empty() && on_empty_ != nullptr) deferred_.push(emptied_);
}

void Scope::cancel(ActivityId id) {
  for (Promise* a = first_; a != nullptr; a = a->next) {
    if (a->id != id) continue;
    a->cancelled = true;
    deferred_.push(sweep_);
    return;
  }
}

void Scope::cancel_all() {
  for (Promise* a = first_; a != nullptr; a = a->next) a->cancelled = true;
  if (!empty()) deferred_.push(sweep_);
}

void Scope::destroy_all() {
  while (first_ != nullptr) std::coroutine_handle<Promise>::from_promise(*first_).destroy();
}

void Scope::sweep(void* scope) {
  auto* const self = static_cast<Scope*>(scope);
  // One clean-up may end or start others of this scope: look from the front again after each.
  for (Promise* a = self->first_; a != nullptr;) {
    if (a->cancelled) {
      std::coroutine_handle<Promise>::from_promise(*a).destroy();
      a = self->first_;
    } else {
      a = a->next;
    }
  }
}

void Scope::emptied(void* scope) {
  auto* const self = static_cast<Scope*>(scope);
  if (self->empty() && self->on_empty_ != nullptr) self->on_empty_(self->on_empty_object_);
}

}  // namespace weir::io
