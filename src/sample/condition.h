// Condition: "if a !b or { src 10.0.0.0/8 }", groups of ACLs joined by and, the groups by or.
//
// Three-valued: unknown means that more input may decide it; the caller waits and asks again, and asks with
// Context::final when the inspection delay is over, after which the answer is never unknown. Immutable, shared by
// threads; copies share the program. Manual 7.2.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sample/acl.h"

namespace weir::sample {

struct ConditionProgram;

class Condition {
 public:
  /// No condition: always yes.
  Condition() = default;

  /// `words` start at "if" or "unless" and go to the end of the line. nullopt after errors. Where a fact of the scope
  /// is missing an ACL never matches: that is a warning, as such lines exist in the wild.
  static std::optional<Condition> compile(std::span<const Word> words, const AclSet& acls, const Scope& scope,
                                          Diagnostics& diagnostics);

  [[nodiscard]] Truth evaluate(Context& context) const;
  [[nodiscard]] bool empty() const { return program_ == nullptr; }
  [[nodiscard]] Facts needs() const;
  /// As written, "if ..." included; for `show` and for comparing plans.
  [[nodiscard]] std::string_view text() const;
  /// text() with the ACLs' own definitions and the contents of their files: equal means it decides the same.
  [[nodiscard]] std::string signature() const;
  friend bool operator==(const Condition& a, const Condition& b) { return a.signature() == b.signature(); }

 private:
  std::shared_ptr<const ConditionProgram> program_;
};

}  // namespace weir::sample
