#include "proxy/http/reuse.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "io/direct.h"
#include "io/socket.h"
#include "proxy/http/borrow.h"
#include "proxy/http/phases.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

// Only its worker changes its counts.
void change(std::atomic<std::uint32_t>& count, int by) {
  count.store(count.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(by), std::memory_order_relaxed);
}

void count_resting(const IdleConnection& connection, std::uint16_t worker, int by) {
  ServerCounters& counters = connection.server->counters[worker];
  change(counters.resting, by);
  if (connection.shared_before) change(counters.resting_proven, by);
}

std::unique_ptr<IdleConnection> leave_client(Session& session) {
  std::unique_ptr<IdleConnection> own(std::exchange(session.own_server, nullptr));
  change(own->server->counters[session.worker->id()].resting_private, -1);
  return own;
}

// Where nothing is under way a reset loses nothing, leaves no port behind that waits for its end, and a socket for the
// next connection: with a connection per request these would be most of what connecting costs. The body of a request
// that was answered early may be under way. COMPAT: observed on 2.6, but for that body.
void end_resting(WorkerContext& worker, const IdleConnection& connection) {
  const bool all_arrived = !connection.sent_body || io::all_arrived(connection.fd);
  if (all_arrived && connection.plain && !worker.process->stopping.load(std::memory_order_relaxed))
    return worker.io->spare_sockets().reset(connection.fd, connection.token, connection.address.family());
  worker.io->reactor().forget(connection.token);
  if (all_arrived) io::set_linger_reset(connection.fd);
  ::close(connection.fd);
}

}  // namespace

// The reactor may be gone by now: closing is enough.
IdlePool::~IdlePool() {
  for (auto& [server, list] : lists_)
    while (list.oldest != nullptr) ::close(remove(list, list.oldest)->fd);
}

void IdlePool::add(WorkerContext& worker, std::unique_ptr<IdleConnection> connection) {
  worker_ = &worker;
  id_ = worker.id();
  IdleList& list = lists_[connection->server.get()];
  connection->worker = &worker;
  connection->since = worker.io->now();
  connection->older = list.newest;
  connection->newer = nullptr;
  (list.newest != nullptr ? list.newest->newer : list.oldest) = connection.get();
  list.newest = connection.get();
  list.count++;
  size_++;
  connection->server->idle.increment();
  count_resting(*connection, id_, 1);
  worker.io->reactor().rebind(connection->token, on_event, connection.get());
  if (!timer_.armed()) {
    timer_.set(on_timer, this);
    worker.io->timers().arm(timer_, worker.io->now() + Milliseconds(1000));
  }
  connection.release();
}

std::unique_ptr<IdleConnection> IdlePool::remove(IdleList& list, IdleConnection* connection) {
  (connection->newer != nullptr ? connection->newer->older : list.newest) = connection->older;
  (connection->older != nullptr ? connection->older->newer : list.oldest) = connection->newer;
  connection->older = connection->newer = nullptr;
  list.count--;
  size_--;
  connection->server->idle.decrement();
  count_resting(*connection, id_, -1);
  return std::unique_ptr<IdleConnection>(connection);
}

std::unique_ptr<IdleConnection> IdlePool::take(const ServerState& server, const IdleWish& wish) {
  const auto found = lists_.find(&server);
  if (found == lists_.end()) return nullptr;
  for (IdleConnection* one = found->second.newest; one != nullptr; one = one->older)
    if (wish.fits(*one)) return remove(found->second, one);
  return nullptr;
}

std::unique_ptr<IdleConnection> IdlePool::take_oldest(const ServerState& server) {
  const auto found = lists_.find(&server);
  if (found == lists_.end() || found->second.oldest == nullptr) return nullptr;
  return remove(found->second, found->second.oldest);
}

std::unique_ptr<IdleConnection> IdlePool::record() {
  if (records_.empty()) return std::make_unique<IdleConnection>();
  auto taken = std::move(records_.back());
  records_.pop_back();
  return taken;
}

void IdlePool::keep_record(std::unique_ptr<IdleConnection> record) {
  if (records_.size() >= kRecords) return;
  record->server.reset();
  record->config.reset();
  record->fd = -1;
  records_.push_back(std::move(record));
}

void IdlePool::close(std::unique_ptr<IdleConnection> connection) { end_resting(*worker_, *connection); }

void IdlePool::drop(IdleConnection& connection) {
  const auto found = lists_.find(connection.server.get());
  if (found == lists_.end()) return;
  close(remove(found->second, &connection));
  if (found->second.count == 0) lists_.erase(found);
}

