// show errors: the messages that broke HTTP's grammar, byte by byte, with the place of the fault.
//
// COMPAT: the form is the observed one of 2.6, but for the lines about that program's inside, in whose place stands
// what was wrong. Manual (management): show errors.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "admin/command/tables.h"
#include "admin/session.h"
#include "base/units.h"
#include "proxy/broken_message.h"
#include "proxy/log_date.h"

namespace weir::admin {
namespace {

using proxy::BrokenMessage;
using proxy::ReportedName;

std::string date(WallTime when) {
  return fmt::format("[{}.{:03}]", proxy::date_text(when), proxy::milliseconds_of(when));
}

std::string with_id(const ReportedName& who) { return fmt::format("{} (#{})", who.name, who.id); }

std::string escaped(char c) {
  switch (c) {
    case '\t': return "\\t";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\x1b': return "\\e";
    case '\\': return "\\\\";
    default: break;
  }
  if (c >= 0x20 && c < 0x7f) return std::string(1, c);
  return fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
}

// One line of the message a line, or as much as stays within 79 columns.
void append_bytes(std::string& out, std::string_view bytes) {
  constexpr std::size_t kColumns = 70;
  bool continued = false;
  for (std::size_t at = 0; at < bytes.size();) {
    fmt::format_to(std::back_inserter(out), "  {:05}{} ", at, continued ? '+' : ' ');
    continued = true;
    for (std::size_t column = 0; at < bytes.size() && continued;) {
      const std::string shown = escaped(bytes[at]);
      if (column + shown.size() > kColumns) break;
      out += shown;
      column += shown.size();
      continued = bytes[at++] != '\n';
    }
    out += '\n';
  }
}

void append_report(std::string& out, const BrokenMessage& broken) {
  const auto to = std::back_inserter(out);
  const auto& [subject, other] =
      broken.response ? std::pair(broken.backend, broken.frontend) : std::pair(broken.frontend, broken.backend);
  fmt::format_to(to, " \n{} {} {}: invalid {}\n", date(broken.when), broken.response ? "backend" : "frontend",
                 with_id(subject), broken.response ? "response" : "request");
  fmt::format_to(to, "  {} {}, server {}, event #{}, src {}\n", broken.response ? "frontend" : "backend",
                 with_id(other), with_id(broken.server), broken.number, broken.client.to_string());
  fmt::format_to(to, "  buffer starts at 0 (including 0 out), {} free,\n", broken.buffer - broken.bytes.size());
  fmt::format_to(to, "  len {}, wraps at {}, error at position {}\n", broken.bytes.size(), broken.buffer, broken.at);
  fmt::format_to(to, "  {} :\n  \n", broken.why);
  append_bytes(out, broken.bytes);
}

/// Whose messages are asked for.
struct Wanted {
  std::int64_t id = -1;  // below 0: of all
  bool requests = true;
  bool responses = true;
  [[nodiscard]] bool holds(const BrokenMessage& broken) const {
    return id < 0 || broken.frontend.id == id || broken.backend.id == id;
  }
};

// COMPAT: a number nobody has finds nothing; a name nobody has is an error.
bool find_proxy(const proxy::Plan& plan, std::string_view word, Wanted& wanted) {
  if (const auto frontend = plan.frontend(word)) {
    wanted.id = frontend->config->id;
  } else if (const auto backend = plan.backend(word)) {
    wanted.id = backend->config->id;
  } else if (const auto id = parse_integer(word, -0xffffffffLL, 0xffffffffLL)) {
    wanted.id = *id;
  } else {
    return false;
  }
  return true;
}

io::Task<void> show_errors(Call& call) {
  Wanted wanted;
  if (!call.words.empty() && !find_proxy(*call.worker.plan, call.word(0), wanted)) {
    call.error("No such proxy.\n");
    co_return;
  }
  if (call.words.size() > 1) {
    wanted.requests = call.word(1) != "response";
    wanted.responses = call.word(1) != "request";
  }
  fmt::format_to(std::back_inserter(call.out.text), "Total events captured on {} : {}\n",
                 date(call.worker.io->wall_now()),
                 call.worker.process->broken_messages.load(std::memory_order_relaxed));
  const std::shared_ptr<const proxy::Plan> plan = call.worker.plan;
  for (const proxy::ProxyPlan& proxy : plan->proxies) {
    std::shared_ptr<const BrokenMessage> request;
    std::shared_ptr<const BrokenMessage> response;
    if (proxy.frontend && wanted.requests) request = proxy.frontend->state->broken.get();
    if (proxy.backend && wanted.responses) response = proxy.backend->state->broken.get();
    if (request && wanted.holds(*request)) append_report(call.out.text, *request);
    if (response && wanted.holds(*response)) append_report(call.out.text, *response);
    const bool goes_on = co_await call.out.room();
    if (!goes_on) co_return;
  }
}

constexpr CliCommand kRows[] = {
    {.name = "show errors",
     .level = Level::operator_,
     .usage = "show errors [<iid>|<proxy>] [request|response]",
     .run = show_errors,
     .doc = "the last messages that broke HTTP's grammar, with the place of the fault"},
};

}  // namespace

constinit const std::span<const CliCommand> error_commands{kRows};

}  // namespace weir::admin
