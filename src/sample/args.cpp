#include "sample/args.h"

#include <arpa/inet.h>

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "sample/condition.h"
#include "sample/registry.h"

namespace weir::sample {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool read_integer(const std::string& text, Argument& out) {
  const auto value = whole_number(text);
  if (value) out.integer = *value;
  return value.has_value();
}

bool read_ipv4(const std::string& text, Argument& out) {
  in_addr four;
  if (inet_pton(AF_INET, text.c_str(), &four) != 1) return false;
  out.integer = ntohl(four.s_addr);
  return true;
}

bool read_mask4(const std::string& text, Argument& out) {
  if (read_ipv4(text, out)) return true;
  const auto bits = whole_number(text);
  if (!bits || *bits < 0 || *bits > 32) return false;
  out.integer = *bits == 0 ? 0 : 0xffffffffU << (32 - *bits) & 0xffffffffU;
  return true;
}

bool read_mask6(const std::string& text, Argument& out) {
  if (inet_pton(AF_INET6, text.c_str(), &out.ipv6) == 1) return true;
  const auto bits = whole_number(text);
  if (!bits || *bits < 0 || *bits > 128) return false;
  for (int bit = 0; bit < *bits; ++bit) {
    unsigned char& byte = out.ipv6.s6_addr[bit / 8];
    byte = static_cast<unsigned char>(byte | 0x80U >> (bit % 8));
  }
  return true;
}

bool read_time_unit(const std::string& text, Argument& out) {
  if (text == "s") {
    out.integer = 1000000;
  } else if (text == "ms") {
    out.integer = 1000;
  } else if (text == "us") {
    out.integer = 1;
  } else {
    return false;
  }
  return true;
}

bool names_object(ArgKind kind) { return kind >= ArgKind::table; }

}  // namespace

std::string_view arg_kind_name(ArgKind kind) {
  switch (kind) {
    case ArgKind::none: return "nothing";
    case ArgKind::string: return "a string";
    case ArgKind::integer: return "an integer";
    case ArgKind::delimiters: return "one or more delimiter characters";
    case ArgKind::offset: return "an offset, such as 10, +4 or -4";
    case ArgKind::ipv4: return "an IPv4 address";
    case ArgKind::ipv6: return "an IPv6 address";
    case ArgKind::mask4: return "an IPv4 mask, such as 24 or 255.255.255.0";
    case ArgKind::mask6: return "an IPv6 mask, such as 64 or ffff:ffff::";
    case ArgKind::time_unit: return "a unit: s, ms or us";
    case ArgKind::table: return "a stick table";
    case ArgKind::frontend: return "a frontend";
    case ArgKind::backend: return "a backend";
    case ArgKind::server: return "a server";
    case ArgKind::userlist: return "a userlist";
    case ArgKind::ring: return "a ring, stdout or stderr";
    case ArgKind::acl: return "an ACL";
  }
  return "nothing";
}

SourcePosition ArgParser::position_of(std::size_t offset, std::size_t length) const {
  SourcePosition at = at_;
  if (at.column != 0) at.column += static_cast<std::uint32_t>(offset);
  at.length = static_cast<std::uint32_t>(length);
  return at;
}

// Manual 2.2: inside parentheses the quotes of a configuration line count once more, without \#, \$ and \xNN. The first
// ')' outside quotes ends the list; parentheses do not nest.
bool ArgParser::split(std::string_view keyword, std::size_t& position, std::vector<RawArg>& out) {
  const std::size_t open = position++;
  RawArg current{.text = {}, .offset = position};
  char quote = 0;
  for (; position < text_.size(); ++position) {
    const char c = text_[position];
    if (quote != 0 && c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'') {
      if (++position == text_.size()) break;
      const char next = text_[position];
      // Inside double quotes a backslash only escapes itself and the quote; else it stays, as in "\1".
      if (quote == '"' && next != '"' && next != '\\') current.text += c;
      const bool control = quote == 0 && (next == 'n' || next == 'r' || next == 't');
      current.text += !control ? next : (next == 'n' ? '\n' : (next == 'r' ? '\r' : '\t'));
    } else if (quote != 0) {
      current.text += c;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == ',' || c == ')') {
      current.length = position - current.offset;
      const bool nothing = c == ')' && out.empty() && current.length == 0;
      if (!nothing) out.push_back(current);
      if (c == ')') {
        ++position;
        return true;
      }
      current = {.text = {}, .offset = position + 1};
    } else {
      current.text += c;
    }
  }
  diagnostics_->error(position_of(open), fmt::format("the arguments of '{}' do not end", keyword)).hint =
      quote != 0 ? fmt::format("a closing {} is missing", quote) : "a ')' is missing";
  return false;
}

