#include "app/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "admin/command.h"
#include "app/keywords.h"
#include "balance/picker.h"
#include "check/step.h"
#include "proxy/keyword/bind.h"
#include "proxy/keyword/server_options.h"
#include "proxy/rule/rule.h"

namespace weir::app {
namespace {

using config::KeywordStatus;

std::string entry(std::string_view name, std::string_view arguments, std::string_view doc, std::string_view example) {
  std::string text = fmt::format("- `{}{}{}`: {}", name, arguments.empty() ? "" : " ", arguments, doc);
  if (!example.empty()) text += fmt::format(" Example: `{}`", example);
  return text + '\n';
}

std::string sections_of(const config::KeywordRow& row) {
  std::string names;
  for (const config::SectionRow* section : keyword_table().sections()) {
    if ((row.sections & config::set_of(section->kind)) == 0) continue;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", section->name);
  }
  return names;
}

std::string keyword_entry(const config::KeywordRow& row) {
  if (row.status == KeywordStatus::works) {
    return entry(row.name, row.arguments, fmt::format("({}) {}", sections_of(row), row.doc), row.example);
  }
  std::string text = fmt::format("- `{}` ({}): {}", row.name, sections_of(row), row.reason);
  if (!row.replacement.empty()) text += fmt::format("; use `{}`", row.replacement);
  return text + '\n';
}

std::string keywords(KeywordStatus status) {
  std::string text;
  for (const config::KeywordRow* row : keyword_table().rows())
    if (row->status == status) text += keyword_entry(*row);
  return text;
}

std::string section_names() {
  std::string text;
  for (const config::SectionRow* section : keyword_table().sections())
    text += entry(section->name, {}, section->doc, {});
  return text;
}

template <class T>
std::string options(const config::OptionTable<T>& table, KeywordStatus status) {
  auto rows = std::vector(table.rows().begin(), table.rows().end());
  std::ranges::sort(rows, {}, [](const auto* row) { return row->name; });
  std::string text;
  for (const auto* row : rows)
    if (row->status == status) text += entry(row->name, row->arguments, row->doc, row->example);
  return text;
}

template <class T>
std::string all_options(const config::OptionTable<T>& table) {
  std::string text = options(table, KeywordStatus::works);
  if (const auto ignored = options(table, KeywordStatus::no_meaning); !ignored.empty())
    text += fmt::format("\nAccepted with a notice, for they mean nothing here:\n\n{}", ignored);
  if (const auto refused = options(table, KeywordStatus::dropped); !refused.empty())
    text += fmt::format("\nRefused:\n\n{}", refused);
  return text;
}

// "(string[,integer])", the optional ones in brackets.
std::string arguments_of(const sample::ArgSpec& spec) {
  if (spec.max == 0) return {};
  std::string text = "(";
  for (std::size_t i = 0; i < spec.max; ++i) {
    if (i >= spec.min) text += '[';
    if (i != 0) text += ',';
    text += sample::arg_kind_name(spec.kinds[i]);
  }
  return text + std::string(static_cast<std::size_t>(spec.max - spec.min), ']') + ')';
}

std::string example_of(const sample::Examples& examples) {
  if (examples[0].expression.empty()) return {};
  if (examples[0].absent) return fmt::format(" Example: `{}` is absent.", examples[0].expression);
  return fmt::format(" Example: `{}` is `{}`.", examples[0].expression, examples[0].result);
}

std::string fetches() {
  std::string text;
  for (const sample::Fetch* fetch : sample_registry().fetches()) {
    text += fmt::format("- `{}{}` ({}): {}{}\n", fetch->name, arguments_of(fetch->args), sample::type_name(fetch->out),
                        fetch->doc, example_of(fetch->examples));
  }
  return text;
}

std::string converters() {
  std::string text;
  for (const sample::Converter* converter : sample_registry().converters()) {
    text += fmt::format("- `{}{}` ({} to {}): {}{}\n", converter->name, arguments_of(converter->args),
                        sample::type_name(converter->in), sample::type_name(converter->out), converter->doc,
                        example_of(converter->examples));
  }
  return text;
}

std::string acls() {
  std::string text;
  for (const sample::AclKeyword* acl : sample_registry().acl_keywords()) {
    text +=
        fmt::format("- `{}`: `{}`, matched by `-m {}`\n", acl->name, acl->fetch, sample::match_kind_name(acl->match));
  }
  text += "\nPredefined:";
  for (const std::string_view name : sample::predefined_acl_names())
    text += fmt::format("{} `{}`", text.ends_with(':') ? "" : ",", name);
  return text + '\n';
}

std::string actions() {
  std::string text;
  std::vector<const proxy::ActionRow*> actions;
  for (const auto& table : proxy::action_tables())
    for (const proxy::ActionRow& row : table) actions.push_back(&row);
  std::ranges::sort(actions, {}, [](const proxy::ActionRow* row) { return row->name; });
  for (const proxy::ActionRow* row : actions)
    text += entry(row->name, row->arguments, row->reason.empty() ? row->doc : row->reason, row->example);
  return text;
}

std::string algorithms() {
  std::string text;
  for (const balance::BalanceAlgorithm& row : balance::algorithms())
    text += entry(row.name, row.takes_argument ? "(<name>)" : "", row.doc, row.example);
  return text;
}

std::string steps() {
  std::string text;
  for (const check::StepDescription& step : check::step_descriptions())
    text += entry(step.name, step.arguments, step.doc, step.example);
  return text;
}

std::string log_aliases() {
  std::string text;
  for (const sample::LogAlias* alias : sample_registry().log_aliases())
    text += fmt::format("- `%{}`: {}\n", alias->name, alias->doc);
  return text;
}

std::string commands() {
  auto rows = admin::all_commands();
  std::ranges::sort(rows, {}, [](const auto* row) { return row->name; });
  std::string text;
  for (const admin::CliCommand* row : rows) {
    text += fmt::format("- `{}` ({}): {}\n", row->usage.empty() ? row->name : row->usage, admin::level_name(row->level),
                        row->doc);
  }
  return text;
}

struct Chapter {
  std::string_view title;
  std::string (*text)();
};

constexpr Chapter kChapters[] = {
    {"Sections", section_names},
    {"Keywords", [] { return keywords(KeywordStatus::works); }},
    {"Options of `bind`", [] { return all_options(proxy::bind_options()); }},
    {"Options of `stats socket`", [] { return options(proxy::socket_options(), KeywordStatus::works); }},
    {"Options of `server` and `default-server`", [] { return all_options(proxy::server_options()); }},
    {"Actions of `tcp-request`", actions},
    {"Algorithms of `balance`", algorithms},
    {"Steps of `tcp-check`", steps},
    {"Sample fetches", fetches},
    {"Converters", converters},
    {"ACL keywords", acls},
    {"Log aliases", log_aliases},
    {"Commands of the runtime socket", commands},
    {"Keywords accepted with a notice", [] { return keywords(KeywordStatus::no_meaning); }},
    {"Keywords refused", [] { return keywords(KeywordStatus::dropped); }},
};

}  // namespace

std::string reference_text() {
  std::string text =
      "# Reference\n\nEvery word that weir knows, printed by `weir --reference` from the tables that the program "
      "itself "
      "reads by: what\nstands here works, and what does not stand here is refused with a message.\n";
  for (const Chapter& chapter : kChapters) text += fmt::format("\n## {}\n\n{}", chapter.title, chapter.text());
  return text;
}

}  // namespace weir::app
