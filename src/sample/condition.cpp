#include "sample/condition.h"

#include <fmt/format.h>

#include "sample/program.h"
#include "sample/reference_book.h"

namespace weir::sample {

namespace {

struct Compiler {
  std::span<const Word> words;
  const AclSet& acls;
  const Scope& scope;
  Diagnostics& diagnostics;
  ConditionProgram& program;
  std::size_t next = 1;
  bool good = true;

  void error(const Word& word, std::string message, std::string hint = {}) {
    diagnostics.error(word.at, std::move(message)).hint = std::move(hint);
    good = false;
  }

  void end_group(const Word& word) {
    if (program.terms.empty() || program.terms.back().last_of_group) {
      return error(word, fmt::format("an ACL is missing before '{}'", word.text));
    }
    program.terms.back().last_of_group = true;
  }

  /// From the word after "{" to "}".
  std::shared_ptr<const NamedAcl> anonymous(const Word& brace) {
    const std::size_t start = next;
    while (next < words.size() && words[next].text != "}") ++next;
    if (next == words.size()) {
      error(brace, "this '{' is never closed", "a '}' that stands alone between spaces ends it");
      return nullptr;
    }
    const auto inner = words.subspan(start, next++ - start);
    if (inner.empty()) {
      error(brace, "there is nothing between '{' and '}'", "for instance { src 192.168.0.0/16 }");
      return nullptr;
    }
    auto acl = Acl::compile(inner, scope, brace.at, diagnostics);
    if (!acl) {
      good = false;
      return nullptr;
    }
    auto named = std::make_shared<NamedAcl>();
    named->tests.push_back(std::move(*acl));
    return named;
  }

  std::shared_ptr<const NamedAcl> named(const Word& word, std::string_view name) {
    if (auto* const reading = ReferenceReading::current()) reading->stand_at(word.at);
    auto acl = acls.find(name, scope);
    if (acl != nullptr) return acl;
    if (name == "}" || name.starts_with('{') || name.ends_with('}')) {
      error(word, fmt::format("'{}' must stand alone between spaces", name == "}" ? "}" : "{"));
    } else if (name == "and" || name == "&&") {
      error(word, fmt::format("no ACL is named '{}'", name), "ACLs that follow each other are joined by and");
    } else {
      error(word, fmt::format("no ACL is named '{}'", name), acls.hint(name));
    }
    return nullptr;
  }

  void read_term() {
    const Word word = words[next++];
    std::string_view name = word.text;
    bool negated = false;
    while (name.starts_with('!')) {
      negated = !negated;
      name.remove_prefix(1);
      if (name.empty()) {
        if (next == words.size()) return error(word, "an ACL is missing after '!'");
        name = words[next++].text;
      }
    }
    const Word& operand = words[next - 1];
    auto acl = name == "{" ? anonymous(operand) : named(operand, name);
    if (acl == nullptr) return;
    const Facts lack = lacking(scope.available, acl->needs());
    if (lack != Facts::none) {
      diagnostics
          .warning(operand.at, fmt::format("'{}' never matches here: it looks at {}, which is not there in this "
                                           "place",
                                           acl->name.empty() ? acl->tests[0].text() : acl->name, facts_name(lack)))
          .hint = facts_place(lack);
    }
    program.terms.push_back({std::move(acl), negated, false});
  }

  bool read() {
    program.unless = words[0].text == "unless";
    while (next < words.size()) {
      const Word& word = words[next];
      if (word.text == "or" || word.text == "||") {
        end_group(word);
        if (++next == words.size()) error(word, fmt::format("an ACL is missing after '{}'", word.text));
      } else {
        read_term();
      }
    }
    if (good) end_group(words[0]);
    return good;
  }
};

}  // namespace

std::optional<Condition> Condition::compile(std::span<const Word> words, const AclSet& acls, const Scope& scope,
                                            Diagnostics& diagnostics) {
  if (words.empty() || (words[0].text != "if" && words[0].text != "unless")) {
    diagnostics.error(words.empty() ? SourcePosition{} : words[0].at, "'if' or 'unless' was expected here");
    return std::nullopt;
  }
  if (words.size() == 1) {
    diagnostics.error(words[0].at, fmt::format("a condition is missing after '{}'", words[0].text)).example =
        "if RDP_COOKIE";
    return std::nullopt;
  }
  auto program = std::make_shared<ConditionProgram>();
  Compiler compiler{.words = words, .acls = acls, .scope = scope, .diagnostics = diagnostics, .program = *program};
  if (!compiler.read()) return std::nullopt;
  program->flatten();
  for (const auto& term : program->terms) term.acl->users.push_back(program);
  for (const Word& word : words) program->text += fmt::format("{}{}", program->text.empty() ? "" : " ", word.text);
  Condition condition;
  condition.program_ = std::move(program);
  return condition;
}

void ConditionProgram::flatten() {
  tests.clear();
  for (const Term& term : terms) {
    for (const Acl& line : term.acl->tests) tests.push_back(line.test());
    tests.back().negated = term.negated;
    tests.back().last_of_acl = true;
    tests.back().last_of_group = term.last_of_group;
  }
  single = tests.size() == 1;
}

Facts Condition::needs() const {
  Facts needs = Facts::none;
  if (program_ == nullptr) return needs;
  for (const auto& term : program_->terms) needs = needs | term.acl->needs();
  return needs;
}

std::string_view Condition::text() const { return program_ ? std::string_view(program_->text) : std::string_view(); }

std::string Condition::signature() const {
  if (program_ == nullptr) return {};
  std::string text = program_->text;
  for (const auto& term : program_->terms) {
    for (const Acl& test : term.acl->tests) text += fmt::format("\n{}", test.text());
  }
  return text;
}

}  // namespace weir::sample
