#include "sample/expression.h"

#include <fmt/format.h>

#include "sample/program.h"
#include "sample/reference_book.h"

namespace weir::sample {

namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == '+';
}

/// Reads one expression; what it meets wrong goes to the diagnostics with its column.
struct Compiler {
  std::string_view text;
  const Scope& scope;
  SourcePosition at;
  Diagnostics& diagnostics;
  std::size_t position = 0;
  ArgParser arguments{text, at, diagnostics, scope};

  std::string_view name() {
    const std::size_t start = position;
    while (position < text.size() && is_name_character(text[position])) ++position;
    return text.substr(start, position - start);
  }

  bool error(std::size_t offset, std::size_t length, std::string message, std::string hint = {}) {
    diagnostics.error(arguments.position_of(offset, length), std::move(message)).hint = std::move(hint);
    return false;
  }

  bool prepare(Prepare function, std::string_view keyword, std::size_t start, const std::vector<Argument>& values,
               std::shared_ptr<const void>& out) {
    if (function == nullptr) return true;
    auto prepared = function(Args{values});
    if (!prepared) return error(start, position - start, fmt::format("'{}': {}", keyword, prepared.error().message));
    out = std::move(*prepared);
    return true;
  }

  bool read_fetch(const Fetch* first, ExpressionProgram& program) {
    const std::size_t start = position;
    const std::string_view keyword = name();
    if (keyword.empty()) return error(start, 1, "a sample fetch is missing", "for instance src or req.len");
    program.fetch = first != nullptr ? first : scope.registry->fetch(keyword);
    if (program.fetch == nullptr) {
      return error(start, keyword.size(), fmt::format("no sample fetch is named '{}'", keyword),
                   scope.registry->fetch_hint(keyword));
    }
    const Facts lack = lacking(scope.available, program.fetch->needs);
    if (lack != Facts::none) {
      return error(start, keyword.size(),
                   fmt::format("'{}' looks at {}, which is not there in this place", keyword, facts_name(lack)),
                   facts_place(lack));
    }
    if (!arguments.parse(keyword, program.fetch->args, position, program.arguments)) return false;
    if (!prepare(program.fetch->prepare, keyword, start, program.arguments, program.prepared)) return false;
    program.type = program.fetch->out;
    return true;
  }

  bool read_converter(ExpressionProgram& program) {
    const std::size_t start = position;
    const std::string_view keyword = name();
    if (keyword.empty()) {
      return error(start, 1, "a converter is missing behind ','", "spaces do not belong around commas");
    }
    ExpressionProgram::Step step;
    step.row = scope.registry->converter(keyword);
    if (step.row == nullptr) {
      return error(start, keyword.size(), fmt::format("no converter is named '{}'", keyword),
                   scope.registry->converter_hint(keyword));
    }
    if (!arguments.parse(keyword, step.row->args, position, step.arguments)) return false;
    if (!can_cast(program.type, step.row->in)) {
      return error(start, keyword.size(),
                   fmt::format("'{}' takes {}, but what comes before it gives {}", keyword, type_name(step.row->in),
                               type_name(program.type)));
    }
    if (!prepare(step.row->prepare, keyword, start, step.arguments, step.prepared)) return false;
    if (step.row->contents != nullptr && scope.contents != nullptr)
      scope.contents->push_back(step.row->contents(step.prepared.get()));
    step.casts = step.row->in != Type::any;
    if (step.row->out != Type::any) program.type = step.row->out;
    program.steps.push_back(std::move(step));
    return true;
  }
};

}  // namespace

std::optional<Expression> Expression::compile_from(std::string_view text, std::size_t& consumed, bool whole,
                                                   const Fetch* first, const Scope& scope, SourcePosition at,
                                                   Diagnostics& diagnostics) {
  if (auto* const reading = ReferenceReading::current()) reading->stand_at(at);
  Compiler compiler{.text = text, .scope = scope, .at = at, .diagnostics = diagnostics};
  auto program = std::make_shared<ExpressionProgram>();
  if (!compiler.read_fetch(first, *program)) return std::nullopt;
  while (compiler.position < text.size() && text[compiler.position] == ',') {
    ++compiler.position;
    if (!compiler.read_converter(*program)) return std::nullopt;
  }
  if (whole && compiler.position != text.size()) {
    compiler.error(compiler.position, text.size() - compiler.position,
                   fmt::format("'{}' cannot follow here", text.substr(compiler.position)),
                   "converters are separated by ',' and a ')' inside an argument needs quotes");
    return std::nullopt;
  }
  consumed = compiler.position;
  program->text = text.substr(0, consumed);
  Expression expression;
  expression.program_ = std::move(program);
  return expression;
}

std::optional<Expression> Expression::compile(std::string_view text, const Scope& scope, SourcePosition at,
                                              Diagnostics& diagnostics) {
  std::size_t consumed = 0;
  return compile_from(text, consumed, true, nullptr, scope, at, diagnostics);
}

std::optional<Expression> Expression::compile_prefix(std::string_view text, std::size_t& consumed, const Scope& scope,
                                                     SourcePosition at, Diagnostics& diagnostics) {
  return compile_from(text, consumed, false, nullptr, scope, at, diagnostics);
}

Type Expression::type() const { return program_ ? program_->type : Type::any; }
Facts Expression::needs() const { return program_ ? program_->fetch->needs : Facts::none; }
bool Expression::has_converters() const { return program_ && !program_->steps.empty(); }
const Fetch* Expression::fetch() const { return program_ ? program_->fetch : nullptr; }
std::string_view Expression::text() const { return program_ ? std::string_view(program_->text) : std::string_view(); }

}  // namespace weir::sample
