#include "proxy/table_sweep.h"

#include "io/stream.h"
#include "proxy/worker_context.h"
#include "stick/table.h"

namespace weir::proxy {
namespace {

constexpr Milliseconds kPeriod{500};
constexpr Milliseconds kNextPiece{1};
constexpr std::size_t kPiece = 1024;  // entries of one table in one turn: some 100 microseconds

// True when more are due than one turn may free.
bool free_some(const stick::TableRegistry& tables, TimePoint now) {
  bool more = false;
  for (const auto& [name, table] : tables.all())
    if (table->used() != 0) more = table->expire_some(now, kPiece) == kPiece || more;
  return more;
}

}  // namespace

io::Task<void> sweep_tables(WorkerContext& worker) {
  for (;;) {
    const bool more = worker.plan != nullptr && free_some(worker.plan->tables, worker.io->now());
    co_await io::sleep_for(*worker.io, more ? kNextPiece : kPeriod);
  }
}

}  // namespace weir::proxy
