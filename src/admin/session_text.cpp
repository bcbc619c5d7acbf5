#include "admin/session_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "proxy/http/exchange.h"
#include "proxy/log_date.h"
#include "sample/log_format.h"

namespace weir::admin {
namespace {

std::string remaining(TimePoint deadline, TimePoint now) {
  if (deadline == TimePoint::max()) return {};
  return short_time(std::chrono::duration_cast<Milliseconds>(std::max(deadline - now, Clock::duration(0))));
}

// Until which moment it may stay silent.
TimePoint deadline_of(const proxy::Session& session) {
  if (session.phase != proxy::Phase::relaying) return session.phase_deadline;
  const proxy::Timeouts& front = session.frontend->config->settings.timeouts;
  const proxy::Timeouts& back = session.backend->config->settings.timeouts;
  const auto after = [](const proxy::Side& side, Timeout timeout) {
    return timeout ? std::max(side.last_read, side.last_write) + *timeout : TimePoint::max();
  };
  if (back.tunnel) return std::max(after(session.client, back.tunnel), after(session.server, back.tunnel));
  return std::min(after(session.client, front.client), after(session.server, back.server));
}

std::string_view phase_name(proxy::Phase phase) {
  switch (phase) {
    case proxy::Phase::free: return "free";
    case proxy::Phase::handshake: return "handshake";
    case proxy::Phase::requesting: return "requesting";
    case proxy::Phase::inspecting: return "inspecting";
    case proxy::Phase::tarpit: return "tarpit";
    case proxy::Phase::queued: return "queued";
    case proxy::Phase::connecting: return "connecting";
    case proxy::Phase::pausing: return "pausing";
    case proxy::Phase::relaying: return "relaying";
  }
  return "free";
}

std::string_view protocol(const SocketAddress& address) {
  if (address.family() == AddressFamily::ipv4) return "tcpv4";
  return address.family() == AddressFamily::ipv6 ? "tcpv6" : "unix_stream";
}

std::string address_text(const SocketAddress& address) {
  if (address.is_inet()) return address.to_string();
  return address.family() == AddressFamily::none ? "unknown" : "unix";
}

std::size_t held(const proxy::Flow& flow) {
  return (flow.end - flow.start) + (flow.pipe != nullptr ? static_cast<std::size_t>(flow.pipe->held) : 0);
}

std::string date(WallTime wall) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(wall.time_since_epoch()).count();
  return fmt::format("{}.{:06}", proxy::date_text(wall), us % 1'000'000);
}

void write_flow(std::string& out, std::string_view name, const proxy::Flow& flow) {
  fmt::format_to(std::back_inserter(out), "  {}: total={} held={} pipe={} ended={} fin_sent={} blocked={}\n", name,
                 flow.total, held(flow), flow.pipe != nullptr ? flow.pipe->held : 0, flow.ended, flow.fin_sent,
                 flow.blocked);
}

std::string_view mode_name(const proxy::ProxyConfig& proxy) {
  return proxy.settings.mode == proxy::Mode::http ? "http" : "tcp";
}

// What a client sent may hold anything: escaped and quoted as in the log.
void write_uri(std::string& out, const proxy::Session& session) {
  if (session.http == nullptr || session.http->target.empty()) return;
  const std::span<char> scratch = session.worker->io->scratch();
  sample::FormatOutput text(scratch, sample::FormatUse::log);
  text.set_flags({.quote = true});
  text.text(session.http->target);
  out.append(" uri=").append(scratch.data(), text.size());
}

void write_extended(std::string& out, const proxy::Session& session) {
  const auto end = std::back_inserter(out);
  const proxy::SessionFacts& facts = session.facts;
  const TimePoint now = session.worker->io->now();
  const TimePoint deadline = deadline_of(session);
  fmt::format_to(end, "{:#x}: [{}] id={} proto={} source={}\n", name_of(session).value(), date(facts.accepted_wall),
                 session.serial, protocol(facts.client), address_text(facts.client));
  fmt::format_to(end, "  phase={}, conn_retries={}, redispatched={}, age={}, exp={}\n", phase_name(session.phase),
                 facts.retries, facts.redispatched,
                 short_time(std::chrono::duration_cast<Milliseconds>(now - facts.accepted)),
                 deadline == TimePoint::max() ? "<NEVER>" : remaining(deadline, now));
  fmt::format_to(end, "  frontend={} (id={} mode={}), listener={} (id={}) addr={}\n", session.frontend->config->name,
                 session.frontend->config->id, mode_name(*session.frontend->config),
                 session.listener->name.empty() ? "?" : session.listener->name, session.listener->id,
                 session.listener->address.to_string());
  if (session.backend)
    fmt::format_to(end, "  backend={} (id={} mode={}) addr={}\n", session.backend->config->name,
                   session.backend->config->id, mode_name(*session.backend->config), address_text(facts.source));
  else
    out += "  backend=<NONE> (id=-1 mode=-)\n";
  if (session.target)
    fmt::format_to(end, "  server={} (id={})\n", session.target->name, session.target->id);
  else
    out += "  server=<NONE> (id=-1)\n";
  fmt::format_to(end, "  worker={} client_fd={} server_fd={}\n", session.worker->id(), session.client.fd,
                 session.server.fd);
  write_flow(out, "req", session.request);
  write_flow(out, "res", session.response);
}

void write_line(std::string& out, const proxy::Session& session) {
  const proxy::SessionFacts& facts = session.facts;
  const TimePoint now = session.worker->io->now();
  const std::string left = remaining(deadline_of(session), now);
  const std::string connecting =
      session.phase == proxy::Phase::connecting ? remaining(session.phase_deadline, now) : std::string();
  fmt::format_to(std::back_inserter(out),
                 "{:#x}: proto={} src={} fe={} be={} srv={} ts={:02} epoch=0 age={} calls=0 rate=0 cpu=0 lat=0 "
                 "rq[f=0h,i={},an=00h,rx={},wx=,ax=] rp[f=0h,i={},an=00h,rx={},wx=,ax=] scf=[8,0h,fd={}] "
                 "scb=[8,1h,fd={}] exp={} rc={} c_exp={}",
                 name_of(session).value(), protocol(facts.client), address_text(facts.client),
                 session.frontend->config->name, session.backend ? session.backend->config->name : "<NONE>",
                 session.target ? session.target->name : "<none>", static_cast<unsigned>(session.phase),
                 short_time(std::chrono::duration_cast<Milliseconds>(now - facts.accepted)), held(session.request),
                 left, held(session.response), left, session.client.fd, session.server.fd, left, facts.retries,
                 connecting);
}

}  // namespace

