#include "io/signals.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace weir::io {

namespace {
sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}
}  // namespace

void block_signals(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void unblock_all_signals() {
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

Result<std::unique_ptr<Signals>> Signals::open(Reactor& reactor, std::initializer_list<int> signals,
                                               SignalCallback callback, void* object) {
  block_signals(signals);
  const sigset_t set = set_of(signals);
  Fd fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) return fail("cannot wait for signals: " + system_message(errno));
  std::unique_ptr<Signals> self(new Signals(reactor, std::move(fd), callback, object));
  auto token = reactor.add_level(self->fd_.get(), &Signals::on_event, self.get());
  if (!token) return fail("cannot wait for signals: " + to_string(token.error()));
  self->token_ = *token;
  return self;
}

Signals::~Signals() { reactor_.remove(token_); }

void Signals::on_event(void* signals, std::uint32_t) {
  auto* const self = static_cast<Signals*>(signals);
  // One a turn: level-triggered, so the next comes at once, and the callback may destroy this object.
  signalfd_siginfo info{};
  if (::read(self->fd_.get(), &info, sizeof info) == sizeof info) {
    self->callback_(self->object_, static_cast<int>(info.ssi_signo));
  }
}

}  // namespace weir::io
