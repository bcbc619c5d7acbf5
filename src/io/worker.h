// A worker: one thread's loop and everything that thread owns. Nothing but post(), wake() and stop() may be called from
// outside.
//
// A turn: wait for events; read the clock; the epoll batch; the ready list; posts from other threads; timers; deferred
// work. Time is what now() said after the wait: nothing else asks the kernel.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/buffer_pool.h"
#include "io/defer.h"
#include "io/reactor.h"
#include "io/spare_sockets.h"
#include "io/splice.h"
#include "io/timer.h"

namespace weir {
struct Reclaiming;
}

namespace weir::io {

/// For tests: a worker with one of these believes it instead of the kernel.
struct FakeClock {
  TimePoint now{Milliseconds(1'000'000)};
  WallTime wall{std::chrono::seconds(1'700'000'000)};
  void advance(Milliseconds by) {
    now += by;
    wall += by;
  }
};

/// A message to a worker: a plain call with an object and a number. It runs on the worker's thread, between events.
struct Post {
  void (*run)(void* object, std::uint64_t value) = nullptr;
  void* object = nullptr;
  std::uint64_t value = 0;
};

struct WorkerOptions {
  std::uint16_t id = 0;
  std::size_t buffer_size = 16384;  // tune.bufsize
  std::size_t cached_buffers = 64;
  std::size_t max_pipes = 256;  // this worker's share of maxpipes
  std::size_t pipe_size = 65536;
  bool busy_polling = false;  // never sleeps
  const FakeClock* clock = nullptr;
};

class Worker {
 public:
  explicit Worker(const WorkerOptions& options = {});
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  /// The worker whose thread this is (or whose turn it is, in a test).
  static Worker& current();
  static Worker* current_or_null();

  [[nodiscard]] std::uint16_t id() const { return id_; }
  Reactor& reactor() { return reactor_; }
  TimerWheel& timers() { return timers_; }
  BufferPool& buffers() { return buffers_; }
  PipePool& pipes() { return pipes_; }
  SpareSockets& spare_sockets() { return spare_sockets_; }
  DeferQueue& deferred() { return deferred_; }
  /// buffer_size bytes to read into when the bytes are passed on at once. Whoever calls back in between may overwrite
  /// it.
  std::span<char> scratch() { return {scratch_.get(), buffers_.buffer_size()}; }

  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] WallTime wall_now();
  void defer(DeferredFunction function, void* object) { deferred_.push(function, object); }

  /// From any thread, any time. In order per sender. A post that comes after the loop ended runs when the worker is
  /// destroyed.
  void post(const Post& message);
  /// The same for a closure, which is moved to the heap and destroyed after it ran.
  template <std::invocable F>
  void post(F&& function) {
    using Box = std::decay_t<F>;
    post(Post{.run =
                  [](void* object, std::uint64_t) {
                    const std::unique_ptr<Box> box(static_cast<Box*>(object));
                    (*box)();
                  },
              .object = new Box(std::forward<F>(function))});
  }
  /// From any thread: ends run() after its current turn.
  void stop();
  [[nodiscard]] bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

  /// Turns until stop(); then once more what was posted and deferred.
  void run();
  /// One turn that waits `max_wait_ms` at most (-1: as long as there is nothing to do).
  void run_once(int max_wait_ms = 0);
  /// After the loop ended, from the thread that joined it: runs what was posted or deferred too late. True if anything
  /// was.
  bool settle();
  [[nodiscard]] std::uint64_t turns() const { return turns_; }
  void clear_turns() { turns_ = 0; }

 private:
  struct Node {
    Post message;
    Node* next;
  };
  static void woken(void* worker, std::uint32_t events);
  void read_clock();
  void run_posts();
  void wake();

  std::uint16_t id_;
  bool busy_polling_;
  const FakeClock* clock_;
  TimePoint now_;
  WallTime wall_now_{};
  bool wall_known_ = false;
  std::uint64_t turns_ = 0;
  Reactor reactor_;
  TimerWheel timers_;
  BufferPool buffers_;
  PipePool pipes_;
  SpareSockets spare_sockets_;
  DeferQueue deferred_;
  std::unique_ptr<char[]> scratch_;
  Fd wake_;
  Token wake_token_;
  std::atomic<bool> stopping_{false};
  alignas(64) std::atomic<Node*> posts_{nullptr};  // newest first
};

/// The worker threads of the process.
class WorkerGroup {
 public:
  WorkerGroup() = default;
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;
  ~WorkerGroup();  // stops and joins

  /// Creates `count` workers with ids from 0, without threads: what is set up or posted now runs first when they start.
  void create(std::size_t count, const WorkerOptions& options = {});
  /// Starts their threads, named "weir/N". `cpus`: thread i is pinned to cpus[i % size]; empty pins nothing.
  Result<void> start(std::span<const int> cpus = {});
  /// On the calling thread, the loop of worker `index`, which start() must not have given a thread: see start_others().
  void run_here(std::size_t index) { workers_[index]->run(); }
  /// As start(), but worker 0 is left to the caller, who calls run_here(0).
  Result<void> start_others(std::span<const int> cpus = {});

  [[nodiscard]] std::size_t size() const { return workers_.size(); }
  Worker& worker(std::size_t index) { return *workers_[index]; }
  void post_to_all(const Post& message);
  void stop();
  void join();

 private:
  static void wait_for_all(void* group, Reclaiming* work);
  Result<void> start_from(std::size_t first, std::span<const int> cpus);
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
};

}  // namespace weir::io
