#include "config/condition.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "config/lexer.h"

namespace weir::config {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// major.minor.patch with a stage below a release (dev < rc), and what a distribution appends ("-1").
struct Version {
  std::array<std::uint64_t, 3> numbers{};
  int stage = 2;  // 0 dev, 1 rc, 2 release
  std::uint64_t stage_number = 0;
  std::uint64_t build = 0;
  friend auto operator<=>(const Version&, const Version&) = default;
};

bool read_number(std::string_view& text, std::uint64_t& out) {
  std::size_t n = 0;
  out = 0;
  while (n < text.size() && is_digit(text[n])) {
    if (n >= 9) return false;
    out = out * 10 + static_cast<std::uint64_t>(text[n++] - '0');
  }
  text.remove_prefix(n);
  return n != 0;
}

// "1.1.1w": OpenSSL's patch letters count as a build number behind the third component.
bool read_version(std::string_view text, Version& out) {
  for (std::size_t i = 0; i < out.numbers.size(); i++) {
    if (i != 0 && !text.starts_with('.')) break;
    if (i != 0) text.remove_prefix(1);
    if (!read_number(text, out.numbers[i])) return false;
  }
  if (text.size() == 1 && text[0] >= 'a' && text[0] <= 'z') {
    out.build = static_cast<std::uint64_t>(text[0] - 'a') + 1;
    return true;
  }
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    for (const auto& [word, stage] :
         {std::pair{"dev", 0}, std::pair{"alpha", 0}, std::pair{"beta", 0}, std::pair{"rc", 1}}) {
      if (!text.starts_with(word)) continue;
      text.remove_prefix(std::string_view(word).size());
      out.stage = stage;
      if (!text.empty() && is_digit(text[0]) && !read_number(text, out.stage_number)) return false;
      if (text.starts_with('-')) text.remove_prefix(1);
      break;
    }
    if (!text.empty() && is_digit(text[0]) && !read_number(text, out.build)) return false;
  }
  // "+deb12u4", "-a1b2c3": where it was packaged or built from orders nothing.
  return text.empty() || text[0] == '+' || text[0] == '-' || out.stage != 2 || out.build != 0;
}

enum class Predicate : std::uint8_t {
  awslc_api_atleast,
  awslc_api_before,
  defined,
  enabled,
  feature,
  fips_mode,
  openssl_version_atleast,
  openssl_version_before,
  ssllib_name_startswith,
  streq,
  strneq,
  strstr,
  version_atleast,
  version_before,
};

struct PredicateRow {
  std::string_view name;
  Predicate predicate;
  std::size_t args;
  std::string_view syntax;
};

constexpr PredicateRow kPredicates[] = {
    {"awslc_api_atleast", Predicate::awslc_api_atleast, 1, "awslc_api_atleast(<version>)"},
    {"awslc_api_before", Predicate::awslc_api_before, 1, "awslc_api_before(<version>)"},
    {"defined", Predicate::defined, 1, "defined(<variable>)"},
    {"enabled", Predicate::enabled, 1, "enabled(<option>)"},
    {"feature", Predicate::feature, 1, "feature(<name>)"},
    {"fips_mode", Predicate::fips_mode, 0, "fips_mode()"},
    {"openssl_version_atleast", Predicate::openssl_version_atleast, 1, "openssl_version_atleast(<version>)"},
    {"openssl_version_before", Predicate::openssl_version_before, 1, "openssl_version_before(<version>)"},
    {"ssllib_name_startswith", Predicate::ssllib_name_startswith, 1, "ssllib_name_startswith(<name>)"},
    {"streq", Predicate::streq, 2, "streq(<string1>,<string2>)"},
    {"strneq", Predicate::strneq, 2, "strneq(<string1>,<string2>)"},
    {"strstr", Predicate::strstr, 2, "strstr(<string>,<part>)"},
    {"version_atleast", Predicate::version_atleast, 1, "version_atleast(<version>)"},
    {"version_before", Predicate::version_before, 1, "version_before(<version>)"},
};

class Evaluator {
 public:
  Evaluator(std::string_view text, const ConditionFacts& facts, const Environment& environment)
      : text_(text), facts_(facts), environment_(environment) {}

