// What the whole process counts and limits.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/time.h"
#include "io/worker.h"
#include "proxy/counters.h"
#include "proxy/explain.h"
#include "proxy/filter/encoder_pool.h"
#include "sample/variable.h"

namespace weir::log {
class Ring;
class Sinks;
}  // namespace weir::log

namespace weir::proxy {

class Service;

struct WorkerContext;

struct ProcessState {
  Gauge connections;
  Rate connection_rate;
  Rate session_rate;
  std::atomic<std::uint64_t> total_connections{0};
  std::atomic<std::uint64_t> total_requests{0};
  std::atomic<std::uint64_t> next_session{1};
  log::Sinks* sinks = nullptr;                    // of the engine
  std::shared_ptr<log::Ring> debug_ring;          // what the converter `debug` tells
  std::atomic<std::uint64_t> broken_messages{0};  // that broke HTTP's grammar
  std::atomic<std::uint32_t> maxconn{0};
  std::atomic<std::uint32_t> most_connections_per_second{0};  // maxconnrate; 0: no limit
  std::atomic<std::uint32_t> most_sessions_per_second{0};     // maxsessrate; 0: no limit
  std::atomic<bool> paused{false};                            // some worker's listeners wait for room in the process
  std::atomic<bool> stopping{false};                          // soft stop
  io::WorkerGroup workers;
  std::vector<std::unique_ptr<WorkerContext>> contexts;  // parallel to workers; each touched by its own thread only
  bool placed = false;                                   // workers were given CPUs; for the control thread
  bool quiet = false;                                    // -q, or no terminal: messages go to the log only
  ExplainWishes explain;
  sample::ProcessVariables variables;
  const Service* statistics = nullptr;  // who answers where `stats` lines stand; set before the workers run
  CompressionState compression;
  TimePoint started{};
  WallTime started_wall{};
};

}  // namespace weir::proxy
