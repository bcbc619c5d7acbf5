#include "update/status.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::update {
namespace {

std::int64_t seconds(WallTime from, WallTime to) {
  return std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(to - from).count());
}

std::string since(WallTime when, WallTime now) {
  return when == WallTime{} ? "never" : fmt::format("{}s", seconds(when, now));
}

/// In quotes, on one line: what other programs said is among it.
std::string quoted(std::string_view text) {
  std::string all = "\"";
  for (const char c : text) all += c == '"' ? '\'' : c >= ' ' && c != 0x7f ? c : '.';
  return all + "\"";
}

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::waiting: return "waiting";
    case Outcome::copy: return "copy";
    case Outcome::changed: return "changed";
    case Outcome::unchanged: return "unchanged";
    case Outcome::failed: return "failed";
  }
  return "?";
}

std::string brief(const Status& status, WallTime now) {
  return fmt::format("{}, {}", outcome_name(status.outcome),
                     status.fresh == WallTime{} ? "never fresh" : fmt::format("{}s old", seconds(status.fresh, now)));
}

std::string line(const Status& status, WallTime now) {
  std::string text = fmt::format(
      "{} ({}) outcome={} age={} changed={} next={} asks={} changes={} failures={} entries={} bytes={} from={}",
      status.id, status.list, outcome_name(status.outcome), since(status.fresh, now), since(status.changed, now),
      status.busy ? "now" : fmt::format("{}s", seconds(now, status.next)), status.asks, status.changes, status.failures,
      status.entries, status.bytes, status.from);
  if (!status.problem.empty()) text += " problem=" + quoted(status.problem);
  return text;
}

}  // namespace weir::update
