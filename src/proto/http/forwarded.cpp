#include "proto/http/forwarded.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "proto/http/fields.h"
#include "proto/http/head.h"
#include "proto/http/text.h"
#include "proto/http/uri.h"

namespace weir::proto::http {
namespace {

constexpr std::array<bool, 256> kHidden = alphanumeric_and("._-");

bool is_address(std::string_view text, int family) {
  std::array<char, 64> copy{};
  std::array<char, 16> out;
  if (text.size() >= copy.size() || text.contains('\0')) return false;
  std::ranges::copy(text, copy.begin());
  return inet_pton(family, copy.data(), out.data()) == 1;
}

bool is_port(std::string_view text) {
  if (text.starts_with('_')) return is_hidden_name(text.substr(1));
  return parse_port(text).has_value();
}

struct Pair {
  std::string_view name;
  std::string_view value;  // without quotes
};

/// Takes one pair off the front of an element; nullopt: that is none.
std::optional<Pair> take_pair(std::string_view& rest) {
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  Pair pair{.name = rest.substr(0, equals), .value = {}};
  rest.remove_prefix(equals + 1);
  if (!is_token(pair.name)) return std::nullopt;
  const bool quoted = rest.starts_with('"');
  // What is escaped in quotes is nothing these values need: a backslash makes it no such value.
  const std::size_t end = quoted ? rest.find_first_of("\"\\", 1) : std::min(rest.find(';'), rest.size());
  if (end == std::string_view::npos || (quoted && rest[end] == '\\')) return std::nullopt;
  pair.value = quoted ? rest.substr(1, end - 1) : rest.substr(0, end);
  rest.remove_prefix(quoted ? end + 1 : end);
  if (!quoted && !is_token(pair.value)) return std::nullopt;
  if (!rest.empty() && rest.front() != ';') return std::nullopt;
  if (!rest.empty()) rest.remove_prefix(1);
  return pair;
}

constexpr std::string_view kNames[] = {"for", "by", "host", "proto"};

bool is_value(std::string_view name, std::string_view value) {
  if (name == "for" || name == "by") return parse_node(value).has_value();
  if (name == "host") return !value.empty() && is_host(value);
  return same_name(value, "http") || same_name(value, "https");
}

bool is_element(std::string_view element) {
  std::array<bool, std::size(kNames)> seen{};
  if (element.empty()) return false;
  while (!element.empty()) {
    if (element.front() == ';') {
      element.remove_prefix(1);
      continue;
    }
    const auto pair = take_pair(element);
    if (!pair) return false;
    for (std::size_t i = 0; i < std::size(kNames); ++i) {
      if (!same_name(pair->name, kNames[i])) continue;
      if (seen[i] || !is_value(kNames[i], pair->value)) return false;
      seen[i] = true;
    }
  }
  return true;
}

}  // namespace

bool is_hidden_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return kHidden[static_cast<unsigned char>(c)]; });
}

std::optional<Node> parse_node(std::string_view text) {
  Node node;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    node.name = text.substr(1, end - 1);
    if (!is_address(node.name, AF_INET6)) return std::nullopt;
    text.remove_prefix(end + 1);
  } else {
    node.name = text.substr(0, text.find(':'));
    const bool hidden = node.name.starts_with('_') && is_hidden_name(node.name.substr(1));
    if (!hidden && !same_name(node.name, "unknown") && !is_address(node.name, AF_INET)) return std::nullopt;
    text.remove_prefix(node.name.size());
  }
  if (text.empty()) return node;
  node.port = text.substr(1);
  return text.front() == ':' && is_port(node.port) ? std::optional(node) : std::nullopt;
}

bool is_forwarded(std::string_view value) {
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t end = element_end(value, at);
    if (!is_element(trimmed(value.substr(at, end - at)))) return false;
    at = end + 1;
  }
  return true;
}

std::optional<std::string_view> forwarded_parameter(std::string_view value, std::string_view name) {
  if (!is_forwarded(value)) return std::nullopt;
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t end = element_end(value, at);
    std::string_view element = trimmed(value.substr(at, end - at));
    while (!element.empty()) {
      if (element.front() == ';') {
        element.remove_prefix(1);
        continue;
      }
      const auto pair = take_pair(element);
      if (!pair) return std::nullopt;
      if (same_name(pair->name, name)) return pair->value;
    }
    at = end + 1;
  }
  return std::nullopt;
}

}  // namespace weir::proto::http
