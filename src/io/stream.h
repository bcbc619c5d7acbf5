// Stream: a socket for coroutines: read, write, connect, each with a deadline.
//
// For activities that read like their protocol (checks, CLI, log targets, peers); the TCP and HTTP engines use the
// reactor itself. One reader and one writer may wait at a time. Destroying the Stream, or the coroutine that waits on
// it, at any time is safe: the wait is withdrawn. Belongs to the worker that made it. Deadlines are points on the
// worker's clock; TimePoint::max() is never.
#pragma once

#include <coroutine>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/time.h"
#include "io/error.h"
#include "io/fd.h"
#include "io/reactor.h"
#include "io/socket.h"
#include "io/task.h"
#include "io/timer.h"

namespace weir::io {

class Worker;

class Stream {
 public:
  static constexpr TimePoint kNever = TimePoint::max();

  /// No socket yet: connect() brings one.
  explicit Stream(Worker& worker, Side side = Side::internal);
  /// A non-blocking socket, registered here. When the kernel refuses the registration every operation fails with that
  /// error.
  Stream(Worker& worker, Fd socket, Side side = Side::internal);
  /// A socket this worker's reactor already knows: its callback becomes the Stream's.
  Stream(Worker& worker, Fd socket, Token token, Side side = Side::internal);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  /// Replaces the socket by a new connection. Source, interface and so on as in `options`.
  Task<IoResult<void>> connect(const SocketAddress& address, const ConnectOptions& options, TimePoint deadline);
  /// At least one byte, or 0 at the end of input.
  Task<IoResult<std::size_t>> read_some(std::span<char> into, TimePoint deadline);
  /// All of it. An error may come after a part was sent.
  Task<IoResult<void>> write_all(std::string_view bytes, TimePoint deadline);

  /// Waits until a read (write) is worth trying. After the caller's own recv (send) said EAGAIN, clear_readable()
  /// (writable) first.
  auto readable(TimePoint deadline) { return Wait(*this, reader_, deadline); }
  auto writable(TimePoint deadline) { return Wait(*this, writer_, deadline); }
  void clear_readable() { reader_.ready = false; }
  void clear_writable() { writer_.ready = false; }

  [[nodiscard]] bool open() const { return socket_.valid(); }
  [[nodiscard]] int fd() const { return socket_.get(); }
  Worker& worker() { return worker_; }
  void shutdown_write();
  void close();
  /// Wakes whoever waits with IoErrorKind::cancelled.
  void interrupt();
  /// Gives the socket away, unregistered.
  [[nodiscard]] Fd release();

 private:
  class Wait;
  struct Direction {
    explicit Direction(Stream& owner, TimerCallback expired) : timer(expired, this), stream(owner) {}
    std::coroutine_handle<> waiting;
    Wait* wait = nullptr;  // whose frame it is; told when the Stream dies first
    bool ready = false;
    bool timed_out = false;
    bool interrupted = false;
    Timer timer;
    Stream& stream;
  };
  class [[nodiscard]] Wait {
   public:
    Wait(Stream& stream, Direction& direction, TimePoint deadline)
        : stream_(&stream), direction_(&direction), deadline_(deadline) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait();
    [[nodiscard]] bool await_ready() const;
    void await_suspend(std::coroutine_handle<> waiter);
    IoResult<void> await_resume();

   private:
    friend class Stream;
    Stream* stream_;  // null: the Stream died before the frame that waits on it
    Direction* direction_;
    TimePoint deadline_;
    bool suspended_ = false;
  };

  static void on_event(void* stream, std::uint32_t events);
  static void on_timer(void* direction);
  static void wake(Direction& direction);
  void attach(Fd socket);
  [[nodiscard]] IoError error(int os_error) const { return IoError::from_errno(os_error, side_); }
  [[nodiscard]] IoError error(IoErrorKind kind) const { return IoError::of(kind, side_); }

  Worker& worker_;
  Fd socket_;
  Token token_;
  Side side_;
  bool input_ending_ = false;  // RDHUP, HUP or ERR was seen: read to 0, short reads drain nothing
  int register_error_ = 0;
  bool* destroyed_ = nullptr;  // set while on_event is on the stack
  Direction reader_{*this, &Stream::on_timer};
  Direction writer_{*this, &Stream::on_timer};
};

/// Waits on the worker's clock; cancellable like everything else.
class [[nodiscard]] Sleep {
 public:
  Sleep(Worker& worker, TimePoint until) : worker_(worker), until_(until) {}
  Sleep(const Sleep&) = delete;
  Sleep& operator=(const Sleep&) = delete;
  [[nodiscard]] bool await_ready() const;
  void await_suspend(std::coroutine_handle<> waiter);
  void await_resume() {}

 private:
  Worker& worker_;
  TimePoint until_;
  std::coroutine_handle<> waiter_;
  Timer timer_;
};
inline Sleep sleep_until(Worker& worker, TimePoint until) { return {worker, until}; }
Sleep sleep_for(Worker& worker, Milliseconds duration);

}  // namespace weir::io
