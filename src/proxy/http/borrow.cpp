#include "proxy/http/borrow.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "io/fd.h"
#include "proxy/http/phases.h"
#include "proxy/http/reuse.h"
#include "proxy/process_state.h"
#include "proxy/tcp/phases.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

/// A question on its way there, and the answer on its way back.
struct Loan {
  WorkerContext* asks = nullptr;
  WorkerContext* lends = nullptr;
  SessionHandle who;
  std::uint32_t number = 0;  // the session's question: it may ask again before the reply is there
  IdleWish wish;
  std::shared_ptr<ServerState> server;
  std::unique_ptr<IdleConnection> found;
  io::Fd connection;  // the found one's, in nobody's epoll set
};

// Nobody waits for it any more, but it is still good.
void keep(WorkerContext& worker, Loan& loan) {
  const ServerState& server = *loan.server;
  if (worker.ending || server.removed.load(std::memory_order_relaxed) || !has_room(server, *loan.found->config)) return;
  const auto token = worker.io->reactor().add(loan.connection.get(), on_server_event, nullptr);
  if (!token) return;
  loan.found->token = *token;
  loan.found->fd = loan.connection.release();
  worker.idle.add(worker, std::move(loan.found));
}

Session* waiting(WorkerContext& worker, const Loan& loan) {
  Session* session = worker.sessions.find(loan.who);
  const bool waits = session != nullptr && session->phase == Phase::connecting && session->http != nullptr &&
                     session->http->asked == loan.number && session->server.fd < 0;
  return waits ? session : nullptr;
}

void take_reply(Loan& loan) {
  WorkerContext& worker = *loan.asks;
  Session* const session = waiting(worker, loan);
  if (session == nullptr) {
    if (loan.found) keep(worker, loan);
    return;
  }
  session->http->asked = 0;
  session->phase_deadline = TimePoint::max();
  if (!loan.found) return open_server_connection(*session);
  const auto token = worker.io->reactor().add(loan.connection.get(), on_server_event, session);
  if (!token) return close_session(*session, EndedBy::resource, 'C');
  loan.found->token = *token;
  loan.found->fd = loan.connection.release();
  use_idle_connection(*session, std::move(loan.found));
  send_request(*session);
}

void lend(std::unique_ptr<Loan> loan) {
  WorkerContext& worker = *loan->lends;
  if (!worker.ending) loan->found = worker.idle.take(*loan->server, loan->wish);
  if (loan->found) {
    worker.io->reactor().remove(loan->found->token);
    loan->connection = io::Fd(std::exchange(loan->found->fd, -1));
  }
  io::Worker& back = *loan->asks->io;
  back.post([loan = std::move(loan)] { take_reply(*loan); });
}

// The one that has the most: it misses one the least.
WorkerContext* lender(const Session& session) {
  const WorkerContext& own = *session.worker;
  const IdleSharing sharing = own.plan->global->idle_sharing;
  const ServerState& server = *session.target;
  if (sharing == IdleSharing::nobody) return nullptr;
  WorkerContext* best = nullptr;
  std::uint32_t most = 0;
  for (const auto& other : own.process->contexts) {
    const std::uint32_t resting = server.counters[other->id()].resting.load(std::memory_order_relaxed);
    if (other.get() == &own || resting <= most) continue;
    if (sharing == IdleSharing::own_group && other->group != own.group) continue;
    most = resting;
    best = other.get();
  }
  return best;
}

}  // namespace

bool borrow_idle_connection(Session& session, const IdleWish& wish) {
  const ServerState& server = *session.target;
  // Manual, pool-low-conn: with so few, each worker keeps its own.
  if (server.idle.value() <= session.target_config->pool_low) return false;
  WorkerContext* const other = lender(session);
  if (other == nullptr) return false;
  WorkerContext& own = *session.worker;
  auto loan = std::make_unique<Loan>();
  loan->asks = &own;
  loan->lends = other;
  loan->who = session.handle();
  loan->number = session.http->asked = ++own.last_question;
  loan->wish = wish;
  loan->server = session.target;
  wait_for_connection(session);
  other->io->post([loan = std::move(loan)]() mutable { lend(std::move(loan)); });
  return true;
}

}  // namespace weir::proxy
