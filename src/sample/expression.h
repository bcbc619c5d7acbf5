// Expression: "fetch(args),converter(args),..." compiled into a flat program.
//
// All names, arguments and casts are settled when the configuration is read; evaluation walks an array of function
// pointers and allocates nothing but arena bytes. An expression is immutable and shared by all threads; copies share
// the program. Manual 7.3.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/diagnostics.h"
#include "sample/registry.h"

namespace weir::sample {

struct ExpressionProgram;

class Expression {
 public:
  /// Holds nothing; evaluates as absent.
  Expression() = default;

  /// The whole of `text`, which stands at `at`. nullopt after errors in `diagnostics`.
  static std::optional<Expression> compile(std::string_view text, const Scope& scope, SourcePosition at,
                                           Diagnostics& diagnostics);
  /// The longest expression at the start of `text`; `consumed` is its length. For what goes on behind it: "]" in a
  /// format. Stops at the first character outside parentheses that no keyword may have.
  static std::optional<Expression> compile_prefix(std::string_view text, std::size_t& consumed, const Scope& scope,
                                                  SourcePosition at, Diagnostics& diagnostics);

  /// With context.final, need_more is answered as absent.
  FetchStatus evaluate(Context& context, Sample& out) const;

  [[nodiscard]] bool empty() const { return program_ == nullptr; }
  /// Of this layer. Not when empty.
  [[nodiscard]] const ExpressionProgram& program() const { return *program_; }
  /// The type it gives: of the last converter, else of the fetch. Converters that pass through give what they got.
  [[nodiscard]] Type type() const;
  [[nodiscard]] Facts needs() const;
  [[nodiscard]] bool has_converters() const;
  [[nodiscard]] const Fetch* fetch() const;
  /// As written.
  [[nodiscard]] std::string_view text() const;
  friend bool operator==(const Expression& a, const Expression& b) { return a.text() == b.text(); }

 private:
  friend class Acl;
  static std::optional<Expression> compile_from(std::string_view text, std::size_t& consumed, bool whole,
                                                const Fetch* first, const Scope& scope, SourcePosition at,
                                                Diagnostics& diagnostics);
  std::shared_ptr<const ExpressionProgram> program_;
};

}  // namespace weir::sample
