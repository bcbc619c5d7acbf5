#include "base/reclaim.h"

#include <mutex>
#include <utility>
#include <vector>

namespace weir {
namespace {

struct Readers {
  std::mutex lock;
  WaitForReaders wait = nullptr;
  void* self = nullptr;
  unsigned beside = 0;
  std::vector<std::unique_ptr<Reclaiming>> held;  // while someone reads beside the turns
};

Readers& readers() {
  static Readers all;
  return all;
}

}  // namespace

void set_readers(WaitForReaders wait, void* self) {
  Readers& all = readers();
  const std::scoped_lock guard(all.lock);
  all.wait = wait;
  all.self = self;
}

void forget_readers(const void* self) {
  Readers& all = readers();
  const std::scoped_lock guard(all.lock);
  if (all.self == self) all.wait = nullptr;
}

void after_readers(std::unique_ptr<Reclaiming> work) {
  Readers& all = readers();
  std::unique_lock guard(all.lock);
  if (all.wait == nullptr) {
    guard.unlock();
    reclaim_now(work.release());
    return;
  }
  // Under the lock, so that the readers cannot end between the question and the call: posting is all it does.
  all.wait(all.self, work.release());
}

void reclaim_now(Reclaiming* work) {
  std::unique_ptr<Reclaiming> owned(work);
  Readers& all = readers();
  {
    const std::scoped_lock guard(all.lock);
    if (all.beside != 0) {
      all.held.push_back(std::move(owned));
      return;
    }
  }
  owned->reclaim();
}

ReadingBeside::ReadingBeside() {
  const std::scoped_lock guard(readers().lock);
  ++readers().beside;
}

ReadingBeside::~ReadingBeside() {
  std::vector<std::unique_ptr<Reclaiming>> due;
  {
    const std::scoped_lock guard(readers().lock);
    if (--readers().beside == 0) due.swap(readers().held);
  }
  for (const auto& work : due) work->reclaim();
}

}  // namespace weir
