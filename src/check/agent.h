// What an agent's line says: words in any order, each about one thing; what is not said stays as it is.
//
// Manual, agent-check. Parsing only: who acts on it is the server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::check {

struct AgentAnswer {
  enum class Says : std::uint8_t { nothing, up, down };
  enum class Mode : std::uint8_t { unchanged, ready, drain, maint };
  Says says = Says::nothing;
  Mode mode = Mode::unchanged;
  std::string_view word;         // the word behind `says`: the difference between "fail" and "stopped" is for people
  std::string_view description;  // behind a '#'
  std::string_view weight;       // "75%", "30"; empty: not said
  std::string_view maxconn;      // digits, it is hoped; empty: not said
  bool has_maxconn = false;
  std::string_view unknown;  // the first word that means nothing
};

/// The views borrow from the line.
AgentAnswer parse_agent_answer(std::string_view line);

/// "via agent : down (gone fishing)"
std::string describe(const AgentAnswer& answer);

}  // namespace weir::check
