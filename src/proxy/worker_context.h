// What one worker has beyond its loop: sessions, listeners, log batch, scratch memory for rules, the current plan.
//
// Reached from a Session or a listener; nothing here may be touched from another thread: post to io::Worker instead.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "io/task.h"
#include "io/tcp_info.h"
#include "io/worker.h"
#include "log/logger.h"
#include "log/ring_forwarder.h"
#include "proxy/filter/encoder_pool.h"
#include "proxy/http/exchange.h"
#include "proxy/http/resting.h"
#include "proxy/http/reuse.h"
#include "proxy/listener.h"
#include "proxy/plan.h"
#include "proxy/session_handle.h"
#include "proxy/tcp/session.h"
#include "proxy/tcp/tracks.h"
#include "sample/arena.h"

namespace weir::proxy {

struct ProcessState;

/// The sessions of one worker in blocks that never move. A slot's generation changes each time it is freed.
class SessionSlots {
 public:
  Session& take();
  void give(Session& session);
  [[nodiscard]] Session* find(const SessionHandle& who);
  [[nodiscard]] Session* first() const { return first_; }
  /// For walking them in pieces: slots from 0 to capacity(), null where none lives.
  [[nodiscard]] Session* at(std::uint32_t slot);
  [[nodiscard]] std::uint32_t capacity() const { return static_cast<std::uint32_t>(blocks_.size()) * kBlock; }
  [[nodiscard]] std::size_t live() const { return live_; }

 private:
  static constexpr std::uint32_t kBlock = 64;
  std::vector<std::unique_ptr<Session[]>> blocks_;
  std::vector<std::uint32_t> free_;
  Session* first_ = nullptr;
  std::size_t live_ = 0;
};

struct WorkerContext {
  WorkerContext(io::Worker& worker, ProcessState& process_state, log::Identity identity);

  io::Worker* io;
  ProcessState* process;
  std::shared_ptr<const Plan> plan;
  EncoderPool encoders;  // outlives the sessions, which give back what they were lent
  SessionSlots sessions;
  RestingClients resting;  // between two requests, where there are many
  TrackPool track_pool;
  ExchangePool exchanges;
  IdlePool idle;  // connections to servers that rest
  std::vector<std::unique_ptr<WorkerListener>> listeners;
  std::vector<std::unique_ptr<WorkerListener>> draining;
  sample::Arena arena;
  log::Logger logger;
  io::Scope activities;
  std::unordered_map<const ServerState*, io::ActivityId> checks;  // running here
  std::unordered_map<const ServerState*, io::ActivityId> agents;  // agent checks, the same
  std::vector<std::unique_ptr<log::RingForwarder>> forwarders;    // of all rings, on worker 0 only
  unsigned group = 0;                                             // of threads
  std::uint32_t last_question = 0;  // to another worker, for a connection that rests there
  bool flush_queued = false;
  bool ending = false;  // the process ends now: nobody is answered any more
  TimePoint logger_time{};
  Milliseconds cpu_cleared{0};              // the thread's processor time at the last `clear counters`
  std::optional<tcp_info> server_at_close;  // of the session whose log line is being written, when it asks

  [[nodiscard]] std::uint16_t id() const { return io->id(); }
  [[nodiscard]] std::uint64_t now_ms() const {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<Milliseconds>(io->now().time_since_epoch()).count());
  }
  /// Queues one line for all targets; it leaves at the end of this turn.
  void emit(const LogPlan& log, const log::Line& line);
  /// For one of them.
  void emit(const log::Target& target, const log::Line& line);

  static WorkerContext& current();
  static void set_current(WorkerContext* context);

 private:
  void prepare_logger();  // its clock, and its end of this turn
};

}  // namespace weir::proxy