void IdlePool::purge(TimePoint now) {
  for (auto list = lists_.begin(); list != lists_.end();) {
    if (list->second.count == 0) {  // all went back to work; nothing holds the server any more
      list = lists_.erase(list);
      continue;
    }
    const ServerState& server = *list->first;
    const bool gone = server.removed.load(std::memory_order_relaxed);
    const Milliseconds delay = list->second.newest->config->pool_purge;
    const std::uint32_t keep = list->second.newest->config->pool_low;
    std::size_t rested = 0;
    for (IdleConnection* one = list->second.oldest; one != nullptr && one->since + delay <= now; one = one->newer)
      rested++;
    std::size_t closing = gone ? list->second.count : (rested + 1) / 2;
    while (closing-- != 0 && list->second.oldest != nullptr) {
      if (!gone && server.idle.value() <= keep) break;
      close(remove(list->second, list->second.oldest));
    }
    list = list->second.count == 0 ? lists_.erase(list) : std::next(list);
  }
}

void IdlePool::clear() {
  for (auto& [server, list] : lists_)
    while (list.oldest != nullptr) close(remove(list, list.oldest));
  lists_.clear();
}

namespace {

// Becoming writable is no news, and an edge may be of bytes that the last answer has taken already. A word that nobody
// asked for is the end, as is the end itself.
bool is_over(int fd, std::uint32_t events) {
  if ((events & io::kEndOfInput) != 0) return true;
  if ((events & EPOLLIN) == 0) return false;
  char byte;
  return io::receive(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EINTR);
}

}  // namespace

void IdlePool::on_event(void* object, std::uint32_t events) {
  auto& connection = *static_cast<IdleConnection*>(object);
  if (is_over(connection.fd, events)) connection.worker->idle.drop(connection);
}

void IdlePool::on_timer(void* object) {
  auto& pool = *static_cast<IdlePool*>(object);
  WorkerContext& worker = *pool.worker_;
  pool.purge(worker.io->now());
  if (pool.size_ != 0) worker.io->timers().arm(pool.timer_, worker.io->now() + Milliseconds(1000));
}

namespace {

// While it rests beside its session: the session looks at it when the next request needs it.
void on_own_server_event(void* object, std::uint32_t events) {
  auto& session = *static_cast<Session*>(object);
  if (is_over(session.own_server->fd, events)) close_own_server(session);
}

// A header before the first byte, the client's own address as source, or a mark that a rule gave this client's
// connection tie it to its client.
bool tied_to_client(const Session& session) {
  const ServerConfig& server = *session.target_config;
  if (server.send_proxy.version() != 0) return true;
  if (session.extras && (session.extras->server_mark || session.extras->server_tos)) return true;
  const auto& source = server.source ? server.source : session.backend->config->settings.source;
  return source && (source->use == SourceSettings::Use::client || source->use == SourceSettings::Use::client_ip);
}

}  // namespace

void use_idle_connection(Session& session, std::unique_ptr<IdleConnection> connection) {
  WorkerContext& worker = *session.worker;
  session.server.fd = connection->fd;
  session.server.token = connection->token;
  session.server.connected = true;
  session.server.plain = connection->plain;
  session.server.error = {};
  session.server.last_read = session.server.last_write = worker.io->now();
  session.facts.source = connection->source;
  session.facts.connect_finished = worker.io->now();
  session.server_requests = connection->served;
  session.http->reused = true;
  session.http->server_shared = true;
  worker.io->reactor().rebind(session.server.token, on_server_event, &session);
  worker.idle.keep_record(std::move(connection));
}

bool IdleWish::fits(const IdleConnection& one) const {
  if (looks && is_over(one.fd, EPOLLIN)) return false;
  if (only_proven && !one.shared_before) return false;
  if (one.config->fcgi != fcgi) return false;  // a reload has changed what it speaks
  return one.address == address && one.name == name && (!most_served || one.served <= *most_served);
}

namespace {

// A request without a value has no name, as those of a server without an expression. It is remembered for when the
// connection rests; without room for that the connection serves this client alone.
std::string connection_name(Session& session, const sample::Expression& expression) {
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  sample::Sample value;
  const std::size_t mark = session.worker->arena.mark();
  const bool known = expression.evaluate(context, value) == sample::FetchStatus::ok &&
                     sample::cast(value, sample::Type::string, context.arena);
  std::string name(known ? value.text() : std::string_view());
  session.worker->arena.rewind(mark);
  if (const auto kept = session.http->texts.copy(name))
    session.http->connection_name = *kept;
  else
    session.http->server_private = true;
  return name;
}

// Of its own connection, and of others'.
IdleWish plain_wish(Session& session) {
  const ServerConfig& server = *session.target_config;
  IdleWish wish;
  wish.address = session.facts.server;
  if (server.pool_name) wish.name = connection_name(session, *server.pool_name);
  if (server.max_reuse_set) wish.most_served = server.max_reuse;
  wish.fcgi = server.fcgi;
  return wish;
}

// Of those that others have left; nothing when it must have a connection of its own.
std::optional<IdleWish> idle_wish(Session& session) {
  if (tied_to_client(session)) return std::nullopt;
  const Reuse mode = session.backend->config->settings.http.reuse;
  const bool first = session.requests <= 1;
  if (mode == Reuse::never || (mode == Reuse::safe && first)) return std::nullopt;
  IdleWish wish = plain_wish(session);
  wish.only_proven = mode == Reuse::aggressive && first;
  wish.looks = !may_be_repeated(session.http->request_method);
  return wish;
}

}  // namespace

