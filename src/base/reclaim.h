// When may the memory of something go that other threads read without a lock? After each of them has begun another
// turn: nobody keeps a pointer across turns, so what was unlinked before is out of sight then.
//
// Whoever unlinks gives what has to be done to after_readers(); whoever runs the reading threads (io::Worker) says once
// how to wait for all of them. Without readers, in a test of one thread or before the start, it is done at once. A
// thread that reads beside the turns (a configuration that is being read may evaluate expressions) holds reclaiming
// back.
#pragma once

#include <memory>

namespace weir {

/// Something to be done later, owned by whoever has it.
struct Reclaiming {
  virtual ~Reclaiming() = default;
  virtual void reclaim() = 0;
};

/// Runs `work` once no reader can see what was unlinked before this call. From any thread.
void after_readers(std::unique_ptr<Reclaiming> work);

/// How to wait: gets work that it must pass to reclaim_now() after every reader's next turn.
using WaitForReaders = void (*)(void* self, Reclaiming* work);
void set_readers(WaitForReaders wait, void* self);
/// Unless others took their place.
void forget_readers(const void* self);
/// Ends the waiting that a WaitForReaders took on.
void reclaim_now(Reclaiming* work);

/// While one of these lives, nothing is reclaimed.
class ReadingBeside {
 public:
  ReadingBeside();
  ReadingBeside(const ReadingBeside&) = delete;
  ReadingBeside& operator=(const ReadingBeside&) = delete;
  ~ReadingBeside();
};

}  // namespace weir
