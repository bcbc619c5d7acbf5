// Commands about the process: its version, its environment, its configuration.
#include "admin/answered.h"
#include "admin/command/tables.h"
#include "admin/session.h"

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
    {.name = "show startup-logs",
     .usage = "show startup-logs",
     .answer = show_startup_logs,
     .doc = "what was said about the configuration at start"},
    {.name = "show version", .usage = "show version", .answer = show_version, .doc = "version of the process"},
};

}  // namespace

constinit const std::span<const CliCommand> process_commands{kRows};

}  // namespace weir::admin