bool may_be_repeated(proto::http::Method method) {
  using proto::http::Method;
  switch (method) {
    case Method::get:
    case Method::head:
    case Method::options:
    case Method::trace:
    case Method::put:
    case Method::delete_: return true;
    case Method::post:
    case Method::patch:
    case Method::connect:
    case Method::other: return false;
  }
  return false;
}

namespace {

// The one that rested beside its client.
bool take_own_connection(Session& session) {
  if (session.own_server == nullptr) return false;
  auto own = leave_client(session);
  const bool logged_in = own->logged_in;
  if (own->server != session.target || !plain_wish(session).fits(*own)) {
    end_resting(*session.worker, *own);
    return false;
  }
  use_idle_connection(session, std::move(own));
  session.http->server_shared = false;
  session.http->server_private = true;
  session.http->server_login = logged_in;
  return true;
}

bool take_idle_connection(Session& session, const IdleWish& wish) {
  auto found = session.worker->idle.take(*session.target, wish);
  if (!found) return false;
  use_idle_connection(session, std::move(found));
  return true;
}

}  // namespace

bool go_over_resting(Session& session) {
  if (!take_own_connection(session)) {
    const auto wish = idle_wish(session);
    if (!wish) return false;
    if (!take_idle_connection(session, *wish)) return borrow_idle_connection(session, *wish);
  }
  send_request(session);
  return true;
}

namespace {

bool is_full(const ServerState& server, std::uint32_t maxconn) {
  return server.idle.value() + server.sessions.value() > maxconn;
}

void end_one_resting(WorkerContext& worker, const ServerState& server) {
  if (auto one = worker.idle.take_oldest(server)) {
    end_resting(worker, *one);
    worker.idle.keep_record(std::move(one));
  }
}

}  // namespace

void make_room_at_application(Session& session) {
  const std::uint32_t maxconn = session.target_config->maxconn;
  if (maxconn == 0 || !is_full(*session.target, maxconn)) return;
  WorkerContext& own = *session.worker;
  end_one_resting(own, *session.target);
  if (!is_full(*session.target, maxconn)) return;
  for (const auto& other : own.process->contexts) {
    if (other.get() == &own) continue;
    other->io->post([worker = other.get(), server = session.target, maxconn] {
      if (is_full(*server, maxconn)) end_one_resting(*worker, *server);
    });
  }
}

// Clients that bring one request each would leave a connection behind every time.
bool has_room(const ServerState& server, const ServerConfig& config) {
  const std::uint32_t resting = server.idle.value();
  if (config.pool_max >= 0 && resting >= static_cast<std::uint32_t>(config.pool_max)) return false;
  return resting < std::max(server.sessions.max(), config.pool_low);
}

void rest_server_connection(Session& session) {
  WorkerContext& worker = *session.worker;
  auto rests = worker.idle.record();
  rests->fd = std::exchange(session.server.fd, -1);
  rests->token = std::exchange(session.server.token, {});
  rests->server = session.target;
  rests->config = session.target_config;
  rests->address = session.facts.server;
  rests->source = session.facts.source;
  rests->served = session.server_requests + 1;
  rests->shared_before = session.http->server_shared;
  rests->logged_in = session.http->server_login;
  rests->plain = session.server.plain;
  rests->sent_body = session.http->request_body.framing.kind != proto::http::BodyKind::none;
  session.server.connected = false;
  rests->name = session.http->connection_name;
  const bool own = session.http->server_private || tied_to_client(session) ||
                   session.backend->config->settings.http.reuse == Reuse::never;
  const bool room = has_room(*session.target, *session.target_config);
  if (own && session.http->client_keep_alive && session.frontend->config->settings.http.max_session_servers != 0) {
    worker.io->reactor().rebind(rests->token, on_own_server_event, &session);
    change(rests->server->counters[worker.id()].resting_private, 1);
    session.own_server = rests.release();
  } else if (!own && room && !session.target->removed.load(std::memory_order_relaxed)) {
    worker.idle.add(worker, std::move(rests));
  } else {
    end_resting(worker, *rests);
  }
}

void close_own_server(Session& session) {
  if (session.own_server == nullptr) return;
  end_resting(*session.worker, *leave_client(session));
}

}  // namespace weir::proxy