  Result<bool, ConditionError> run() {
    skip_spaces();
    if (i_ == text_.size()) return false;
    const bool value = any_of(0);
    if (!failed_ && i_ != text_.size())
      stop(i_, fmt::format("unexpected '{}' behind the condition", text_.substr(i_, 20)), "combine with && or ||");
    if (failed_) return unexpected<ConditionError>(std::move(error_));
    return value;
  }

 private:
  bool stop(std::size_t at, std::string message, std::string hint = {}) {
    if (!failed_) error_ = {std::move(message), at, std::move(hint)};
    failed_ = true;
    return false;
  }
  void skip_spaces() {
    while (i_ < text_.size() && (text_[i_] == ' ' || text_[i_] == '\t')) i_++;
  }
  bool take(std::string_view token) {
    skip_spaces();
    if (!text_.substr(i_).starts_with(token)) return false;
    i_ += token.size();
    skip_spaces();
    return true;
  }

  bool any_of(int depth) {
    bool value = all_of(depth);
    while (!failed_ && take("||")) value = all_of(depth) || value;
    return value;
  }

  bool all_of(int depth) {
    bool value = term(depth);
    while (!failed_ && take("&&")) value = term(depth) && value;
    return value;
  }

  bool term(int depth) {
    skip_spaces();
    bool negate = false;
    while (take("!")) negate = !negate;
    if (i_ >= text_.size())
      return stop(i_, "a condition is missing at the end", "an integer, a predicate, or a condition in parentheses");
    if (text_[i_] == '(') return nested(depth) != negate;
    if (is_digit(text_[i_]) || text_[i_] == '-' || text_[i_] == '+') return integer() != negate;
    return predicate() != negate;
  }

  bool nested(int depth) {
    const std::size_t open = i_++;
    if (depth >= kMaxConditionDepth)
      return stop(open, fmt::format("parentheses are nested more than {} deep", kMaxConditionDepth));
    const bool value = any_of(depth + 1);
    if (!failed_ && !take(")")) return stop(open, "'(' is never closed");
    return value;
  }

  bool integer() {
    const std::size_t from = i_;
    if (text_[i_] == '-' || text_[i_] == '+') i_++;
    bool zero = true;
    const std::size_t digits = i_;
    while (i_ < text_.size() && is_digit(text_[i_])) zero = text_[i_++] == '0' && zero;
    if (i_ == digits) return stop(from, "a number needs digits");
    skip_spaces();
    return !zero;
  }

  bool predicate() {
    const std::size_t from = i_;
    while (i_ < text_.size() && ((text_[i_] >= 'a' && text_[i_] <= 'z') || (text_[i_] >= 'A' && text_[i_] <= 'Z') ||
                                 is_digit(text_[i_]) || text_[i_] == '_' || text_[i_] == '-'))
      i_++;
    const std::string_view name = text_.substr(from, i_ - from);
    if (name.empty())
      return stop(from, fmt::format("'{}' is no condition", text_.substr(from, 20)),
                  "an integer, a predicate, or a condition in parentheses");
    const PredicateRow* row = nullptr;
    std::vector<std::string_view> names;
    for (const PredicateRow& one : kPredicates) {
      names.push_back(one.name);
      if (one.name == name) row = &one;
    }
    if (row == nullptr) {
      const auto near = nearest_word(name.substr(0, 64), names);
      return stop(from, fmt::format("there is no predicate '{}'", name),
                  near.empty() ? std::string{} : fmt::format("did you mean '{}'?", near));
    }
    std::vector<std::string> args;
    if (i_ < text_.size() && text_[i_] == '(' && !read_arguments(args)) return false;
    if (row->args == 0 && args.size() == 1 && args[0].empty()) args.clear();
    if (args.size() != row->args)
      return stop(
          from,
          fmt::format("'{}' takes {} argument{}, not {}", name, row->args, row->args == 1 ? "" : "s", args.size()),
          fmt::format("write {}", row->syntax));
    skip_spaces();
    return apply(*row, args, from);
  }

