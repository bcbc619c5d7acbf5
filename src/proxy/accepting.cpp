#include "proxy/accepting.h"

#include <algorithm>

#include "proxy/process_state.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {
namespace {

// Manual, rate-limit sessions, maxconnrate, maxsessrate: how many milliseconds nobody may be let in; 0: come in.
std::uint64_t closed_for(const WorkerListener& listener) {
  const ProcessState& process = *listener.worker->process;
  const std::uint32_t connections = process.most_connections_per_second.load(std::memory_order_relaxed);
  const std::uint32_t sessions = process.most_sessions_per_second.load(std::memory_order_relaxed);
  const std::uint32_t own = listener.frontend->config->settings.session_rate;
  if ((connections | sessions | own) == 0) return 0;
  const std::uint64_t now = listener.worker->now_ms();
  return std::max({process.connection_rate.wait(now, connections), process.session_rate.wait(now, sessions),
                   listener.frontend->state->session_rate.wait(now, own)});
}

// Counts the connection in if every limit leaves room for it.
bool admit(WorkerListener& listener) {
  if (closed_for(listener) != 0) return false;
  ProcessState& process = *listener.worker->process;
  FrontendState& frontend = *listener.frontend->state;
  if (!process.connections.admit(process.maxconn.load(std::memory_order_relaxed))) return false;
  if (frontend.sessions.admit(frontend.maxconn.load(std::memory_order_relaxed))) {
    if (listener.state->sessions.admit(listener.state->maxconn.load(std::memory_order_relaxed))) return true;
    frontend.sessions.decrement();
  }
  process.connections.decrement();
  return false;
}

bool has_room(const WorkerListener& listener) {
  const ProcessState& process = *listener.worker->process;
  const FrontendState& frontend = *listener.frontend->state;
  const std::uint32_t process_limit = process.maxconn.load(std::memory_order_relaxed);
  const std::uint32_t frontend_limit = frontend.maxconn.load(std::memory_order_relaxed);
  return (process_limit == 0 || process.connections.value() < process_limit) &&
         (frontend_limit == 0 || frontend.sessions.value() < frontend_limit) &&
         (listener.state->maxconn == 0 || listener.state->sessions.value() < listener.state->maxconn);
}

void rate_is_back(void* context) { resume_listeners(*static_cast<WorkerContext*>(context)); }

void look_again_in(WorkerListener& listener, std::uint64_t milliseconds) {
  listener.rate_timer.set(rate_is_back, listener.worker);
  listener.worker->io->timers().arm(listener.rate_timer,
                                    listener.worker->io->now() + Milliseconds(static_cast<std::int64_t>(milliseconds)));
}

// The flags are raised before the room is looked at once more: a session that ended in between sees the flag or leaves
// the room.
void pause(WorkerListener& listener) {
  // A rate that is used up comes back with time, not with somebody's end: a timer looks again, and no sooner.
  if (const std::uint64_t wait = closed_for(listener); wait != 0) {
    listener.acceptor->pause();
    look_again_in(listener, wait);
    return;
  }
  listener.worker->process->paused.store(true, std::memory_order_seq_cst);
  listener.acceptor->pause();
  if (has_room(listener)) listener.acceptor->resume();
}

// Whoever was parked when its listener goes was accepted: it is served, even if that is one above a limit.
void open_parked(WorkerListener& listener) {
  while (!listener.parked.empty()) {
    auto [connection, peer] = std::move(listener.parked.front());
    listener.parked.pop_front();
    listener.worker->process->connections.increment();
    listener.frontend->state->sessions.increment();
    listener.state->sessions.increment();
    open_session(listener, std::move(connection), peer);
  }
}

void forget_drained(void* context) { static_cast<WorkerContext*>(context)->draining.clear(); }

void resume_posted(void* context, std::uint64_t) { resume_listeners(*static_cast<WorkerContext*>(context)); }

}  // namespace

void on_connection(void* object, io::Fd connection, const SocketAddress& peer) {
  WorkerListener& listener = *static_cast<WorkerListener*>(object);
  if (!admit(listener)) {
    listener.parked.emplace_back(std::move(connection), peer);
    pause(listener);
    return;
  }
  if (!has_room(listener)) pause(listener);
  open_session(listener, std::move(connection), peer);
  if (!listener.acceptor->paused() && closed_for(listener) != 0) pause(listener);
}

void connection_closed(WorkerContext& worker, FrontendState& frontend, ListenerState& listener) {
  ProcessState& process = *worker.process;
  process.connections.decrement();
  frontend.sessions.decrement();
  listener.sessions.decrement();
  if (!process.paused.load(std::memory_order_seq_cst)) return;
  process.paused.store(false, std::memory_order_seq_cst);
  for (const auto& context : process.contexts)
    context->io->post(io::Post{.run = resume_posted, .object = context.get()});
}

void drop_listener(WorkerContext& worker, std::unique_ptr<WorkerListener> listener) {
  open_parked(*listener);
  if (listener->acceptor) listener->acceptor->drain_and_close();
  open_parked(*listener);
  // Destroyed between events: its own callback may be on the stack.
  if (worker.draining.empty()) worker.io->defer(forget_drained, &worker);
  worker.draining.push_back(std::move(listener));
}

void resume_listeners(WorkerContext& worker) {
  for (const auto& listener : worker.listeners) {
    if (!listener->acceptor || !listener->acceptor->paused() ||
        listener->frontend->state->disabled.load(std::memory_order_relaxed))
      continue;
    while (!listener->parked.empty() && admit(*listener)) {
      auto [connection, peer] = std::move(listener->parked.front());
      listener->parked.pop_front();
      open_session(*listener, std::move(connection), peer);
    }
    if (const std::uint64_t wait = closed_for(*listener); wait != 0)
      look_again_in(*listener, wait);
    else if (listener->parked.empty() && has_room(*listener))
      listener->acceptor->resume();
    else
      worker.process->paused.store(true, std::memory_order_seq_cst);
  }
}

}  // namespace weir::proxy
