// Commands about the process: its version, its environment, its configuration.
#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "admin/answered.h"
#include "admin/command/tables.h"
#include "admin/lookup.h"
#include "admin/session.h"
#include "base/units.h"

namespace weir::admin {
namespace {

void show_version(Call& call) {
  call.out.text += call.control.version();
  call.out.text += '\n';
}

io::Task<void> show_env(Call& call) {
  bool found = false;
  for (const std::string& entry : call.control.environment()) {
    if (!call.words.empty() && entry.substr(0, entry.find('=')) != call.word(0)) continue;
    found = true;
    call.out.text += entry;
    call.out.text += '\n';
    const bool goes_on = co_await call.out.room();
    if (!goes_on) co_return;
  }
  if (!found && !call.words.empty()) call.error("Variable not found\n");
}

bool known_proxy(const proxy::Plan& plan, std::string_view word) {
  if (plan.frontend(word) || plan.backend(word)) return true;
  const auto id = parse_integer(word, -1, 0xffffffffLL);
  if (!id) return false;
  if (*id == -1) return true;
  for (const proxy::ProxyPlan& proxy : plan.proxies)
    if (proxy.config().id == *id) return true;
  return false;
}

// What is captured are HTTP/1 messages that break the protocol; weir relays bytes and reads none.
void show_errors(Call& call) {
  if (!call.words.empty() && !known_proxy(*call.worker.plan, call.word(0))) {
    call.error("No such proxy.\n");
    return;
  }
  const auto now = call.worker.io->wall_now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<Milliseconds>(now).count();
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  char date[32];
  (void)std::strftime(date, sizeof date, "%d/%b/%Y:%H:%M:%S", &local);
  fmt::format_to(std::back_inserter(call.out.text), "Total events captured on [{}.{:03}] : 0\n", date, ms % 1000);
}

void append_lines(std::string& out, const std::string& text) {
  out += text;
  if (!text.empty() && !text.ends_with('\n')) out += '\n';
}

io::Task<void> reload(Call& call) {
  Answered answered;
  call.control.reload(answered.callback());
  const Answered::State answer = co_await answered;
  append_lines(call.out.text, answer.text);
}

io::Task<void> plan_reload(Call& call) {
  Answered answered;
  call.control.plan_reload({call.words.begin(), call.words.end()}, answered.callback());
  const Answered::State answer = co_await answered;
  append_lines(call.out.text, answer.text);
}

void show_startup_logs(Call& call) { append_lines(call.out.text, call.control.startup_logs()); }

constexpr CliCommand kRows[] = {
    {.name = "reload",
     .level = Level::admin,
     .usage = "reload",
     .run = reload,
     .doc = "read the configuration again and apply what changed"},
    {.name = "reload plan",
     .level = Level::admin,
     .usage = "reload plan [<file>]*",
     .run = plan_reload,
     .doc = "what a reload would change, without doing it"},
    {.name = "show env",
     .level = Level::operator_,
     .usage = "show env [<name>]",
     .run = show_env,
     .doc = "environment variables of the process"},
    {.name = "show errors",
     .level = Level::operator_,
     .usage = "show errors [<iid>|<proxy>] [request|response]",
     .answer = show_errors,
     .doc = "captured protocol errors"},
    {.name = "show startup-logs",
     .usage = "show startup-logs",
     .answer = show_startup_logs,
     .doc = "what was said about the configuration at start"},
    {.name = "show version", .usage = "show version", .answer = show_version, .doc = "version of the process"},
};

}  // namespace

constinit const std::span<const CliCommand> process_commands{kRows};

}  // namespace weir::admin