  // The second level of quoting (manual 2.2): like the first, without variables, \#, \$ and \xNN.
  bool read_arguments(std::vector<std::string>& args) {
    const std::size_t open = i_++;
    std::string arg;
    char quote = 0;
    for (; i_ < text_.size(); i_++) {
      const char c = text_[i_];
      if (quote != 0 && c == quote) {
        quote = 0;
      } else if (c == '\\' && quote != '\'' && i_ + 1 < text_.size()) {
        read_escape(arg);
      } else if (quote != 0) {
        arg += c;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == ',' || c == ')') {
        args.push_back(std::move(arg));
        arg.clear();
        if (c == ',') continue;
        i_++;
        return true;
      } else {
        arg += c;
      }
    }
    return stop(open, quote != 0 ? "a quote within the arguments is never closed" : "'(' is never closed");
  }

  void read_escape(std::string& arg) {
    const char c = text_[++i_];
    switch (c) {
      case 'n': arg += '\n'; return;
      case 'r': arg += '\r'; return;
      case 't': arg += '\t'; return;
      case ' ':
      case '\t':
      case '\\':
      case '\'':
      case '"':
      case ',':
      case ')':
      case '(': arg += c; return;
      default: arg += '\\'; arg += c;
    }
  }

  static bool is_on(std::span<const Feature> features, std::string_view name) {
    for (const Feature& feature : features)
      if (feature.name == name) return feature.enabled;
    return false;
  }

  bool compare(std::string_view have, const std::string& wanted, bool before, std::size_t at) {
    Version parsed;
    if (!read_version(wanted, parsed))
      return stop(at, fmt::format("'{}' is no version", wanted), "write it like 2.8, 3.1.4 or 2.4-dev19");
    if (have.empty()) return false;
    const auto order = compare_versions(have, wanted);
    return order && (before ? *order < 0 : *order >= 0);
  }

  bool apply(const PredicateRow& row, const std::vector<std::string>& args, std::size_t at) {
    switch (row.predicate) {
      case Predicate::awslc_api_atleast:
      case Predicate::awslc_api_before: return compare({}, args[0], false, at);  // weir links OpenSSL only
      case Predicate::defined: return environment_.get(args[0]).has_value();
      case Predicate::enabled: return is_on(facts_.options, args[0]);
      case Predicate::feature: return is_on(facts_.features, args[0]);
      case Predicate::fips_mode: return facts_.fips_mode;
      case Predicate::openssl_version_atleast: return compare(facts_.openssl_version, args[0], false, at);
      case Predicate::openssl_version_before: return compare(facts_.openssl_version, args[0], true, at);
      case Predicate::ssllib_name_startswith: return facts_.ssl_library_name.starts_with(args[0]);
      case Predicate::streq: return args[0] == args[1];
      case Predicate::strneq: return args[0] != args[1];
      case Predicate::strstr: return args[0].find(args[1]) != std::string::npos;
      case Predicate::version_atleast: return compare(facts_.version, args[0], false, at);
      case Predicate::version_before: return compare(facts_.version, args[0], true, at);
    }
    return false;
  }

  std::string_view text_;
  const ConditionFacts& facts_;
  const Environment& environment_;
  std::size_t i_ = 0;
  bool failed_ = false;
  ConditionError error_;
};

}  // namespace

Result<bool, ConditionError> evaluate_condition(std::string_view text, const ConditionFacts& facts,
                                                const Environment& environment) {
  return Evaluator(text, facts, environment).run();
}

int condition_exit_status(std::string_view text, const ConditionFacts& facts, const Environment& environment,
                          std::string& message) {
  Diagnostics diagnostics;
  const auto file = diagnostics.add_file("-cc", std::string(text));
  Words words;
  const LexScope scope{.environment = &environment, .file = "-cc"};
  if (!lex_line(text, {.file = file, .line = 1, .column = 1}, scope, diagnostics, words)) {
    message = diagnostics.render();
    return 2;
  }
  const auto value = evaluate_condition(joined(words.data(), words.data() + words.size()), facts, environment);
  if (value) return *value ? 0 : 1;
  message = value.error().message + (value.error().hint.empty() ? "" : "; " + value.error().hint) + "\n";
  return 2;
}

Result<int> compare_versions(std::string_view a, std::string_view b) {
  Version left;
  Version right;
  if (!read_version(a, left)) return fail(fmt::format("'{}' is no version", a));
  if (!read_version(b, right)) return fail(fmt::format("'{}' is no version", b));
  return left < right ? -1 : left == right ? 0 : 1;
}

}  // namespace weir::config
