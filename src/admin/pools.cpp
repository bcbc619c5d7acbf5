#include "admin/pools.h"

#include <fmt/format.h>
#include <malloc.h>

#include <cstdio>
#include <iterator>
#include <memory>

#include "proxy/tcp/session.h"
#include "proxy/worker_context.h"

namespace weir::admin {

WorkerPools pools_of(const proxy::WorkerContext& worker) {
  const io::BufferPool& buffers = worker.io->buffers();
  const io::PipePool& pipes = worker.io->pipes();
  return {.buffers = {buffers.in_use(), buffers.cached()},
          .pipes = {pipes.in_use(), pipes.cached()},
          .sessions = {worker.sessions.live(), worker.sessions.capacity() - worker.sessions.live()},
          .encoders = {worker.encoders.lent(), worker.encoders.kept()},
          .clients = {worker.resting.count(), 0},
          .buffer_size = buffers.buffer_size(),
          .pipe_size = pipes.pipe_size()};
}

std::vector<Pool> sum_up(const std::vector<WorkerPools>& workers, std::uint64_t encoder_memory) {
  std::vector<Pool> pools(5);
  pools[0].name = "buffer";
  pools[1].name = "pipe";
  pools[2].name = "session";
  pools[2].size = sizeof(proxy::Session);
  pools[4].name = "client";
  pools[4].size = sizeof(proxy::RestingClient);
  for (const WorkerPools& one : workers) {
    pools[0].size = one.buffer_size;
    pools[1].size = one.pipe_size;
    pools[0].workers.push_back(one.buffers);
    pools[1].workers.push_back(one.pipes);
    pools[2].workers.push_back(one.sessions);
    pools[3].workers.push_back(one.encoders);
    pools[4].workers.push_back(one.clients);
  }
  // Each kind of encoder has its own size: what is shown is what one takes on the average.
  pools[3].name = "encoder";
  const PoolCount encoders = pools[3].sum();
  const std::size_t count = encoders.used + encoders.cached;
  pools[3].size = count == 0 ? 0 : static_cast<std::size_t>(encoder_memory / count);
  return pools;
}

std::string shown(const std::vector<Pool>& pools, bool detailed) {
  std::string out = "Dumping pools usage. Use SIGQUIT to flush them.\n";
  const auto end = std::back_inserter(out);
  std::size_t allocated = 0, used = 0, cached = 0;
  for (const Pool& pool : pools) {
    const PoolCount all = pool.sum();
    fmt::format_to(end, "  - Pool {} ({} bytes) : {} allocated ({} bytes), {} used (~{} by thread caches), {} users\n",
                   pool.name, pool.size, all.used + all.cached, pool.bytes(), all.used, all.cached,
                   pool.workers.size());
    allocated += pool.bytes();
    used += all.used * pool.size;
    cached += all.cached * pool.size;
    if (!detailed) continue;
    for (std::size_t i = 0; i < pool.workers.size(); i++)
      fmt::format_to(end, "      thread {} : {} used, {} cached\n", i + 1, pool.workers[i].used,
                     pool.workers[i].cached);
  }
  fmt::format_to(end, "Total: {} pools, {} bytes allocated, {} used (~{} by thread caches).\n", pools.size(), allocated,
                 used, cached);
  return out;
}

namespace {

using Seen = std::shared_ptr<std::vector<WorkerPools>>;

// One worker after the other says what it has and lets go of it; the last one shows all.
void visit(proxy::ProcessState& process, std::size_t at, const Seen& seen) {
  if (at == process.contexts.size()) {
    const std::uint64_t encoders = process.compression.memory.load(std::memory_order_relaxed);
    std::fputs(shown(sum_up(*seen, encoders), false).c_str(), stderr);
    ::malloc_trim(0);
    return;
  }
  proxy::WorkerContext* worker = process.contexts[at].get();
  worker->io->post([&process, worker, at, seen] {
    seen->push_back(pools_of(*worker));
    worker->io->buffers().flush();
    worker->io->pipes().flush();
    worker->encoders.flush();
    visit(process, at + 1, seen);
  });
}

}  // namespace

void dump_and_flush_pools(proxy::ProcessState& process) {
  visit(process, 0, std::make_shared<std::vector<WorkerPools>>());
}

}  // namespace weir::admin