SessionName name_of(const proxy::Session& session) { return {session.slot, session.generation, session.worker->id()}; }

std::optional<std::uint64_t> parse_session_name(std::string_view word) {
  if (!word.starts_with("0x") || word.size() == 2) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data() + 2, word.data() + word.size(), value, 16);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

proxy::Session* find_session(proxy::WorkerContext& worker, const SessionName& name) {
  proxy::Session* session = worker.sessions.at(name.slot);
  return session != nullptr && (session->generation & 0xffffffU) == name.generation ? session : nullptr;
}

std::string short_time(Milliseconds duration) {
  const auto seconds = duration.count() / 1000;
  if (seconds >= 86400) return fmt::format("{}d{}h", seconds / 86400, seconds / 3600 % 24);
  if (seconds >= 3600) return fmt::format("{}h{}m", seconds / 3600, seconds / 60 % 60);
  if (seconds >= 60) return fmt::format("{}m{}s", seconds / 60, seconds % 60);
  return fmt::format("{}s", seconds);
}

void write_session(std::string& out, const proxy::Session& session, const SessionForm& form) {
  if (form.extended) {
    write_extended(out, session);
    if (!form.uri || session.http == nullptr || session.http->target.empty()) return;
    out += "  request";
    write_uri(out, session);
  } else {
    write_line(out, session);
    if (form.uri) write_uri(out, session);
  }
  out += '\n';
}

}  // namespace weir::admin
