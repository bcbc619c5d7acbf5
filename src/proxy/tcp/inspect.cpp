// Looking at the first bytes: `tcp-request inspect-delay`, `tcp-request content`, and the choice of the backend.
//
// Bytes are read into the flow's buffer and stay there for the server. A rule that cannot be decided yet waits for
// more, until the delay is over, the client has sent its FIN or the buffer is full; then undecided counts as no. A
// client that dies or is silent for too long ends the inspection the same way: the backend is still chosen, so that the
// log names it. COMPAT: observed on 2.6.
//
// A session whose backend speaks HTTP, or that `switch-mode http` names, becomes HTTP with the bytes it has: its first
// request goes on behind what has been asked already, the next ones are asked everything.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/explain.h"
#include "proxy/http/phases.h"
#include "proxy/process_state.h"
#include "proxy/rule/asked.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/phases.h"
#include "proxy/tcp/relay.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

const ProxyConfig& inspecting_config(const Session& session) {
  return session.routed ? *session.backend->config : *session.frontend->config;
}

bool input_is_final(const Session& session) {
  const Flow& flow = session.request;
  const std::uint32_t capacity = static_cast<std::uint32_t>(session.worker->io->buffers().buffer_size());
  const ProxyConfig& config = inspecting_config(session);
  return flow.ended || (flow.buffer != nullptr && flow.end == capacity) || !config.inspect_delay ||
         session.worker->io->now() >= session.phase_deadline;
}

// Manual, force-be-switch: whether this session may reach what is disabled or unpublished.
bool switching_is_forced(Session& session) {
  const auto& rules = session.frontend->config->be_switch_rules;
  if (rules.empty()) return false;
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  const bool forced = any_holds(rules, *session.frontend->rules, context, session);
  session.worker->arena.reset();
  return forced;
}

std::shared_ptr<const BackendPlan> switch_to(const Session& session, std::string_view name, bool forced) {
  auto named = session.plan->backend(name);
  // A computed name may lead anywhere; where HTTP would have to become bytes again it leads nowhere.
  if (named && named->config->settings.mode != Mode::http && session.is_http) return nullptr;
  if (!named) return forced ? session.plan->disabled_backend(name) : nullptr;
  return forced || named->state->published.load(std::memory_order_relaxed) ? named : nullptr;
}

}  // namespace

std::shared_ptr<const BackendPlan> choose_backend(Session& session) {
  const ProxyConfig& config = *session.frontend->config;
  const bool forced = switching_is_forced(session);
  if (!config.use_backends.empty()) {
    ContextParts parts;
    sample::Context context = make_context(session, parts, true);
    for (const UseBackend& rule : config.use_backends) {
      explain(session, [&] {
        return fmt::format("{}: use_backend {} {}", session.frontend->rules->place(rule.number),
                           rule.format ? rule.format->text() : rule.name, rule.condition.text());
      });
      const sample::Trace::Deeper in_rule(context.trace);
      if (!holds(rule, *session.frontend->rules, context, session)) continue;
      std::string_view name = rule.name;
      char computed[256];
      if (rule.format != nullptr) name = {computed, rule.format->format(context, computed)};
      session.worker->arena.reset();
      if (auto named = switch_to(session, name, forced)) return named;
      // Manual, use_backend: a computed name that names no backend falls through to the default, one that is disabled
      // or unpublished to the next rule.
      if (rule.format != nullptr && !session.plan->backend(name) && !session.plan->disabled_backend(name)) break;
    }
    session.worker->arena.reset();
  }
  if (!config.settings.default_backend.empty())
    if (auto named = switch_to(session, config.settings.default_backend, forced)) return named;
  return config.is_backend() ? session.plan->backend(config.name) : nullptr;
}

void enter_backend(Session& session) {
  explain(session, [&] { return fmt::format("backend '{}'", session.backend->config->name); });
  WorkerContext& worker = *session.worker;
  BackendState& state = *session.backend->state;
  state.sessions.increment();
  session.counted_in_backend = true;
  state.counters[worker.id()].sessions.add();
  state.session_rate.add(worker.now_ms());
}

namespace {

// Runs the frontend's rules, then, once it is known, the backend's. True when the session may go on to a server.
bool rules_done(Session& session, bool input_over) {
  const ProxyConfig& config = inspecting_config(session);
  if (config.content_rules.empty()) return true;
  explain_set(session, "tcp-request content", config.name);
  const bool final = input_over || input_is_final(session);
  ContextParts parts;
  sample::Context context = make_context(session, parts, final);
  const Verdict verdict = run_rules(config.content_rules, session.next_content_rule, context, session,
                                    (session.routed ? session.backend->rules : session.frontend->rules).get());
  session.worker->arena.reset();
  if (verdict == Verdict::wait) {
    arm_timer(session);
    return false;
  }
  if (session.next_content_rule < config.content_rules.size())
    session.last_rule = &config.content_rules[session.next_content_rule];
  if (verdict == Verdict::accept) return true;
  session.frontend->state->counters[session.worker->id()].denied_requests.add();
  close_session(session, EndedBy::proxy, 'R');
  return false;
}

void start_delay(Session& session) {
  const ProxyConfig& config = inspecting_config(session);
  session.next_content_rule = 0;
  session.phase_deadline =
      config.inspect_delay ? session.facts.accepted + *config.inspect_delay : session.worker->io->now();
}

}  // namespace

void begin_inspection(Session& session) {
  start_delay(session);
  inspect(session);
}

void inspect(Session& session, EndedBy input_over) {
  const bool over = input_over != EndedBy::nobody;
  if (!session.routed) {
    if (!rules_done(session, over)) return;
    if (session.switched == Session::Switched::in_frontend && !over) return begin_http(session);
    session.backend = choose_backend(session);
    if (!session.backend) {
      session.frontend->state->counters[session.worker->id()].failed_requests.add();
      close_session(session, EndedBy::server, 'C');
      return;
    }
    // Manual, set-retries: what a listen section's rules said of its own servers is nothing to another backend's.
    if (session.extras && session.backend->config->name != session.frontend->config->name)
      session.extras->retries.reset();
    enter_backend(session);
    session.routed = true;
    if (session.backend->config->settings.mode == Mode::http && !over) {
      session.switched = Session::Switched::behind_it;
      return begin_http(session);
    }
    start_delay(session);
  }
  if (!rules_done(session, over)) return;
  if (over) return close_session(session, input_over, 'R');
  session.phase_deadline = TimePoint::max();
  session.attempts_left =
      session.extras && session.extras->retries
          ? *session.extras->retries
          : static_cast<std::uint8_t>(std::clamp(session.backend->config->settings.retries, 0, 255));
  ask_for_server(session);
}

}  // namespace weir::proxy
