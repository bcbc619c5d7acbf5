#include "proxy/http/resting.h"

#include <utility>

#include "proxy/http/phases.h"
#include "proxy/tcp/extras.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

RestingClient::RestingClient() = default;
RestingClient::~RestingClient() = default;
RestingClients::~RestingClients() = default;

namespace {

// That it could be written to is no news.
void on_resting_event(void* object, std::uint32_t events) {
  auto& client = *static_cast<RestingClient*>(object);
  if ((events & (EPOLLIN | io::kEndOfInput)) == 0) return;
  on_client_event(&client.worker->resting.wake(client), events);
}

void on_resting_timer(void* object) {
  auto& client = *static_cast<RestingClient*>(object);
  on_session_timer(&client.worker->resting.wake(client));
}

}  // namespace

void RestingClients::add(Session& session) {
  WorkerContext& worker = *session.worker;
  auto made = std::make_unique<RestingClient>();
  RestingClient& client = *made;
  client.worker = &worker;
  client.place = all_.size();
  client.serial = session.serial;
  client.side = session.client;
  client.frontend = std::move(session.frontend);
  client.listener = std::move(session.listener);
  client.extras = std::move(session.extras);
  client.variables = std::move(session.variables);
  client.tracks = std::exchange(session.tracks, nullptr);
  client.accepted = session.facts.accepted;
  client.accepted_wall = session.facts.accepted_wall;
  client.deadline = session.phase_deadline;
  client.client = std::move(session.facts.client);
  client.local = std::move(session.facts.local);
  client.requests = session.requests;
  client.server_requests = session.server_requests;
  client.timer.set(on_resting_timer, &client);
  worker.io->timers().arm(client.timer, client.deadline);
  worker.io->reactor().rebind(client.side.token, on_resting_event, &client);
  all_.push_back(std::move(made));
  worker.sessions.give(session);
}

Session& RestingClients::wake(RestingClient& client) {
  const std::unique_ptr<RestingClient> taken = std::move(all_[client.place]);
  if (client.place + 1 != all_.size()) {
    all_[client.place] = std::move(all_.back());
    all_[client.place]->place = client.place;
  }
  all_.pop_back();
  WorkerContext& worker = *client.worker;
  Session& session = worker.sessions.take();
  session.worker = &worker;
  session.phase = Phase::requesting;
  session.is_http = true;
  session.serial = client.serial;
  session.client = client.side;
  session.frontend = std::move(client.frontend);
  session.listener = std::move(client.listener);
  session.extras = std::move(client.extras);
  session.variables = std::move(client.variables);
  session.tracks = client.tracks;
  session.facts.accepted = client.accepted;
  session.facts.accepted_wall = client.accepted_wall;
  session.phase_deadline = client.deadline;
  session.facts.client = std::move(client.client);
  session.facts.local = std::move(client.local);
  session.requests = client.requests;
  session.server_requests = client.server_requests;
  session.timer.set(on_session_timer, &session);
  session.waiter.who = session.handle();
  worker.io->reactor().rebind(session.client.token, on_client_event, &session);
  return session;
}

bool rests(Session& session) {
  WorkerContext& worker = *session.worker;
  if (worker.sessions.live() <= RestingClients::kSessionsKept) return false;
  const Flow& flow = session.request;
  const bool holds = flow.buffer != nullptr || flow.holds_bytes() || flow.readable || flow.ended;
  const bool tied = session.own_server != nullptr || (session.extras && session.extras->explanation != nullptr);
  if (holds || tied) return false;
  worker.resting.add(session);
  return true;
}

}  // namespace weir::proxy
