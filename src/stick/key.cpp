// Keys: from a sample, from what a person types, and back into text.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <iterator>

#include "sample/text.h"
#include "stick/config.h"
#include "stick/show.h"

namespace weir::stick {
namespace {

sample::Type sample_type(KeyType type) {
  switch (type) {
    case KeyType::ipv4: return sample::Type::ipv4;
    case KeyType::ipv6: return sample::Type::ipv6;
    case KeyType::integer: return sample::Type::integer;
    case KeyType::string: return sample::Type::string;
    case KeyType::binary: return sample::Type::binary;
  }
  return sample::Type::any;
}

template <class T>
std::string_view bytes_of_value(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

// As the reference prints them: what could end the word or the line is escaped.
void write_text(std::string_view text, std::string& out) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '\t': out += "\\t"; continue;
      case '\n': out += "\\n"; continue;
      case '\r': out += "\\r"; continue;
      case '\x1b': out += "\\e"; continue;
      case ' ':
      case '=':
      case '\\': out += '\\'; break;
      default: break;
    }
    if (byte < 0x20 || byte >= 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02X}", byte);
    } else {
      out += c;
    }
  }
}

Result<std::string> integer_key(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return fail("Invalid key\n");
  return std::string(bytes_of_value(number));
}

Result<std::string> address_key(int family, std::string_view text) {
  in6_addr address{};
  if (inet_pton(family, std::string(text).c_str(), &address) != 1) return fail("Invalid key\n");
  return std::string(reinterpret_cast<const char*>(&address), family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr));
}

}  // namespace

bool key_fits(const TableConfig& table, sample::Type type) { return sample::can_cast(type, sample_type(table.type)); }

std::optional<std::string_view> table_key(const TableConfig& table, const sample::Sample& sample,
                                          sample::Arena& arena) {
  sample::Sample value = sample;
  if (!sample::cast(value, sample_type(table.type), arena)) return std::nullopt;
  switch (table.type) {
    case KeyType::ipv4: return arena.copy(bytes_of_value(htonl(value.as_ipv4())));
    case KeyType::ipv6: return arena.copy(bytes_of_value(value.as_ipv6()));
    case KeyType::integer: return arena.copy(bytes_of_value(static_cast<std::uint32_t>(value.as_integer())));
    case KeyType::string:
    case KeyType::binary: break;
  }
  std::string_view text = value.text();
  if (table.type == KeyType::string) text = text.substr(0, text.find('\0'));
  if (text.empty()) return std::nullopt;
  return text;
}

sample::Sample key_sample(const TableConfig& table, std::string_view key) {
  std::uint32_t number = 0;
  in6_addr address{};
  switch (table.type) {
    case KeyType::ipv4:
      std::memcpy(&number, key.data(), std::min(sizeof number, key.size()));
      return sample::Sample::ipv4(ntohl(number));
    case KeyType::ipv6:
      std::memcpy(&address, key.data(), std::min(sizeof address, key.size()));
      return sample::Sample::ipv6(address);
    case KeyType::integer:
      std::memcpy(&number, key.data(), std::min(sizeof number, key.size()));
      return sample::Sample::integer(number);
    case KeyType::string: return sample::Sample::string(key);
    case KeyType::binary: break;
  }
  return sample::Sample::binary(key);
}

Result<std::string> key_from_text(const TableConfig& table, std::string_view text) {
  switch (table.type) {
    case KeyType::ipv4: return address_key(AF_INET, text);
    case KeyType::ipv6: return address_key(AF_INET6, text);
    case KeyType::integer: return integer_key(text);
    case KeyType::string: return std::string(text.substr(0, table.key_length));
    case KeyType::binary: {
      auto bytes = sample::from_hex(text);
      if (!bytes) return fail("Invalid key\n");
      bytes->resize(table.key_length);
      return std::move(*bytes);
    }
  }
  return fail("Invalid key\n");
}

void write_key(const TableConfig& table, std::string_view key, std::string& out) {
  char text[INET6_ADDRSTRLEN] = "";
  switch (table.type) {
    case KeyType::ipv4: out += inet_ntop(AF_INET, key.data(), text, sizeof text); return;
    case KeyType::ipv6: out += inet_ntop(AF_INET6, key.data(), text, sizeof text); return;
    case KeyType::integer: {
      std::uint32_t number = 0;
      std::memcpy(&number, key.data(), std::min(sizeof number, key.size()));
      fmt::format_to(std::back_inserter(out), "{}", number);
      return;
    }
    case KeyType::string: write_text(key, out); return;
    case KeyType::binary:
      for (const char c : key) fmt::format_to(std::back_inserter(out), "{:02X}", static_cast<unsigned char>(c));
      return;
  }
}

}  // namespace weir::stick