// Manual, acl(): what it looks at is not compared with what there is in this place.
bool ArgParser::find_acl(const RawArg& raw, Argument& out) {
  const SourcePosition at = position_of(raw.offset, raw.length);
  static const AclSet kPredefinedOnly;
  Scope anywhere = *scope_;
  anywhere.available = Facts::everything;
  const Word words[] = {{"if", at}, {raw.text, at}};
  auto condition =
      Condition::compile(words, scope_->acls == nullptr ? kPredefinedOnly : *scope_->acls, anywhere, *diagnostics_);
  if (!condition) return false;
  const auto owner = std::make_shared<const Condition>(std::move(*condition));
  out.object = owner.get();
  out.owner = owner;
  return true;
}

bool ArgParser::check(std::string_view keyword, ArgKind kind, const RawArg& raw, std::size_t number, Argument& out) {
  out.kind = kind;
  out.text = raw.text;
  bool good = true;
  switch (kind) {
    case ArgKind::none:
    case ArgKind::string: break;
    case ArgKind::integer: good = read_integer(raw.text, out); break;
    case ArgKind::delimiters: good = !raw.text.empty(); break;
    case ArgKind::offset:
      good = read_integer(raw.text, out);
      out.relative = raw.text.starts_with('+') || raw.text.starts_with('-');
      break;
    case ArgKind::ipv4: good = read_ipv4(raw.text, out); break;
    case ArgKind::ipv6: good = inet_pton(AF_INET6, raw.text.c_str(), &out.ipv6) == 1; break;
    case ArgKind::mask4: good = read_mask4(raw.text, out); break;
    case ArgKind::mask6: good = read_mask6(raw.text, out); break;
    case ArgKind::time_unit: good = read_time_unit(raw.text, out); break;
    case ArgKind::table:
    case ArgKind::frontend:
    case ArgKind::backend:
    case ArgKind::server:
    case ArgKind::userlist:
    case ArgKind::ring:
      if (const NameResolver* names = scope_->names; names != nullptr && names->resolve != nullptr)
        out.object = names->resolve(names->self, kind, raw.text, position_of(raw.offset, raw.length));
      good = out.object != nullptr;
      break;
    case ArgKind::acl: return find_acl(raw, out);
  }
  if (good) return true;
  diagnostics_->error(
      position_of(raw.offset, raw.length),
      fmt::format("argument {} of '{}' must be {}, not '{}'", number + 1, keyword, arg_kind_name(kind), raw.text));
  return false;
}

bool ArgParser::parse(std::string_view keyword, const ArgSpec& spec, std::size_t& position,
                      std::vector<Argument>& out) {
  const std::size_t start = position;
  std::vector<RawArg> raw;
  if (position < text_.size() && text_[position] == '(' && !split(keyword, position, raw)) return false;
  if (raw.size() < spec.min || raw.size() > spec.max) {
    const std::string wanted = spec.max == 0          ? "no arguments"
                               : spec.min == spec.max ? fmt::format("{} argument{}", spec.min, spec.min == 1 ? "" : "s")
                                                      : fmt::format("{} to {} arguments", spec.min, spec.max);
    const std::size_t length = position > start ? position - start : 1;
    diagnostics_->error(position_of(start, length),
                        fmt::format("'{}' takes {}, here are {}", keyword, wanted, raw.size()));
    return false;
  }
  bool good = true;
  out.resize(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) good = check(keyword, spec.kinds[i], raw[i], i, out[i]) && good;
  // A name left out means the current proxy's own object: ask for the empty name.
  for (std::size_t i = raw.size(); good && i < spec.max && spec.own_object && names_object(spec.kinds[i]); ++i) {
    const RawArg own{.text = {}, .offset = start, .length = 1};
    out.emplace_back();
    good = check(keyword, spec.kinds[i], own, i, out.back());
  }
  return good;
}

}  // namespace weir::sample
