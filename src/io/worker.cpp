#include "io/worker.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "base/assert.h"
#include "base/reclaim.h"

namespace weir::io {

namespace {

thread_local Worker* current_worker = nullptr;

/// While a worker's turn is on this stack, it is the current one; tests interleave several.
class Current {
 public:
  explicit Current(Worker* worker) : before_(std::exchange(current_worker, worker)) {}
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;
  ~Current() { current_worker = before_; }

 private:
  Worker* before_;
};

}  // namespace

Worker::Worker(const WorkerOptions& options)
    : id_(options.id),
      busy_polling_(options.busy_polling),
      clock_(options.clock),
      now_(clock_ != nullptr ? clock_->now : Clock::now()),
      timers_(now_),
      buffers_(options.buffer_size, options.cached_buffers),
      pipes_(options.max_pipes, options.pipe_size),
      spare_sockets_(*this),
      scratch_(std::make_unique_for_overwrite<char[]>(options.buffer_size)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  WEIR_ASSERT(wake_.valid());
  const auto token = reactor_.add_level(wake_.get(), &Worker::woken, this);
  WEIR_ASSERT(token.has_value());
  wake_token_ = *token;
}

Worker::~Worker() {
  // What came too late still owns things: let it run and let go.
  while (settle()) {
  }
}

bool Worker::settle() {
  const Current here(this);
  if (posts_.load(std::memory_order_acquire) == nullptr && deferred_.empty()) return false;
  run_posts();
  deferred_.run();
  return true;
}

Worker& Worker::current() {
  WEIR_ASSERT(current_worker != nullptr);
  return *current_worker;
}

Worker* Worker::current_or_null() { return current_worker; }

WallTime Worker::wall_now() {
  if (!wall_known_) {
    wall_now_ = clock_ != nullptr ? clock_->wall : std::chrono::system_clock::now();
    wall_known_ = true;
  }
  return wall_now_;
}

void Worker::read_clock() {
  now_ = clock_ != nullptr ? clock_->now : Clock::now();
  wall_known_ = false;  // asked for on demand: most turns of a relay need none
}

void Worker::wake() {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_.get(), &one, sizeof one));
}

void Worker::woken(void* worker, std::uint32_t) {
  std::uint64_t count = 0;
  static_cast<void>(::read(static_cast<Worker*>(worker)->wake_.get(), &count, sizeof count));
}

void Worker::post(const Post& message) {
  auto* const node = new Node{message, nullptr};
  Node* before = posts_.load(std::memory_order_relaxed);
  do {
    node->next = before;
  } while (!posts_.compare_exchange_weak(before, node, std::memory_order_release, std::memory_order_relaxed));
  // Only the first into an empty queue wakes: all that follow ride along. The node is the worker's from here on.
  if (before == nullptr) wake();
}

void Worker::run_posts() {
  if (posts_.load(std::memory_order_relaxed) == nullptr) return;
  Node* newest = posts_.exchange(nullptr, std::memory_order_acquire);
  Node* oldest = nullptr;
  while (newest != nullptr) {
    Node* const next = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest != nullptr) {
    const std::unique_ptr<Node> node(oldest);
    oldest = node->next;
    node->message.run(node->message.object, node->message.value);
  }
}

void Worker::stop() {
  stopping_.store(true, std::memory_order_release);
  wake();
}

void Worker::run() {
  const Current here(this);
  while (!stopping_.load(std::memory_order_acquire)) run_once(busy_polling_ ? 0 : -1);
  run_posts();
  deferred_.run();
}

void Worker::run_once(int max_wait_ms) {
  const Current here(this);
  int wait_ms = timers_.timeout(now_);
  if (wait_ms < 0 || (max_wait_ms >= 0 && max_wait_ms < wait_ms)) wait_ms = max_wait_ms;
  if (clock_ != nullptr && max_wait_ms >= 0) wait_ms = max_wait_ms;  // fake time does not pass by waiting
  if (!deferred_.empty()) wait_ms = 0;
  reactor_.wait(wait_ms);
  read_clock();
  reactor_.dispatch();
  run_posts();
  timers_.advance(now_);
  if (!deferred_.empty()) deferred_.run();
  ++turns_;
}

WorkerGroup::~WorkerGroup() {
  stop();
  join();
}

void WorkerGroup::create(std::size_t count, const WorkerOptions& options) {
  WEIR_ASSERT(workers_.empty());
  for (std::size_t i = 0; i < count; ++i) {
    WorkerOptions own = options;
    own.id = static_cast<std::uint16_t>(i);
    workers_.push_back(std::make_unique<Worker>(own));
  }
}

Result<void> WorkerGroup::start(std::span<const int> cpus) { return start_from(0, cpus); }
Result<void> WorkerGroup::start_others(std::span<const int> cpus) { return start_from(1, cpus); }

namespace {

/// One waiting of after_readers(): every worker's post takes one off.
struct Round {
  std::atomic<std::size_t> left;
  Reclaiming* work;
  static void seen(void* object, std::uint64_t) {
    auto* const round = static_cast<Round*>(object);
    if (round->left.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    const std::unique_ptr<Round> over(round);
    reclaim_now(round->work);
  }
};

}  // namespace

// A post runs between events: what its worker looked at before is behind it.
void WorkerGroup::wait_for_all(void* group, Reclaiming* work) {
  auto* const self = static_cast<WorkerGroup*>(group);
  self->post_to_all({.run = &Round::seen, .object = new Round{self->workers_.size(), work}});
}

Result<void> WorkerGroup::start_from(std::size_t first, std::span<const int> cpus) {
  set_readers(&WorkerGroup::wait_for_all, this);
  for (std::size_t i = first; i < workers_.size(); ++i) {
    try {  // the standard library reports a refused thread by throwing
      threads_.emplace_back([worker = workers_[i].get()] { worker->run(); });
    } catch (const std::system_error& error) {
      stop();
      join();
      return fail(fmt::format("cannot start worker thread {}: {}", i, system_message(error.code().value())));
    }
    const pthread_t thread = threads_.back().native_handle();
    pthread_setname_np(thread, fmt::format("weir/{}", i).c_str());
    if (cpus.empty()) continue;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpus[i % cpus.size()]), &set);
    if (const int refused = pthread_setaffinity_np(thread, sizeof set, &set); refused != 0) {
      stop();
      join();
      return fail(fmt::format("cannot pin worker {} to CPU {}: {}", i, cpus[i % cpus.size()], system_message(refused)));
    }
  }
  return {};
}

void WorkerGroup::post_to_all(const Post& message) {
  for (const auto& worker : workers_) worker->post(message);
}

void WorkerGroup::stop() {
  for (const auto& worker : workers_) worker->stop();
}

void WorkerGroup::join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  forget_readers(this);
  // Late messages may answer each other across workers, so all settle while all still exist.
  for (bool again = true; again;) {
    again = false;
    for (const auto& worker : workers_) {
      if (worker->stopping()) again = worker->settle() || again;
    }
  }
}

}  // namespace weir::io
