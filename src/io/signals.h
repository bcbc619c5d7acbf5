// Signals as events: blocked in every thread, read from a signalfd by one reactor, delivered as plain calls between
// events.
#pragma once

#include <csignal>
#include <initializer_list>
#include <memory>

#include "base/result.h"
#include "io/fd.h"
#include "io/reactor.h"

namespace weir::io {

using SignalCallback = void (*)(void* object, int signal);

/// Before any thread starts: threads inherit the mask. SIGPIPE is ignored as well.
void block_signals(std::initializer_list<int> signals);
/// In a child before exec: the mask survives exec.
void unblock_all_signals();

class Signals {
 public:
  /// Blocks the signals in this thread and delivers them on the reactor's.
  static Result<std::unique_ptr<Signals>> open(Reactor& reactor, std::initializer_list<int> signals,
                                               SignalCallback callback, void* object);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

 private:
  Signals(Reactor& reactor, Fd fd, SignalCallback callback, void* object)
      : reactor_(reactor), fd_(std::move(fd)), callback_(callback), object_(object) {}
  static void on_event(void* signals, std::uint32_t events);

  Reactor& reactor_;
  Fd fd_;
  SignalCallback callback_;
  void* object_;
  Token token_;
};

}  // namespace weir::io
