// The families of actions, each defined at the bottom of its file, and how their words are found and taken apart.
#include <fmt/format.h>

#include "proxy/rule/action.h"
#include "proxy/rule/tables.h"

namespace weir::proxy {
namespace {

// Copies of spans that are constants of other files.
const std::span<const ActionRow> kTables[] = {
    address_actions,     bandwidth_actions, expect_header_actions, headers_bin_actions, normalize_uri_actions,
    http_answer_actions, http_head_actions, log_actions,           order_actions,       refused_actions,
    pattern_actions,     socket_actions,    tracking_actions,      variable_actions,    verdict_actions,
};

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos && text.size() <= 3;
}

bool matches(const ActionRow& row, std::string_view word) {
  switch (row.form) {
    case ActionForm::word: return word == row.name;
    case ActionForm::parentheses: return word.substr(0, word.find('(')) == row.name;
    case ActionForm::number: return word.starts_with(row.name) && is_number(word.substr(row.name.size()));
  }
  return false;
}

}  // namespace

std::span<const std::span<const ActionRow>> action_tables() { return kTables; }

const ActionRow* find_action(std::string_view word, RuleSet set) {
  const ActionRow* elsewhere = nullptr;
  for (const auto& table : kTables)
    for (const ActionRow& row : table) {
      if (!matches(row, word)) continue;
      if ((row.sets & static_cast<std::uint8_t>(set)) != 0) return &row;
      elsewhere = &row;
    }
  return elsewhere;
}

std::optional<sample::Expression> ActionReader::expression(std::string_view what) {
  const config::Word* text = args.expect_word(what);
  if (text == nullptr) return std::nullopt;
  return sample::Expression::compile(text->text, scope, text->at, context.diagnostics());
}

std::shared_ptr<const sample::LogFormat> ActionReader::format(std::string_view what) {
  const config::Word* text = args.expect_word(what);
  if (text == nullptr) return nullptr;
  const bool http =
      set == RuleSet::http_request || set == RuleSet::http_response || set == RuleSet::http_after_response;
  return sample::LogFormat::compile(text->text, {.use = sample::FormatUse::text, .merge_spaces = false, .http = http},
                                    scope, text->at, context.diagnostics());
}

std::vector<ActionReader::Part> ActionReader::parts() const {
  std::vector<Part> all;
  for (std::size_t start = 0; start <= word.arguments.size();) {
    const std::size_t end = std::min(word.arguments.find(',', start), word.arguments.size());
    SourcePosition at = word.arguments_at;
    if (at.column != 0) at.column += static_cast<std::uint32_t>(start);
    at.length = static_cast<std::uint32_t>(end - start);
    all.push_back({word.arguments.substr(start, end - start), at});
    start = end + 1;
  }
  return all;
}

bool ActionReader::error(SourcePosition at, std::string message, std::string hint) {
  args.error_at(at, std::move(message)).hint = std::move(hint);
  return false;
}

bool parse_expression_argument(ActionReader& reader) {
  auto expression = reader.expression("an expression");
  if (!expression) return false;
  auto argument = std::make_shared<ExpressionArgument>();
  argument->expression = std::move(*expression);
  reader.out = std::move(argument);
  return true;
}

}  // namespace weir::proxy
