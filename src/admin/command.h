// A command of the runtime socket is one row: its words, who may say it, what `help` prints, the function that runs it.
//
// `answer` says all at once and never waits; `run` is for commands that ask other workers or say much. Errors are
// answers too: a text for a person. The empty line behind every answer is the session's. Manual: management 9.3.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/level.h"
#include "admin/output.h"
#include "io/task.h"
#include "proxy/control.h"
#include "proxy/engine.h"
#include "proxy/worker_context.h"

namespace weir::admin {

struct CliSession;

struct Call {
  CliSession& session;
  std::span<const std::string> words;  // behind the command's own
  std::string_view payload;
  Output& out;
  proxy::Control& control;
  proxy::WorkerContext& worker;

  /// A refusal, behind its severity if the session wants that.
  void error(std::string_view message) const { say(3, message); }
  /// Feedback that is no data. Severities are syslog's.
  void say(int severity, std::string_view message) const;

  [[nodiscard]] std::string_view word(std::size_t index) const {
    return index < words.size() ? std::string_view(words[index]) : std::string_view();
  }
};

struct CliCommand {
  std::string_view name;  // its words with one space between
  Level level = Level::user;
  bool listed = true;      // by `help`
  std::string_view usage;  // name and arguments, as `help` shows them
  void (*answer)(Call& call) = nullptr;
  io::Task<void> (*run)(Call& call) = nullptr;
  std::string_view doc;
};

/// The rows of every table.
std::vector<const CliCommand*> all_commands();

/// The row whose words begin the line, the longest if several do; null: none. `used` is how many words it took.
const CliCommand* find_command(std::span<const std::string> words, std::size_t& used);

/// `help`: what this level may say, sorted; with words, the rows that resemble them.
void write_help(std::string& out, Level level, std::span<const std::string> words);
/// The answer to something that is no command.
void write_unknown(std::string& out, Level level, std::span<const std::string> words);

}  // namespace weir::admin
