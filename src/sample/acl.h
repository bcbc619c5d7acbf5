// ACLs: an expression, a matching method and patterns under a name.
//
// Lines of the same name extend each other: any of them may match. A test has three answers: as long as more input may
// come and could change the verdict it is unknown, and the rule that asked waits. Manual 7.1, 7.4.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "sample/context.h"
#include "sample/expression.h"
#include "sample/pattern.h"
#include "sample/words.h"

namespace weir::sample {

enum class Truth : std::uint8_t { no, unknown, yes };  // and = min, or = max
constexpr Truth invert(Truth truth) { return static_cast<Truth>(2 - static_cast<int>(truth)); }

struct AclTest;           // program.h
struct ConditionProgram;  // program.h

/// One line: criterion, flags, patterns. Immutable, but for the lists that the patterns came from.
class Acl {
 public:
  /// `words` start at the criterion: "hdr(host) -i www". `predefined`: the name of one of those that need no line.
  /// nullopt after errors.
  static std::optional<Acl> compile(std::span<const Word> words, const Scope& scope, SourcePosition at,
                                    Diagnostics& diagnostics, std::string_view predefined = {});
  [[nodiscard]] Truth evaluate(Context& context) const;
  /// What evaluation needs; borrowed from this ACL or a copy of it.
  [[nodiscard]] AclTest test() const;
  [[nodiscard]] const Expression& expression() const { return expression_; }
  [[nodiscard]] MatchKind match() const { return kind_; }
  /// As written, with what pattern files held; equal texts match equally.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  struct Reader;  // reads flags and patterns, acl.cpp
  Expression expression_;
  MatchKind kind_ = MatchKind::found;
  std::shared_ptr<PatternSet> patterns_;
  std::string text_;
};

/// All lines of one name.
struct NamedAcl {
  std::string name;
  std::vector<Acl> tests;
  mutable std::vector<std::weak_ptr<ConditionProgram>> users;  // told when a line is added
  [[nodiscard]] Facts needs() const;
};

/// The ACLs of one proxy. Copies share the lines.
class AclSet {
 public:
  /// `words` are what follows "acl": name, criterion, flags, patterns. False after errors. Only the registry and names
  /// of `scope` count: where an ACL may be used is checked where it is used.
  bool define(std::span<const Word> words, const Scope& scope, Diagnostics& diagnostics);
  /// Declared ones first, then the predefined (TRUE, LOCALHOST, RDP_COOKIE, ...); nullptr when unknown.
  [[nodiscard]] std::shared_ptr<const NamedAcl> find(std::string_view name, const Scope& scope) const;
  /// "did you mean ..." or empty.
  [[nodiscard]] std::string hint(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return acls_.size(); }

 private:
  std::map<std::string, std::shared_ptr<NamedAcl>, std::less<>> acls_;
};

/// The names of the predefined ACLs, sorted.
[[nodiscard]] std::span<const std::string_view> predefined_acl_names();

}  // namespace weir::sample
