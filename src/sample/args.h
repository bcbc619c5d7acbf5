// Arguments in parentheses: their types, and the parser that reads "(a,'b,c',10)" against a row's specification.
//
// A row says how many arguments it takes and of which kinds; the parser checks count, type and quoting once, when the
// configuration is read, so that fetches and converters see only valid values. Quotes and backslashes inside
// parentheses follow the configuration's own rules. Manual 2.2 (second level of quoting), 7.3.
#pragma once

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/result.h"

namespace weir::sample {

struct Scope;

enum class ArgKind : std::uint8_t {
  none,
  string,
  integer,     // signed, 64 bits
  delimiters,  // a set of characters, not empty
  offset,      // an integer that remembers whether it had a sign: "+4" is relative
  ipv4,
  ipv6,
  mask4,      // 255.255.255.0 or 24
  mask6,      // ffff:: or 64
  time_unit,  // s, ms, us
  // Names of other objects, looked up through Scope::names. Without an argument: the current proxy's own.
  table,
  frontend,
  backend,
  server,  // backend/server, or server of the current one
  userlist,
  ring,  // where the converter `debug` writes: a ring, stdout, stderr
  acl,   // of the proxy, perhaps behind a '!'
};
[[nodiscard]] std::string_view arg_kind_name(ArgKind kind);

inline constexpr std::size_t kMaxArgs = 12;

/// How many arguments of which kinds; made by args().
struct ArgSpec {
  std::uint8_t min = 0;
  std::uint8_t max = 0;
  std::array<ArgKind, kMaxArgs> kinds{};
  bool own_object = true;  // a name left out means the current proxy's own object
};
consteval ArgSpec args(std::size_t min, std::initializer_list<ArgKind> kinds) {
  ArgSpec spec;
  spec.min = static_cast<std::uint8_t>(min);
  for (const ArgKind kind : kinds) spec.kinds.at(spec.max++) = kind;
  if (min > kinds.size()) throw "args(): more mandatory arguments than kinds";
  return spec;
}

/// For rows where a name left out means something else: sc_conn_rate(0) looks into the table that is tracked.
consteval ArgSpec without_own_object(ArgSpec spec) {
  spec.own_object = false;
  return spec;
}

/// One checked argument; `kind` says which members hold.
struct Argument {
  ArgKind kind = ArgKind::none;
  bool relative = false;         // offset: written with a sign
  std::int64_t integer = 0;      // integer, offset; ipv4 and mask4 in host order; time_unit: microseconds in one unit
  in6_addr ipv6{};               // ipv6, mask6
  std::string text;              // string, delimiters, and every name
  const void* object = nullptr;  // what Scope::names found; acl: a Condition
  std::shared_ptr<const void> owner{};  // of the object, if the argument owns it
};

/// What a row's function is given.
struct Args {
  std::span<const Argument> values;
  const void* prepared = nullptr;  // what the row's `prepare` made
  [[nodiscard]] std::size_t size() const { return values.size(); }
  [[nodiscard]] bool has(std::size_t i) const { return i < values.size(); }
  [[nodiscard]] const Argument& operator[](std::size_t i) const { return values[i]; }
  [[nodiscard]] std::int64_t integer_or(std::size_t i, std::int64_t fallback) const {
    return has(i) ? values[i].integer : fallback;
  }
};
/// A row's last word on its arguments when the configuration is read: an Error names what is wrong with them, a result
/// (a compiled regex, say) is kept by the expression and handed to the row's function. nullptr is a fine result.
using Prepare = Result<std::shared_ptr<const void>> (*)(const Args& args);

/// Looks up the objects that names in arguments mean; from the layer that has them.
struct NameResolver {
  const void* self = nullptr;
  /// `name` is empty when the argument was left out. nullptr: there is none of that name.
  const void* (*resolve)(const void* self, ArgKind kind, std::string_view name, SourcePosition at) = nullptr;
};

/// The text of one expression being read and where it stands; reports at exact columns.
class ArgParser {
 public:
  ArgParser(std::string_view text, SourcePosition at, Diagnostics& diagnostics, const Scope& scope)
      : text_(text), at_(at), diagnostics_(&diagnostics), scope_(&scope) {}
  /// Reads the arguments of `keyword` at text[position], which is '(' or where arguments could have been; moves behind
  /// ')'. False after an error.
  bool parse(std::string_view keyword, const ArgSpec& spec, std::size_t& position, std::vector<Argument>& out);
  [[nodiscard]] SourcePosition position_of(std::size_t offset, std::size_t length = 1) const;

 private:
  struct RawArg {
    std::string text;
    std::size_t offset = 0;
    std::size_t length = 0;
  };
  bool split(std::string_view keyword, std::size_t& position, std::vector<RawArg>& out);
  bool find_acl(const RawArg& raw, Argument& out);
  bool check(std::string_view keyword, ArgKind kind, const RawArg& raw, std::size_t number, Argument& out);

  std::string_view text_;
  SourcePosition at_;
  Diagnostics* diagnostics_;
  const Scope* scope_;
};

}  // namespace weir::sample
