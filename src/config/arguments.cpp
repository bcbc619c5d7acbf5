#include "config/arguments.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace weir::config {

Arguments::Arguments(ParseContext& context, const Line& line)
    : diagnostics_(context.diagnostics()), words_(line.args()), end_(line.end) {
  if (const KeywordRow* row = context.row()) {
    subject_ = fmt::format("'{}'", row->name);
    example_ = row->example;
  } else {
    subject_ = fmt::format("'{}'", line.words.empty() ? std::string() : line.words[0].text);
  }
}

Arguments::Arguments(Diagnostics& diagnostics, std::span<const Word> words, std::string subject, SourcePosition end,
                     std::string_view example)
    : diagnostics_(diagnostics), words_(words), subject_(std::move(subject)), end_(end), example_(example) {}

bool Arguments::take(std::string_view literal) {
  if (at_end() || words_[next_].text != literal) return false;
  next_++;
  return true;
}

Diagnostic& Arguments::error_at(SourcePosition at, std::string message) {
  Diagnostic& diagnostic = diagnostics_.error(at, fmt::format("{}: {}", subject_, message));
  diagnostic.example = example_;
  return diagnostic;
}

const Word* Arguments::expect_word(std::string_view what) {
  if (!at_end()) return &words_[next_++];
  error_at(end_, fmt::format("{} is missing", what));
  return nullptr;
}

std::optional<Milliseconds> Arguments::expect_time(std::string_view what, std::chrono::microseconds bare) {
  const Word* word = expect_word(what);
  if (word == nullptr) return std::nullopt;
  const auto value = parse_time(word->text, bare);
  if (value) return *value;
  error_at(word->at, fmt::format("{} '{}' is no time: {}", what, word->text, value.error().message)).hint =
      "a number with us, ms, s, m, h or d, for example 30s";
  return std::nullopt;
}

std::optional<std::uint64_t> Arguments::expect_size(std::string_view what) {
  const Word* word = expect_word(what);
  if (word == nullptr) return std::nullopt;
  const auto value = parse_size(word->text);
  if (value) return *value;
  error_at(word->at, fmt::format("{} '{}' is no size: {}", what, word->text, value.error().message)).hint =
      "a number of bytes, with k, m or g for larger units, for example 64k";
  return std::nullopt;
}

std::optional<std::int64_t> Arguments::expect_integer(std::string_view what, std::int64_t min, std::int64_t max) {
  const Word* word = expect_word(what);
  if (word == nullptr) return std::nullopt;
  const auto value = parse_integer(word->text, min, max);
  if (value) return *value;
  error_at(word->at, fmt::format("{} '{}' is not right: {}", what, word->text, value.error().message)).hint =
      fmt::format("a whole number from {} to {}", min, max);
  return std::nullopt;
}

std::optional<AddressSpec> Arguments::expect_address(std::string_view what) {
  const Word* word = expect_word(what);
  if (word == nullptr) return std::nullopt;
  auto value = parse_address(word->text);
  if (value) return std::move(*value);
  error_at(word->at, fmt::format("{} '{}' is no address: {}", what, word->text, value.error().message)).hint =
      "for example 192.0.2.1:80, [2001:db8::1]:80, :80 or /run/app.sock";
  return std::nullopt;
}

const Word* Arguments::expect_name(std::string_view what) {
  const Word* word = expect_word(what);
  if (word == nullptr) return nullptr;
  if (word->text.empty()) {
    error_at(word->at, fmt::format("{} is empty", what));
    return nullptr;
  }
  const auto bad = first_bad_name_character(word->text);
  if (bad == std::string_view::npos) return word;
  error_at(word->at, fmt::format("character '{}' is not allowed in {} '{}'", word->text[bad], what, word->text)).hint =
      "names have letters, digits and - _ . :";
  return nullptr;
}

std::optional<std::size_t> Arguments::expect_choice(std::string_view what, std::span<const std::string_view> choices) {
  const Word* word = expect_word(what);
  if (word == nullptr) return std::nullopt;
  std::string all;
  for (std::size_t i = 0; i < choices.size(); i++) {
    if (word->text == choices[i]) return i;
    if (i != 0) all += i + 1 == choices.size() ? " or " : ", ";
    all += choices[i];
  }
  const auto near = nearest_word(std::string_view(word->text).substr(0, 64), choices);
  error_at(word->at, fmt::format("'{}' is no {}", word->text, what)).hint =
      near.empty() ? fmt::format("expected {}", all) : fmt::format("did you mean '{}'? expected {}", near, all);
  return std::nullopt;
}

bool Arguments::expect_end() {
  if (at_end()) return true;
  error_at(words_[next_].at, fmt::format("unexpected word '{}'", words_[next_].text));
  return false;
}

void report_unknown_option(Arguments& args, const Word& word, std::string_view what,
                           std::span<const std::string_view> names) {
  const auto near = nearest_word(std::string_view(word.text).substr(0, 64), names);
  Diagnostic& diagnostic = args.error_at(word.at, fmt::format("unknown {} '{}'", what, word.text));
  if (!near.empty()) diagnostic.hint = fmt::format("did you mean '{}'?", near);
}

bool report_option_status(Arguments& args, const Word& word, KeywordStatus status, std::string_view reason,
                          std::string_view replacement) {
  if (status == KeywordStatus::works) return true;
  if (status == KeywordStatus::no_meaning) {
    args.diagnostics().notice(word.at, fmt::format("'{}' changes nothing here: {}", word.text, reason));
    return true;
  }
  Diagnostic& diagnostic = args.error_at(word.at, fmt::format("'{}' is not supported: {}", word.text, reason));
  diagnostic.example.clear();
  if (!replacement.empty()) diagnostic.hint = fmt::format("use '{}'", replacement);
  return false;
}

void report_missing_option_words(Arguments& args, const Word& word, int wanted, std::string_view syntax,
                                 std::string_view example) {
  Diagnostic& diagnostic =
      syntax.empty() ? args.error(fmt::format("'{}' needs {} argument{}", word.text, wanted, wanted == 1 ? "" : "s"))
                     : args.error(fmt::format("'{}' needs {}", word.text, syntax));
  if (!example.empty()) diagnostic.example = example;
}

void duplicate_option(std::string_view what, std::string_view name) {
  std::fprintf(stderr, "weir: %.*s '%.*s' is registered twice\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(name.size()), name.data());
  std::abort();
}

}  // namespace weir::config
