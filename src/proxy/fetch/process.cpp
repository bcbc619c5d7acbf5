// What the process knows of itself: threads, uptime, connections, processor time. Manual 7.3.2.
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "proxy/fetch/tables.h"
#include "proxy/process_state.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace sample::vocabulary;

FetchStatus integer(Sample& out, std::int64_t value) {
  out = Sample::integer(value);
  return FetchStatus::ok;
}
FetchStatus boolean(Sample& out, bool value) {
  out = Sample::boolean(value);
  return FetchStatus::ok;
}

/// Processor time over wall time between one question and the next. Asked again within a tenth of a second, it answers
/// the same: a shorter stretch says nothing.
class Usage {
 public:
  explicit Usage(clockid_t clock) : clock_(clock) {}
  std::int64_t percent(std::size_t threads) {
    const TimePoint now = Clock::now();
    if (now - asked_ < Milliseconds(100)) return last_;
    timespec spent{};
    ::clock_gettime(clock_, &spent);
    const std::int64_t used = spent.tv_sec * 1'000'000'000 + spent.tv_nsec;
    const std::int64_t wall = std::chrono::duration_cast<std::chrono::nanoseconds>(now - asked_).count();
    const std::int64_t share = (used - used_) * 100 / (wall * static_cast<std::int64_t>(threads));
    // Nothing is known before the first stretch is over.
    last_ = asked_ == TimePoint{} ? 0 : std::clamp<std::int64_t>(share, 0, 100);
    asked_ = now;
    used_ = used;
    return last_;
  }

 private:
  clockid_t clock_;
  TimePoint asked_{};
  std::int64_t used_ = 0;
  std::int64_t last_ = 0;
};

FetchStatus act_conn(const Args&, Context&, Sample& out) {
  return integer(out, WorkerContext::current().process->connections.value());
}
FetchStatus cpu_usage_proc(const Args&, Context&, Sample& out) {
  thread_local Usage usage(CLOCK_PROCESS_CPUTIME_ID);
  return integer(out, usage.percent(WorkerContext::current().process->contexts.size()));
}
FetchStatus cpu_usage_thr(const Args&, Context&, Sample& out) {
  thread_local Usage usage(CLOCK_THREAD_CPUTIME_ID);
  return integer(out, usage.percent(1));
}
FetchStatus one(const Args&, Context&, Sample& out) { return integer(out, 1); }
FetchStatus pid(const Args&, Context&, Sample& out) { return integer(out, ::getpid()); }
FetchStatus quic_enabled(const Args&, Context&, Sample& out) { return boolean(out, false); }
FetchStatus stopping(const Args&, Context&, Sample& out) {
  return boolean(out, WorkerContext::current().process->stopping.load(std::memory_order_relaxed));
}
FetchStatus tgroup(const Args&, Context&, Sample& out) { return integer(out, 0); }
FetchStatus thread(const Args&, Context&, Sample& out) { return integer(out, WorkerContext::current().id()); }
FetchStatus uptime(const Args&, Context&, Sample& out) {
  const WorkerContext& worker = WorkerContext::current();
  const auto up = worker.io->now() - worker.process->started;
  return integer(out, std::chrono::duration_cast<std::chrono::seconds>(up).count());
}

constexpr Fetch kRows[] = {
    {.name = "act_conn",
     .out = Type::integer,
     .fetch = act_conn,
     .doc = "How many connections of clients the process has now.",
     .examples = {{{"act_conn", "1"}}}},
    {.name = "cpu_usage_grp",
     .out = Type::integer,
     .fetch = cpu_usage_proc,
     .doc = "The processor use of the thread group; there is one, so it is cpu_usage_proc.",
     .unpredictable = true},
    {.name = "cpu_usage_proc",
     .out = Type::integer,
     .fetch = cpu_usage_proc,
     .doc = "The processor use of all threads in percent of what they could use, since this thread last asked.",
     .unpredictable = true},
    {.name = "cpu_usage_thr",
     .out = Type::integer,
     .fetch = cpu_usage_thr,
     .doc = "The processor use of this thread in percent, since it last asked.",
     .unpredictable = true},
    {.name = "nbproc",
     .out = Type::integer,
     .fetch = one,
     .doc = "How many processes share the work: always 1.",
     .examples = {{{"nbproc", "1"}}}},
    {.name = "pid", .out = Type::integer, .fetch = pid, .doc = "The number of the process.", .unpredictable = true},
    {.name = "proc",
     .out = Type::integer,
     .fetch = one,
     .doc = "The place of this process among those that share the work: always 1.",
     .examples = {{{"proc", "1"}}}},
    {.name = "quic_enabled",
     .out = Type::boolean,
     .fetch = quic_enabled,
     .doc = "Whether QUIC listeners can be had: not in this program.",
     .examples = {{{"quic_enabled", "0"}}}},
    {.name = "stopping",
     .out = Type::boolean,
     .fetch = stopping,
     .doc = "Whether the process takes no more connections and ends with its last one.",
     .examples = {{{"stopping", "0"}}}},
    {.name = "tgroup",
     .out = Type::integer,
     .fetch = tgroup,
     .doc = "The number of this thread's group; there is one, 0.",
     .examples = {{{"tgroup", "0"}}}},
    {.name = "thread",
     .out = Type::integer,
     .fetch = thread,
     .doc = "The number of the thread that serves the connection, from 0.",
     .examples = {{{"thread", "0"}}}},
    {.name = "uptime",
     .out = Type::integer,
     .fetch = uptime,
     .doc = "Seconds since the process started.",
     .examples = {{{"uptime", "0"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> process_fetches{kRows};
}  // namespace weir::proxy
