// A worker's log: lines are formatted into its batch and leave at the end of the loop turn.
//
// emit() stores the message once, however many targets it has, and a header before or beside it for each; flush() hands
// each sink its lines with one sendmmsg (or writev, or lock of a ring). Nothing here blocks or allocates after the
// first turns; a full batch is flushed at once. The caller brings the time: the worker reads the clock once per turn.
// One Logger per worker; targets and sinks are shared.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "log/sink.h"
#include "log/target.h"
#include "proto/syslog.h"

namespace weir::log {

/// How the process introduces itself in headers.
struct Identity {
  std::string hostname;         // empty unless `log-send-hostname`
  std::string tag = "haproxy";  // global `log-tag`
  std::string pid;              // decimal
  /// The running process; a present but empty `send_hostname` (the option without a name) stands for the system's name.
  static Identity of_process(std::string tag, const std::optional<std::string>& send_hostname);
};

struct Line {
  Level level = Level::info;
  std::string_view message;
  std::string_view tag;              // empty: the identity's
  std::string_view structured_data;  // empty: none
};

class Logger {
 public:
  explicit Logger(Identity identity);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  /// After a reload changed `log-tag` or `log-send-hostname`.
  void set_identity(Identity identity);

  /// Both clocks, once per loop turn, before the first emit of that turn.
  void set_time(WallTime wall, TimePoint now);

  /// Queues the line for every target that wants its level and whose sampling selects it. Targets stay alive until the
  /// next flush() because the batch holds their sinks.
  void emit(std::span<const std::shared_ptr<const Target>> targets, const Line& line);
  void emit(const Target& target, const Line& line);

  /// At the end of every loop turn. Cheap when nothing is queued.
  void flush();
  [[nodiscard]] bool empty() const { return queued_ == 0; }

 private:
  static constexpr std::size_t kBatchBytes = 256 * 1024;
  static constexpr std::size_t kBatchLines = 1024;
  struct Queue {
    std::shared_ptr<Sink> sink;
    std::vector<LinePieces> lines;
  };
  struct Stored {
    const char* text = nullptr;  // the message as stored in the batch, followed by a line feed; null until stored
    std::size_t size = 0;
  };
  void queue_line(const Target& target, const Line& line, Stored& stored);
  Queue& queue_of(const std::shared_ptr<Sink>& sink);
  char* write_header(const Target& target, const Line& line, std::size_t& size);

  Identity identity_;
  proto::SyslogClock clock_;
  TimePoint now_{};
  std::unique_ptr<char[]> bytes_;
  std::size_t used_ = 0;
  std::size_t queued_ = 0;
  std::vector<Queue> queues_;
  std::size_t active_queues_ = 0;  // the first ones; the others only keep their memory
};

}  // namespace weir::log
