// The sentences that changes of health leave in the log.
//
// The wording is an interface: people's alerts match on it. Observed from outside on HAProxy 2.6.
#include <fmt/format.h>

#include "check/health.h"

namespace weir::check {
namespace {

constexpr int kEmergency = 0;
constexpr int kAlert = 1;
constexpr int kNotice = 5;

std::string subject(const ServerName& name) {
  return fmt::format("{} {}/{}", name.backup ? "Backup Server" : "Server", name.backend, name.server);
}

// The code belongs to the results that carry one; a wrong status is told by it.
std::string reason(const CheckResult& result) {
  std::string text = fmt::format(", reason: {}", status_description(result.status));
  if (result.code != CheckResult::kNoCode) text += fmt::format(", code: {}", result.code);
  if (!result.info.empty()) text += fmt::format(", info: \"{}\"", result.info);
  // Traffic that failed took no check's time.
  if (result.duration == CheckResult::kNoDuration) return text;
  return text + fmt::format(", check duration: {}ms", result.duration.count());
}

std::string remaining(const Remaining& left, bool going_down) {
  std::string text =
      fmt::format(". {} active and {} backup servers {}.{} ", left.active, left.backup, going_down ? "left" : "online",
                  left.active == 0 && left.backup > 0 ? " Running on backup." : "");
  if (going_down)
    return text + fmt::format("{} sessions active, {} requeued, {} remaining in queue.", left.sessions, left.requeued,
                              left.queued);
  return text + fmt::format("{} sessions requeued, {} total in queue.", left.requeued, left.queued);
}

Notice same(int level, std::string text) { return {.level = level, .text = text, .terminal_text = text}; }

std::string_view word(Transition transition) {
  switch (transition) {
    case Transition::down: return "DOWN";
    case Transition::stopping: return "stopping";
    default: return "UP";
  }
}

Notice changed(const ServerName& name, Transition transition, std::string_view why, const Remaining& left) {
  const bool down = transition == Transition::down;
  return same(down ? kAlert : kNotice,
              fmt::format("{} is {}{}{}", subject(name), word(transition), why, remaining(left, down)));
}

}  // namespace

namespace {

struct Standing {
  std::uint32_t counter;
  std::uint32_t rise;
  std::uint32_t fall;
};

Notice told(std::string_view what, const ServerName& name, const CheckResult& result, const Standing& after) {
  std::string_view verdict = "failed";
  if (passed(result.status)) verdict = result.status == Status::l7okc ? "conditionally succeeded" : "succeeded";
  const bool up = after.counter >= after.rise;
  const std::string_view word = !up ? "DOWN" : name.gets_no_share ? "DRAIN" : "UP";
  return same(kNotice,
              fmt::format("{} check for {}server {}/{} {}{}, status: {}/{} {}.", what, name.backup ? "backup " : "",
                          name.backend, name.server, verdict, reason(result),
                          up ? after.counter - after.rise + 1 : after.counter, up ? after.fall : after.rise, word));
}

}  // namespace

Notice check_notice(const ServerName& name, const CheckResult& result, const Health& after) {
  return told("Health", name, result, {after.counter(), after.rise(), after.fall()});
}

// An agent's word counts at once: its rise and its fall are 1.
Notice agent_notice(const ServerName& name, const CheckResult& result, const Health& after) {
  return told("Agent", name, result, {after.agent_says_up() ? 1U : 0U, 1, 1});
}

Notice transition_notice(const ServerName& name, Transition transition, const CheckResult* cause,
                         const Remaining& left) {
  return changed(name, transition, cause != nullptr ? reason(*cause) : std::string(), left);
}

Notice forced_notice(const ServerName& name, Transition transition, const Remaining& left) {
  return changed(name, transition, ", changed from CLI", left);
}

Notice restored_notice(const ServerName& name, Transition transition, const Remaining& left) {
  return changed(name, transition, ", changed from server-state after a reload", left);
}

Notice followed_notice(const ServerName& name, Transition transition, std::string_view leader, const Remaining& left) {
  return changed(name, transition, fmt::format(" via {}", leader), left);
}

Notice admin_notice(const ServerName& name, AdminEvent event, const Health& after, const Remaining& left,
                    std::string_view leader) {
  const std::string who = subject(name);
  const std::string via = leader.empty() ? std::string() : fmt::format(" via {}", leader);
  const std::string_view state = after.up() ? "UP" : "DOWN";
  switch (event) {
    case AdminEvent::enter_maint:
      return same(kAlert, fmt::format("{} is going DOWN for maintenance{}{}", who, via, remaining(left, true)));
    case AdminEvent::enter_maint_when_draining:
      return same(kNotice, fmt::format("{} is going DOWN for maintenance{}{}", who, via, remaining(left, true)));
    case AdminEvent::enter_maint_when_down:
      return same(kNotice, fmt::format("{} was DOWN and now enters maintenance{}.", who, via));
    case AdminEvent::leave_maint:
      return same(kNotice, fmt::format("{} is {}/{} (leaving {}maintenance).", who, state,
                                       after.draining() ? "DRAIN" : "READY", leader.empty() ? "forced " : ""));
    case AdminEvent::remain_in_inherited_maint:
      return same(kNotice, fmt::format("{} is leaving forced maintenance but remains in maintenance{}.", who, via));
    case AdminEvent::enter_drain:
      return same(kNotice, fmt::format("{} enters drain state{}{}", who, via, remaining(left, !after.up())));
    case AdminEvent::remain_in_drain: return same(kNotice, fmt::format("{} remains in forced drain mode.", who));
    case AdminEvent::leave_drain: return same(kNotice, fmt::format("{} is {} (leaving forced drain).", who, state));
  }
  return {};
}

Notice no_server_notice(std::string_view backend, std::string_view kind) {
  return {.level = kEmergency,
          .text = fmt::format("{} {} has no server available!", kind, backend),
          .terminal_text = fmt::format("{} '{}' has no server available!", kind, backend)};
}

}  // namespace weir::check
