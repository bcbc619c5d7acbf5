// Commands about the connection itself: help, mode, level, timeout, the list of sockets.
#include <fmt/format.h>

#include <iterator>

#include "admin/command/tables.h"
#include "admin/sockets.h"
#include "base/units.h"

namespace weir::admin {
namespace {

using Mode = CliSession::Mode;

void help(Call& call) {
  call.say(6, {});
  write_help(call.out.text, call.session.level, call.words);
}

void prompt(Call& call) {
  CliSession& session = call.session;
  if (call.words.empty()) {
    session.mode = session.mode == Mode::prompt ? Mode::single : Mode::prompt;
    return;
  }
  for (const std::string& word : call.words) {
    if (word == "n") {
      session.mode = Mode::single;
    } else if (word == "i") {
      session.mode = Mode::interactive;
    } else if (word == "p") {
      session.mode = Mode::prompt;
    } else if (word == "timed") {
      session.mode = Mode::prompt;
      session.timed = !session.timed;
    } else {
      call.out.text +=
          "Usage: prompt [help | n | i | p | timed]*\n"
          "  n      one line, then the connection closes\n"
          "  i      any number of lines, no prompt\n"
          "  p      any number of lines, with a prompt\n"
          "  timed  prompt with or without the time since the start\n"
          "Without an argument: prompt mode on or off.\n";
      return;
    }
  }
}

void quit(Call& call) { call.session.ending = true; }

// Manual, operator, user: what only administrators may turn on does not outlast them.
void lower(CliSession& session, Level level) {
  session.level = level;
  session.expert = session.experimental = false;
}
void to_operator(Call& call) { lower(call.session, Level::operator_); }
void to_user(Call& call) { lower(call.session, Level::user); }

// Commands for which either mode would be needed are absent here: the modes are remembered and told, no more.
template <bool CliSession::* Mode>
void switch_mode(Call& call, std::string_view name) {
  bool& on = call.session.*Mode;
  if (call.words.empty()) return call.say(6, fmt::format("{} is {}\n", name, on ? "ON" : "OFF"));
  if (call.word(0) == "on") on = true;
  if (call.word(0) == "off") on = false;
}
void expert_mode(Call& call) { switch_mode<&CliSession::expert>(call, "expert-mode"); }
void experimental_mode(Call& call) { switch_mode<&CliSession::experimental>(call, "experimental-mode"); }

void set_severity_output(Call& call) {
  const auto wanted = severity_named(call.word(0));
  if (!wanted) return call.error("one of 'none', 'number', 'string' is a required argument\n");
  call.session.severity = *wanted;
}

void echo(Call& call) {
  for (std::size_t i = 0; i < call.words.size(); i++) {
    if (i != 0) call.out.text += ' ';
    call.out.text += call.words[i];
  }
  if (!call.words.empty()) call.out.text += '\n';
}

void show_level(Call& call) { call.say(6, fmt::format("{}\n", level_name(call.session.level))); }

void show_sockets(Call& call) {
  call.out.text += "# socket lvl processes\n";
  for (const auto& [key, socket] : call.session.sockets.served)
    fmt::format_to(std::back_inserter(call.out.text), "{} {} all\n", socket->name, level_name(socket->level));
}

void set_timeout(Call& call) {
  if (call.word(0) != "cli") {
    call.error("'set timeout' only supports 'cli'.\n");
    return;
  }
  if (call.word(1).empty()) {
    call.error("Expects an integer value.\n");
    return;
  }
  const auto wanted = parse_time(call.word(1), std::chrono::seconds(1));
  if (!wanted || wanted->count() == 0) {
    call.error("Invalid timeout value.\n");
    return;
  }
  call.session.timeout = *wanted;
  call.out.set_timeout(*wanted);
}

constexpr CliCommand kRows[] = {
    {.name = "echo", .usage = "echo <text>", .answer = echo, .doc = "the text again"},
    {.name = "experimental-mode",
     .level = Level::admin,
     .usage = "experimental-mode [on|off]",
     .answer = experimental_mode,
     .doc = "experimental commands for this session"},
    {.name = "expert-mode",
     .level = Level::admin,
     .listed = false,
     .usage = "expert-mode [on|off]",
     .answer = expert_mode,
     .doc = "commands for developers for this session"},
    {.name = "help", .usage = "help [<command>]", .answer = help, .doc = "list matching or all commands"},
    {.name = "operator",
     .level = Level::operator_,
     .usage = "operator",
     .answer = to_operator,
     .doc = "lower this session's level to operator"},
    {.name = "prompt",
     .usage = "prompt [help | n | i | p | timed]*",
     .answer = prompt,
     .doc = "interactive mode with prompt, or another mode"},
    {.name = "quit", .usage = "quit", .answer = quit, .doc = "disconnect"},
    {.name = "set severity-output",
     .usage = "set severity-output [none|number|string]",
     .answer = set_severity_output,
     .doc = "how serious an answer is, before it"},
    {.name = "set timeout",
     .usage = "set timeout cli <delay>",
     .answer = set_timeout,
     .doc = "how long this session may be idle, in seconds"},
    {.name = "show cli level", .usage = "show cli level", .answer = show_level, .doc = "this session's level"},
    {.name = "show cli sockets",
     .level = Level::operator_,
     .usage = "show cli sockets",
     .answer = show_sockets,
     .doc = "the sockets that take commands"},
    {.name = "user", .usage = "user", .answer = to_user, .doc = "lower this session's level to user"},
};

}  // namespace

constinit const std::span<const CliCommand> socket_commands{kRows};

}  // namespace weir::admin
