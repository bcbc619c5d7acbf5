// All commands: the list of their tables, finding one, help.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "admin/command.h"
#include "admin/command/tables.h"

namespace weir::admin {
namespace {

constexpr const std::span<const CliCommand>* kTables[] = {
    &socket_commands,  &info_commands,       &stat_commands,           &session_commands, &server_state_commands,
    &server_commands,  &set_server_commands, &dynamic_server_commands, &backend_commands, &frontend_commands,
    &table_commands,   &peers_commands,      &event_commands,          &process_commands, &error_commands,
    &explain_commands, &variable_commands,   &pattern_commands,        &pool_commands,    &inside_commands,
    &update_commands,  &wait_commands,       &hand_over_commands,      &schema_commands,  &rule_commands};

std::vector<std::string_view> words_of(std::string_view name) {
  std::vector<std::string_view> words;
  while (!name.empty()) {
    const std::size_t space = name.find(' ');
    words.push_back(name.substr(0, space));
    name.remove_prefix(space == std::string_view::npos ? name.size() : space + 1);
  }
  return words;
}

// How many letters must be typed, dropped or changed to come from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); j++) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); i++) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); j++) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

bool close_to(std::string_view typed, std::string_view word) {
  if (typed.size() > 2 * word.size()) return false;
  return word.starts_with(typed) || distance(typed, word) <= word.size() / 4;
}

// The first words typed resemble the row's.
bool resembles(const CliCommand& row, std::span<const std::string> typed, std::size_t most) {
  const std::vector<std::string_view> words = words_of(row.name);
  const std::size_t count = std::min({words.size(), typed.size(), most});
  for (std::size_t i = 0; i < count; i++)
    if (!close_to(typed[i], words[i])) return false;
  return count != 0;
}

bool closing_row(std::string_view name) { return name == "help" || name == "prompt" || name == "quit"; }

void write_row(std::string& out, const CliCommand& row) {
  fmt::format_to(std::back_inserter(out), "  {:<40}: {}\n", row.usage, row.doc);
}

std::vector<const CliCommand*> rows_for(Level level) {
  std::vector<const CliCommand*> rows = all_commands();
  std::erase_if(rows, [&](const CliCommand* row) { return row->level > level || !row->listed; });
  std::sort(rows.begin(), rows.end(), [](const CliCommand* a, const CliCommand* b) {
    const bool a_last = closing_row(a->name), b_last = closing_row(b->name);
    return a_last != b_last ? b_last : a->name < b->name;
  });
  return rows;
}

// The rows that resemble what was typed, then those that are always shown.
void write_resembling(std::string& out, Level level, std::span<const std::string> words) {
  const std::vector<const CliCommand*> rows = rows_for(level);
  std::size_t most = words.size();
  const auto similar = [&](const CliCommand* row) { return resembles(*row, words, most) && !closing_row(row->name); };
  if (std::none_of(rows.begin(), rows.end(), similar)) most = 1;
  for (const CliCommand* row : rows)
    if (closing_row(row->name) || similar(row)) write_row(out, *row);
}

}  // namespace

std::vector<const CliCommand*> all_commands() {
  std::vector<const CliCommand*> rows;
  for (const auto* table : kTables)
    for (const CliCommand& row : *table) rows.push_back(&row);
  return rows;
}

const CliCommand* find_command(std::span<const std::string> words, std::size_t& used) {
  const CliCommand* best = nullptr;
  used = 0;
  for (const auto* table : kTables) {
    for (const CliCommand& row : *table) {
      const std::vector<std::string_view> name = words_of(row.name);
      if (name.size() > words.size() || name.size() <= used) continue;
      if (!std::equal(name.begin(), name.end(), words.begin())) continue;
      best = &row;
      used = name.size();
    }
  }
  return best;
}

void write_help(std::string& out, Level level, std::span<const std::string> words) {
  out += "The following commands are valid at this level:\n";
  if (!words.empty()) return write_resembling(out, level, words);
  for (const CliCommand* row : rows_for(level)) write_row(out, *row);
}

void write_unknown(std::string& out, Level level, std::span<const std::string> words) {
  if (!words.empty()) {
    out += "Unknown command, but maybe one of the following ones is a better match:\n";
    return write_resembling(out, level, words);
  }
  out += "Unknown command. Please enter one of the following commands only:\n";
  for (const CliCommand* row : rows_for(level)) write_row(out, *row);
}

}  // namespace weir::admin
