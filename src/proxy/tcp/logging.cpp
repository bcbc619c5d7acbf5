// What a session says in the log, and when.
//
// One line by default: at the end, or as soon as nothing in its format is open. `log-steps` asks for others: where a
// step is reached, log_at() tests one bit of the plan. Every target gets the same text, formatted once, unless a log
// profile chooses other words for some: then each wording is formatted once for the targets that share it.
// Manual 8.2, 8.3, 8.3.5, log-steps, do-log, option logasap.
#include <fmt/format.h>

#include "proxy/log_fields.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/phases.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

bool is_normal(const Session& session) {
  const SessionFacts& facts = session.facts;
  if (session.http != nullptr && session.http->status >= 500) return false;  // manual, log-separate-errors
  const bool as_meant = facts.ended_by == EndedBy::nobody || facts.ended_by == EndedBy::local;
  return as_meant && facts.retries == 0 && !facts.redispatched;
}

namespace {

struct Texts {
  std::string_view message;
  std::string_view structured;
};

// A connection that failed before it was a session has a short line of its own.
std::string_view failure_text(const Session& session, const sample::Context& context, std::span<char> out) {
  sample::FormatOutput output(out, sample::FormatUse::log);
  write_error_head(context, output);
  output.verbatim(connection_error(session.client.error).message);
  return {out.data(), output.size()};
}

// Without `option tcplog` or a format.
std::string_view connect_text(Session& session, std::span<char> out) {
  const SessionFacts& facts = session.facts;
  const auto place = [&](const SocketAddress& address) {
    return address.is_inet() ? fmt::format("{}:{}", address.host(), address.port())
                             : fmt::format("unix:{}", session.listener->id);
  };
  const ProxyConfig& frontend = *session.frontend->config;
  const auto end = fmt::format_to_n(out.data(), out.size(), "Connect from {} to {} ({}/{})", place(facts.client),
                                    place(local_address(session)), frontend.name,
                                    frontend.settings.mode == Mode::http ? "HTTP" : "TCP");
  return {out.data(), std::min(end.size, out.size())};
}

Texts texts_of(Session& session, const LogWording& wording, LogOrigin origin) {
  std::span<char> line = session.worker->io->scratch();
  sample::Arena& arena = session.worker->arena;
  const std::size_t mark = arena.mark();
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  context.facts = &origin;
  std::span<char> structured;
  if (wording.structured != nullptr) {
    structured = line.subspan(line.size() / 2);
    line = line.first(line.size() / 2);
    structured = structured.first(wording.structured->format(context, structured));
  }
  std::string_view message;
  if (wording.format != nullptr)
    message = {line.data(), wording.format->format(context, line)};
  else
    message = step_of(origin) == LogStep::error ? failure_text(session, context, line) : connect_text(session, line);
  arena.rewind(mark);
  return {message, {structured.data(), structured.size()}};
}

// Some target has a profile, or the rule names one.
void write_by_profile(Session& session, LogOrigin origin, log::Level level, bool normal, const LogProfile* only) {
  const LogPlan& log = session.frontend->log;
  const auto wording = [&](std::size_t place) {
    const LogProfile* own = log.profiles.empty() ? nullptr : log.profiles[place].get();
    return wording_of(log, only != nullptr ? only : own, step_of(origin), normal);
  };
  for (std::size_t i = 0; i < log.targets.size(); i++) {
    const LogWording wanted = wording(i);
    bool told = wanted.drop;
    for (std::size_t before = 0; before < i && !told; before++) told = wording(before) == wanted;
    if (told) continue;
    const Texts texts = texts_of(session, wanted, origin);
    const log::Line line{
        .level = level, .message = texts.message, .tag = wanted.tag, .structured_data = texts.structured};
    for (std::size_t same = i; same < log.targets.size(); same++)
      if (same == i || wording(same) == wanted) session.worker->emit(*log.targets[same], line);
  }
}

void write_line(Session& session, LogOrigin origin, log::Level level, bool normal, const LogProfile* only = nullptr) {
  const LogPlan& log = session.frontend->log;
  if (!log.profiles.empty() || only != nullptr) [[unlikely]]
    return write_by_profile(session, origin, level, normal, only);
  const Texts texts = texts_of(session, wording_of(log, nullptr, step_of(origin), normal), origin);
  session.worker->emit(log, {.level = level, .message = texts.message, .structured_data = texts.structured});
}

// The level of a session's own lines; nothing when rules say that it has none.
std::optional<log::Level> level_of(const Session& session, bool normal) {
  if (session.extras && session.extras->log_level) {
    if (*session.extras->log_level == kSilent) return std::nullopt;
    return static_cast<log::Level>(*session.extras->log_level);
  }
  return session.frontend->config->settings.log.separate_errors && !normal ? log::Level::err : log::Level::info;
}

}  // namespace

void write_log(Session& session, LogOrigin origin) {
  const FrontendPlan& frontend = *session.frontend;
  if (session.logged || frontend.log.silent_end || frontend.log.targets.empty()) return;
  const LogSettings& settings = frontend.config->settings.log;
  const bool normal = is_normal(session);
  if (settings.skip_normal && normal) return;  // it may still end badly, and is logged then
  session.logged = true;
  // COMPAT: what the server said alone is no exchange; a line that is written early does not ask.
  const bool early = session.server.fd >= 0;
  if (settings.skip_null && !early && !session.is_http && session.request.total == 0 && session.request.end == 0)
    return;
  if (const auto level = level_of(session, normal)) write_line(session, origin, *level, normal);
}

void write_step(Session& session, LogOrigin origin) {
  const FrontendPlan& frontend = *session.frontend;
  if (session.logged || frontend.log.targets.empty()) return;
  const bool normal = is_normal(session);
  if (frontend.config->settings.log.skip_normal && normal) return;
  if (const auto level = level_of(session, normal)) write_line(session, origin, *level, true);
}

void log_plain_connect(Session& session) {
  const FrontendPlan& frontend = *session.frontend;
  if (!frontend.log.plain || frontend.log.targets.empty()) return;
  write_line(session, LogOrigin::txn_accept, log::Level::info, true);
  session.logged = true;
}

void log_now(Session& session, LogOrigin origin, std::string_view profile) {
  const FrontendPlan& frontend = *session.frontend;
  if (frontend.log.targets.empty()) return;
  const auto only = profile.empty() ? nullptr : find_profile(frontend.config->settings.log.profiles, profile);
  write_line(session, origin, log::Level::info, true, only.get());
}

void log_handshake_failure(Session& session, LogOrigin origin) {
  const LogPlan& log = session.frontend->log;
  const LogSettings& settings = session.frontend->config->settings.log;
  const bool nothing_said = session.request.end == 0;
  if (log.targets.empty() || (settings.skip_null && nothing_said)) return;
  const log::Level level = settings.separate_errors ? log::Level::err : log::Level::info;
  write_line(session, origin, level, false);
}

}  // namespace weir::proxy
