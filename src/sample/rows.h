// The rows of this layer: a fetch, a converter, an ACL keyword, a log alias is one constexpr row of a family's table.
//
// A row bears the user's word, its argument types, its function, one sentence, and an example that the tests execute.
// Layers above bring rows of the same types (tls/, stick/, proxy/); app/keywords.cpp lists all tables for the Registry.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sample/args.h"
#include "sample/context.h"
#include "sample/value.h"

namespace weir::sample {

enum class FetchStatus : std::uint8_t {
  ok,
  absent,     // there is no such value, and more input will not bring it
  need_more,  // not decided yet: more input may bring it
};

/// `expression` gives `result`, which is the value as text; "" with absent = true when there is none.
struct Example {
  std::string_view expression;
  std::string_view result;
  bool absent = false;
};
inline constexpr std::size_t kMaxExamples = 8;
using Examples = std::array<Example, kMaxExamples>;  // unused ones have an empty expression

/// What an example's fetch looks at: bytes; those that are an HTTP message are there as one too. Fixed otherwise:
/// client 192.0.2.7:40123 to 127.0.0.1:3389, listener "rdp" id 1, frontend "ft_rdp" id 2, a PROXY header with an
/// authority, a unique id and a certificate's name, accepted 2026-01-02 03:04:03.567 UTC; from 10.0.0.1:50001 to server
/// "ts1" id 4 of backend "bk_rdp" id 3, 10.0.0.9:3390; wall clock 2026-01-02 03:04:05.678 UTC; proc.site is "north",
/// proc.seats 40.
struct Given {
  std::string_view request;
  std::string_view response;
  bool final = true;
};

struct Fetch {
  std::string_view name;
  std::string_view deprecated_for{};  // the name to use instead; empty when current
  ArgSpec args{};
  Facts needs = Facts::none;
  Type out = Type::any;
  FetchStatus (*fetch)(const Args& args, Context& context, Sample& out) = nullptr;
  Prepare prepare = nullptr;
  std::string_view doc;
  Given given{};
  Examples examples{};
  bool unpredictable = false;  // random, host-bound: may go without an example
  bool at_end = false;         // settled when the session ends only: a log line with it waits for that
  bool each = false;           // has several values, which an ACL looks at one by one: Context::each
};

struct Converter {
  std::string_view name;
  ArgSpec args{};
  Type in = Type::any;
  Type out = Type::any;  // any: the type it was given
  /// False: the value has no such form, the expression is absent.
  bool (*apply)(const Args& args, Context& context, Sample& sample) = nullptr;
  Prepare prepare = nullptr;
  /// Of a row that reads a file: what tells its content from another one's, so that a reload sees a change.
  const std::string& (*contents)(const void* prepared) = nullptr;
  std::string_view doc;
  Examples examples{};
};

/// The matching methods of -m.
enum class MatchKind : std::uint8_t { found, boolean, integer, ip, bin, len, str, beg, sub, dir, dom, end, reg };

/// A fetch that is matched in its own way when an ACL uses it: req.ssl_ver takes 3.1, hdr_beg means -m beg.
struct AclKeyword {
  std::string_view name;
  std::string_view fetch;  // the fetch row behind it
  MatchKind match = MatchKind::str;
  bool versions = false;     // integers are written MAJOR.MINOR and compared as MAJOR * 65536 + MINOR
  bool ignore_case = false;  // as if -i were there
};

class FormatOutput;
/// %ci and friends; written by the layer that owns the fact. `context.facts` is what that layer put there.
struct LogAlias {
  std::string_view name;  // without '%'
  void (*write)(const Context& context, FormatOutput& out) = nullptr;
  std::string_view doc;
  bool http_only = false;
  bool without_session = false;  // needs no Context::session: a date, the process
  bool at_end = false;           // as Fetch::at_end
};

/// For the static_assert under each table.
template <class Row>
constexpr bool well_formed(std::span<const Row> rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i != 0 && !(rows[i - 1].name < rows[i].name)) return false;
    if (rows[i].doc.empty()) return false;
    if constexpr (requires { rows[i].unpredictable; }) {
      if (rows[i].examples[0].expression.empty() && !rows[i].unpredictable && rows[i].deprecated_for.empty())
        return false;
      if (rows[i].fetch == nullptr) return false;
    } else if constexpr (requires { rows[i].examples; }) {
      if (rows[i].examples[0].expression.empty()) return false;
      if (rows[i].apply == nullptr) return false;
    }
  }
  return true;
}
template <class Row, std::size_t N>
constexpr bool well_formed(const Row (&rows)[N]) {
  return well_formed(std::span<const Row>(rows));
}

/// The names that files of rows in higher layers speak in: `using namespace sample::vocabulary;`.
namespace vocabulary {
using sample::ArgKind;
using sample::Args;
using sample::Context;
using sample::Converter;
using sample::Facts;
using sample::Fetch;
using sample::FetchStatus;
using sample::Sample;
using sample::Type;
}  // namespace vocabulary

}  // namespace weir::sample
