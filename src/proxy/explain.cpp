#include "proxy/explain.h"

#include <fmt/format.h>

#include "proxy/http/exchange.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

Explanation* explanation_of(const Session& session) {
  return session.extras ? session.extras->explanation.get() : nullptr;
}

std::string_view state_text(const ServerState& server) {
  const std::scoped_lock guard(server.backend.lock);
  return server.health.usable_by_persistence() ? "" : ", which is down";
}

// How many could have been chosen.
std::string balance_text(const Session& session) {
  BackendState& backend = *session.backend->state;
  const std::scoped_lock guard(backend.lock);
  return fmt::format("balance {} among {} usable of {} servers", session.backend->config->settings.balance.algorithm,
                     backend.picker->usable(), backend.servers.size());
}

}  // namespace

bool ExplainFilter::fits(const SocketAddress& client, std::string_view name) const {
  return (frontend.empty() || frontend == name) && (!network || network->contains(client));
}

std::uint64_t ExplainWishes::add(ExplainFilter filter, std::unique_ptr<Explanation> explanation) {
  const std::scoped_lock guard(lock_);
  wishes_.push_back({++last_id_, std::move(filter), std::move(explanation)});
  waiting_.store(static_cast<std::uint32_t>(wishes_.size()), std::memory_order_relaxed);
  return last_id_;
}

bool ExplainWishes::remove(std::uint64_t id) {
  const std::scoped_lock guard(lock_);
  const bool removed = wishes_.remove_if([id](const Wish& wish) { return wish.id == id; }) != 0;
  waiting_.store(static_cast<std::uint32_t>(wishes_.size()), std::memory_order_relaxed);
  return removed;
}

std::unique_ptr<Explanation> ExplainWishes::take(const SocketAddress& client, std::string_view frontend) {
  const std::scoped_lock guard(lock_);
  for (auto wish = wishes_.begin(); wish != wishes_.end(); ++wish) {
    if (!wish->filter.fits(client, frontend)) continue;
    auto taken = std::move(wish->explanation);
    wishes_.erase(wish);
    waiting_.store(static_cast<std::uint32_t>(wishes_.size()), std::memory_order_relaxed);
    return taken;
  }
  return nullptr;
}

void begin_explaining(Session& session, std::string_view what) {
  ExplainWishes& wishes = session.worker->process->explain;
  if (!wishes.any() && explanation_of(session) == nullptr) return;
  if (explanation_of(session) == nullptr) {
    auto taken = wishes.take(session.facts.client, session.frontend->config->name);
    if (!taken) return;
    extras(session).explanation = std::move(taken);
  }
  session.extras->explanation->trace.line(fmt::format(
      "{} from {} at frontend '{}'", what, session.facts.client.to_string(), session.frontend->config->name));
}

void end_explaining(Session& session) {
  if (explanation_of(session) == nullptr) return;
  const std::unique_ptr<Explanation> explanation = std::move(session.extras->explanation);
  const SessionFacts& facts = session.facts;
  std::string end = fmt::format("ended with state '{}{}'", static_cast<char>(facts.ended_by), facts.ended_in);
  if (session.http != nullptr && session.http->status != 0) end += fmt::format(", status {}", session.http->status);
  if (!explanation->stopped) explanation->trace.line(end);
  explanation->done(explanation->trace.text());
}

sample::Trace* trace_of(const Session& session) {
  Explanation* explanation = explanation_of(session);
  return explanation == nullptr ? nullptr : &explanation->trace;
}

bool stops_at_server(Session& session) {
  Explanation* explanation = explanation_of(session);
  if (explanation == nullptr || !explanation->stops_at_server) return false;
  return explanation->stopped = true;
}

std::string place_of(const Session& session, SourcePosition at) {
  const auto& names = session.frontend->config->file_names;
  const std::string_view file = names && at.file < names->size() ? std::string_view((*names)[at.file]) : "?";
  return fmt::format("{}:{}", file, at.line);
}

void explain_set(Session& session, std::string_view set, std::string_view proxy) {
  explain(session, [&] { return fmt::format("{} of '{}'", set, proxy); });
}

void explain_server(Session& session, const AssignResult& assigned, bool wanted) {
  sample::Trace* trace = trace_of(session);
  if (trace == nullptr) return;
  switch (assigned.kind) {
    case AssignResult::Kind::no_server: return trace->line("server: none is usable");
    case AssignResult::Kind::queued: return trace->line("server: all that may serve are full; the session waits");
    case AssignResult::Kind::queue_full: return trace->line("server: the queue is full");
    case AssignResult::Kind::server: break;
  }
  const std::string why = wanted && session.persistent ? std::string("named as told above")
                          : wanted                     ? "the one named above may not serve; " + balance_text(session)
                                                       : balance_text(session);
  trace->line(fmt::format("server '{}'{}: {}", assigned.server->name, state_text(*assigned.server), why));
}

}  // namespace weir::proxy
