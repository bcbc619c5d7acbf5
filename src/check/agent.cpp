#include "check/agent.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::check {
namespace {

constexpr std::string_view kBlanks = " \t,";

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
}

bool percentage(std::string_view word) {
  if (!word.ends_with('%') || word.size() < 2) return false;
  return word.substr(0, word.size() - 1).find_first_not_of("0123456789") == word.npos;
}

// False: the word means nothing.
bool take_word(AgentAnswer& answer, std::string_view word) {
  using Mode = AgentAnswer::Mode;
  constexpr std::string_view kWeight = "weight:";
  constexpr std::string_view kMaxconn = "maxconn:";
  if (percentage(word)) {
    answer.weight = word;
  } else if (word.size() > kWeight.size() && same(word.substr(0, kWeight.size()), kWeight)) {
    answer.weight = word.substr(kWeight.size());
  } else if (word.size() >= kMaxconn.size() && same(word.substr(0, kMaxconn.size()), kMaxconn)) {
    answer.maxconn = word.substr(kMaxconn.size());
    answer.has_maxconn = true;
  } else if (same(word, "ready")) {
    answer.mode = Mode::ready;
  } else if (same(word, "drain")) {
    answer.mode = Mode::drain;
  } else if (same(word, "maint")) {
    answer.mode = Mode::maint;
  } else if (same(word, "up")) {
    answer.says = AgentAnswer::Says::up;
    answer.word = word;
  } else if (same(word, "down") || same(word, "fail") || same(word, "stopped")) {
    answer.says = AgentAnswer::Says::down;
    answer.word = word;
  } else {
    return false;
  }
  return true;
}

}  // namespace

AgentAnswer parse_agent_answer(std::string_view line) {
  AgentAnswer answer;
  const auto sharp = line.find('#');
  if (sharp != line.npos) {
    answer.description = line.substr(sharp + 1);
    answer.description.remove_prefix(std::min(answer.description.find_first_not_of(" \t"), answer.description.size()));
    line = line.substr(0, sharp);
  }
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    if (line.empty()) return answer;
    const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
    line.remove_prefix(word.size());
    if (!take_word(answer, word) && answer.unknown.empty()) answer.unknown = word;
  }
}

std::string describe(const AgentAnswer& answer) {
  if (answer.description.empty()) return fmt::format("via agent : {}", answer.word);
  return fmt::format("via agent : {} ({})", answer.word, answer.description);
}

}  // namespace weir::check
