// Conditions of `.if`, `.elif` and the -cc argument.
//
//   or := and { "||" and } ;  and := term { "&&" term } ;  term := [ "!" ] ( integer | predicate | "(" or ")" )
//
// The whole text is checked even where a short circuit has already decided: a mistyped predicate must not wait for the
// day its branch is taken. What the build knows about itself (version, features, TLS library) is handed in.
// Manual: 2.4; management 3 (-cc).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/environment.h"

namespace weir::config {

/// "OPENSSL" and whether this build has it: feature(OPENSSL). Also for run-time switches: enabled(EPOLL).
struct Feature {
  std::string_view name;
  bool enabled = false;
};

struct ConditionFacts {
  std::string_view version = "3.5.0";
  std::span<const Feature> features = {};  // feature(): unknown names are false
  std::span<const Feature> options = {};   // enabled(): unknown names are false
  std::string_view openssl_version = {};   // "3.0.15"; empty: no TLS library
  std::string_view ssl_library_name = {};  // "OpenSSL 3.0.15 3 Sep 2024"
  bool fips_mode = false;
};

struct ConditionError {
  std::string message;
  std::size_t offset = 0;  // where in the text
  std::string hint = {};
};

constexpr int kMaxConditionDepth = 64;  // parentheses within parentheses

/// The value of one condition; the empty text is false.
Result<bool, ConditionError> evaluate_condition(std::string_view text, const ConditionFacts& facts,
                                                const Environment& environment);

/// -cc: cuts `text` into words first (quotes, variables), like a line of configuration. Exit status 0 true, 1 false,
/// 2 error; `message` says what was wrong.
int condition_exit_status(std::string_view text, const ConditionFacts& facts, const Environment& environment,
                          std::string& message);

/// <0, 0, >0 as version `a` is older than, the same as, newer than `b`: "2.4-dev19" < "2.4-rc1" < "2.4" == "2.4.0" <
/// "2.4.1". Error when either is no version.
Result<int> compare_versions(std::string_view a, std::string_view b);

}  // namespace weir::config
