// The memory that workers keep by kind: buffers, pipes, sessions, encoders, clients that rest. `show pools` shows it,
// SIGQUIT shows it and gives back what nobody uses.
//
// Each worker counts its own; what is shown is their sum. A session's block is never given back while the process runs,
// so "allocated" is the most there ever were, rounded up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/process_state.h"

namespace weir::admin {

struct PoolCount {
  std::size_t used = 0;
  std::size_t cached = 0;
};

struct Pool {
  std::string_view name;
  std::size_t size = 0;
  std::vector<PoolCount> workers;
  [[nodiscard]] PoolCount sum() const {
    PoolCount all;
    for (const PoolCount& one : workers) {
      all.used += one.used;
      all.cached += one.cached;
    }
    return all;
  }
  [[nodiscard]] std::size_t bytes() const {
    const PoolCount all = sum();
    return (all.used + all.cached) * size;
  }
};

/// What one worker keeps; on its thread.
struct WorkerPools {
  PoolCount buffers, pipes, sessions, encoders, clients;
  std::size_t buffer_size = 0;
  std::size_t pipe_size = 0;
};
WorkerPools pools_of(const proxy::WorkerContext& worker);

/// All workers' together, one Pool for each kind. `encoder_memory`: of all encoders of the process.
std::vector<Pool> sum_up(const std::vector<WorkerPools>& workers, std::uint64_t encoder_memory);

/// As `show pools` writes them. Manual: management 9.3.
std::string shown(const std::vector<Pool>& pools, bool detailed);

/// Shows the pools on the terminal and gives the unused memory back. From any thread; it is done later.
void dump_and_flush_pools(proxy::ProcessState& process);

}  // namespace weir::admin
