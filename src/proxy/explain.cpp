#include "proxy/explain.h"

#include <fmt/format.h>

#include <algorithm>

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

struct KeptRequest {
  std::string bytes;
  std::vector<proto::http::Field> fields;
  proto::http::Head head{{}};

  explicit KeptRequest(const proto::http::Head& from) : fields(from.fields().size()) {
    std::size_t size = from.method_text.size() + from.target.size() + from.odd_version.size();
    for (const proto::http::Field& field : from.fields()) size += field.name.size() + field.value.size();
    bytes.reserve(size);  // it never moves
    head = proto::http::Head(fields);
    head.version = from.version;
    head.method = from.method;
    head.method_text = copy(from.method_text);
    head.target = copy(from.target);
    head.odd_version = copy(from.odd_version);
    for (const proto::http::Field& field : from.fields())
      if (!field.removed) head.add(copy(field.name), field.id, copy(field.value));
  }

 private:
  std::string_view copy(std::string_view text) {
    const std::size_t at = bytes.size();
    bytes += text;
    return std::string_view(bytes).substr(at);
  }
};

Explanation::Explanation() = default;
Explanation::~Explanation() {
  if (counted_in != nullptr) counted_in->candidates_.fetch_sub(1, std::memory_order_relaxed);
}

void ExplainWishes::count() { waiting_.store(static_cast<std::uint32_t>(wishes_.size()), std::memory_order_relaxed); }

std::uint64_t ExplainWishes::add(std::shared_ptr<ExplainWish> wish) {
  const std::scoped_lock guard(lock_);
  const std::uint64_t id = wish->id = ++last_id_;
  wishes_.push_back(std::move(wish));
  count();
  return id;
}

bool ExplainWishes::remove(std::uint64_t id) {
  const std::scoped_lock guard(lock_);
  const auto wish = std::ranges::find(wishes_, id, [](const auto& one) { return one->id; });
  if (wish == wishes_.end()) return false;
  (*wish)->taken.store(true, std::memory_order_relaxed);
  wishes_.erase(wish);
  count();
  return true;
}

bool ExplainWishes::take(const std::shared_ptr<ExplainWish>& wish) { return remove(wish->id); }

std::unique_ptr<Explanation> ExplainWishes::take(const SocketAddress& client, std::string_view frontend) {
  auto explanation = std::make_unique<Explanation>();
  const std::scoped_lock guard(lock_);
  for (auto wish = wishes_.begin(); wish != wishes_.end();) {
    const auto here = wish++;
    if (!(*here)->filter.fits(client, frontend)) continue;
    if (!(*here)->filter.condition.empty()) {
      explanation->candidates.push_back(*here);
    } else if (explanation->taken.empty()) {
      (*here)->taken.store(true, std::memory_order_relaxed);
      explanation->taken.push_back(std::move(*here));
      wishes_.erase(here);
    }
  }
  count();
  if (!explanation->taken.empty()) return explanation;
  if (explanation->candidates.empty()) return nullptr;
  if (candidates_.fetch_add(1, std::memory_order_relaxed) >= kMostCandidates) {
    candidates_.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  explanation->counted_in = this;
  return explanation;
}

void keep_request(Session& session) {
  Explanation* explanation = explanation_of(session);
  if (explanation == nullptr || explanation->candidates.empty() || !session.http->request_head_alive) return;
  explanation->request = std::make_unique<KeptRequest>(session.http->request);
}

void ask_wishes(Session& session) {
  Explanation* explanation = explanation_of(session);
  if (explanation == nullptr || explanation->candidates.empty()) return;
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  context.trace = nullptr;
  if (context.http_request == nullptr && explanation->request != nullptr) {
    parts.http_request = {.head = &explanation->request->head, .body = {}, .body_complete = true};
    context.http_request = &parts.http_request;
  }
  const std::size_t mark = context.arena.mark();
  std::erase_if(explanation->candidates, [&](const std::shared_ptr<ExplainWish>& wish) {
    if (wish->taken.load(std::memory_order_relaxed)) return true;
    const bool holds = wish->filter.condition.evaluate(context) == sample::Truth::yes;
    context.arena.rewind(mark);
    if (holds && session.worker->process->explain.take(wish)) explanation->taken.push_back(wish);
    return holds;
  });
  if (explanation->candidates.empty() && explanation->taken.empty()) session.extras->explanation.reset();
}

void begin_explaining(Session& session, std::string_view what) {
  ExplainWishes& wishes = session.worker->process->explain;
  if (!wishes.any() && explanation_of(session) == nullptr) return;
  if (explanation_of(session) == nullptr) {
    auto taken = wishes.take(session.facts.client, session.frontend->config->name);
    if (!taken) return;
    extras(session).explanation = std::move(taken);
  }
  ask_wishes(session);
  if (Explanation* explanation = explanation_of(session))
    explanation->trace.line(fmt::format("{} from {} at frontend '{}'", what, session.facts.client.to_string(),
                                        session.frontend->config->name));
}

void end_explaining(Session& session) {
  ask_wishes(session);
  if (explanation_of(session) == nullptr) return;
  const std::unique_ptr<Explanation> explanation = std::move(session.extras->explanation);
  const SessionFacts& facts = session.facts;
  std::string end = fmt::format("ended with state '{}{}'", static_cast<char>(facts.ended_by), facts.ended_in);
  if (session.http != nullptr && session.http->status != 0) end += fmt::format(", status {}", session.http->status);
  if (!explanation->stopped) explanation->trace.line(end);
  for (const auto& wish : explanation->taken) wish->done(explanation->trace.text());
}

sample::Trace* trace_of(const Session& session) {
  Explanation* explanation = explanation_of(session);
  return explanation == nullptr ? nullptr : &explanation->trace;
}

bool stops_at_server(Session& session) {
  Explanation* explanation = explanation_of(session);
  if (explanation == nullptr || std::ranges::none_of(explanation->taken, &ExplainWish::stops_at_server)) return false;
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
  ask_wishes(session);
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
