#include "admin/statistics/markup.h"

#include <fmt/format.h>

namespace weir::admin {
namespace {

// Groups of three, a narrow space between them.
std::string grouped(std::uint64_t value) {
  const std::string digits = fmt::to_string(value);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); i++) {
    if (i != 0 && (digits.size() - i) % 3 == 0) out += "\u202f";
    out += digits[i];
  }
  return out;
}

std::string in_bytes(std::uint64_t value) {
  constexpr std::string_view kUnits = "kMGTP";
  if (value < 1000) return fmt::format("{} B", value);
  std::size_t unit = 0;
  std::uint64_t tenths = value / 100;  // of a thousand
  for (; tenths >= 10'000 && unit + 1 < kUnits.size(); unit++) tenths /= 1000;
  if (tenths < 100) return fmt::format("{}.{} {}B", tenths / 10, tenths % 10, kUnits[unit]);
  return fmt::format("{} {}B", tenths / 10, kUnits[unit]);
}

// The two largest units.
std::string in_seconds(std::uint64_t value) {
  struct Unit {
    std::uint64_t size;
    char letter;
  };
  constexpr Unit kUnits[] = {{86'400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
  std::string out;
  int written = 0;
  for (const Unit& unit : kUnits) {
    if (written == 0 && value < unit.size) continue;
    const std::uint64_t count = value / unit.size;
    value -= count * unit.size;
    if (count != 0) out += fmt::format("{}{}{}", out.empty() ? "" : " ", count, unit.letter);
    if (++written == 2) break;
  }
  return out.empty() ? "0s" : out;
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
}

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

std::string_view figure_word(Figure kind) {
  switch (kind) {
    case Figure::count: return "";
    case Figure::text: return "t";
    case Figure::bytes: return "b";
    case Figure::seconds: return "s";
    case Figure::milliseconds: return "m";
  }
  return "";
}

std::string written(Figure kind, std::uint64_t value) {
  switch (kind) {
    case Figure::bytes: return in_bytes(value);
    case Figure::seconds: return in_seconds(value);
    case Figure::milliseconds: return grouped(value) + " ms";
    case Figure::count:
    case Figure::text: break;
  }
  return grouped(value);
}

std::string_view tone_of(std::string_view status) {
  if (status == "UP" || status == "OPEN") return "up";
  if (status == "DOWN") return "down";
  if (status.starts_with("DOWN ") || status.starts_with("UP ") || status == "NOLB" || status == "FULL") return "change";
  return "rest";
}

}  // namespace weir::admin
