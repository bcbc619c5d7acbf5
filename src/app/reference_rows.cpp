// What the manual's chapters are made of: the rows of every table.
#include <fmt/format.h>

#include <algorithm>

#include "admin/command.h"
#include "app/keywords.h"
#include "app/reference.h"
#include "balance/picker.h"
#include "check/step.h"
#include "proxy/keyword/bind.h"
#include "proxy/keyword/rules.h"
#include "proxy/keyword/server_options.h"
#include "proxy/rule/rule.h"
#include "sample/acl.h"

namespace weir::app {
namespace {

using config::KeywordStatus;
using Entries = std::vector<ReferenceEntry>;

std::string behind_a_space(std::string_view arguments) {
  return arguments.empty() ? std::string() : fmt::format(" {}", arguments);
}

std::vector<std::string> sections_of(const config::KeywordRow& row) {
  std::vector<std::string> names;
  for (const config::SectionRow* section : keyword_table().sections())
    if ((row.sections & config::set_of(section->kind)) != 0) names.emplace_back(section->name);
  return names;
}

Entries keywords(KeywordStatus status) {
  Entries entries;
  for (const config::KeywordRow* row : keyword_table().rows()) {
    if (row->status != status) continue;
    ReferenceEntry& entry = entries.emplace_back();
    entry.name = row->name;
    entry.facts = sections_of(*row);
    entry.text = row->reason;
    if (!row->replacement.empty()) entry.text += fmt::format("; use '{}'", row->replacement);
    if (status != KeywordStatus::works) continue;
    entry.arguments = behind_a_space(row->arguments);
    entry.text = row->doc;
    entry.example = row->example;
  }
  return entries;
}

Entries section_names() {
  Entries entries;
  for (const config::SectionRow* section : keyword_table().sections())
    entries.push_back({std::string(section->name), {}, {}, std::string(section->doc), {}, {}});
  return entries;
}

template <class T>
Entries options(const config::OptionTable<T>& table) {
  auto rows = std::vector(table.rows().begin(), table.rows().end());
  std::ranges::sort(rows, {}, [](const auto* row) { return std::pair(row->status, row->name); });
  Entries entries;
  for (const auto* row : rows) {
    ReferenceEntry& entry = entries.emplace_back();
    entry.name = row->name;
    entry.arguments = behind_a_space(row->arguments);
    if (row->status == KeywordStatus::no_meaning) entry.facts = {"accepted with a notice"};
    if (row->status == KeywordStatus::dropped) entry.facts = {"refused"};
    entry.text = row->doc;
    entry.example = row->example;
  }
  return entries;
}

Entries socket_options() {
  Entries entries = options(proxy::socket_options());
  std::erase_if(entries, [](const ReferenceEntry& entry) { return !entry.facts.empty(); });
  return entries;
}

// "(a string[,an integer])", the optional ones in brackets.
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

void add_example(ReferenceEntry& entry, const sample::Examples& examples) {
  entry.example = examples[0].expression;
  if (!entry.example.empty()) entry.result = examples[0].absent ? "absent" : fmt::format("'{}'", examples[0].result);
}

Entries fetches() {
  Entries entries;
  for (const sample::Fetch* fetch : sample_registry().fetches()) {
    ReferenceEntry& entry = entries.emplace_back();
    entry.name = fetch->name;
    entry.arguments = arguments_of(fetch->args);
    entry.facts = {std::string(sample::type_name(fetch->out))};
    if (fetch->needs != sample::Facts::none) entry.facts.push_back(fmt::format("needs {}", facts_name(fetch->needs)));
    entry.text = fetch->doc;
    add_example(entry, fetch->examples);
  }
  return entries;
}

Entries converters() {
  Entries entries;
  for (const sample::Converter* converter : sample_registry().converters()) {
    ReferenceEntry& entry = entries.emplace_back();
    entry.name = converter->name;
    entry.arguments = arguments_of(converter->args);
    entry.facts = {fmt::format("{} to {}", sample::type_name(converter->in), sample::type_name(converter->out))};
    entry.text = converter->doc;
    add_example(entry, converter->examples);
  }
  return entries;
}

Entries acls() {
  Entries entries;
  for (const sample::AclKeyword* acl : sample_registry().acl_keywords())
    entries.push_back({std::string(acl->name),
                       {},
                       {fmt::format("-m {}", sample::match_kind_name(acl->match))},
                       fmt::format("As '{}', matched by '-m {}'.", acl->fetch, sample::match_kind_name(acl->match)),
                       {},
                       {}});
  return entries;
}

Entries predefined_acls() {
  Entries entries;
  const sample::AclSet none;
  for (const std::string_view name : sample::predefined_acl_names()) {
    const auto acl = none.find(name, {.registry = &sample_registry()});
    if (acl != nullptr)
      entries.push_back({std::string(name), {}, {}, fmt::format("As '{}'.", acl->tests[0].text()), {}, {}});
  }
  return entries;
}

Entries actions() {
  std::vector<const proxy::ActionRow*> actions;
  for (const auto& table : proxy::action_tables())
    for (const proxy::ActionRow& row : table) actions.push_back(&row);
  std::ranges::sort(actions, {}, [](const proxy::ActionRow* row) { return row->name; });
  Entries entries;
  for (const proxy::ActionRow* row : actions)
    entries.push_back({std::string(row->name),
                       behind_a_space(row->arguments),
                       proxy::rule_sets_of(*row),
                       std::string(row->reason.empty() ? row->doc : row->reason),
                       std::string(row->example),
                       {}});
  return entries;
}

Entries algorithms() {
  Entries entries;
  for (const balance::BalanceAlgorithm& row : balance::algorithms())
    entries.push_back({std::string(row.name),
                       row.takes_argument ? "(<name>)" : "",
                       {},
                       std::string(row.doc),
                       std::string(row.example),
                       {}});
  return entries;
}

Entries steps() {
  Entries entries;
  for (const check::StepDescription& step : check::step_descriptions())
    entries.push_back({std::string(step.name),
                       behind_a_space(step.arguments),
                       {},
                       std::string(step.doc),
                       std::string(step.example),
                       {}});
  return entries;
}

Entries log_aliases() {
  Entries entries;
  for (const sample::LogAlias* alias : sample_registry().log_aliases())
    entries.push_back({fmt::format("%{}", alias->name), {}, {}, std::string(alias->doc), {}, {}});
  return entries;
}

Entries commands() {
  auto rows = admin::all_commands();
  std::ranges::sort(rows, {}, [](const auto* row) { return row->name; });
  Entries entries;
  for (const admin::CliCommand* row : rows) {
    std::string_view arguments = row->usage;
    if (arguments.starts_with(row->name)) arguments.remove_prefix(row->name.size());
    entries.push_back({std::string(row->name),
                       std::string(arguments),
                       {std::string(admin::level_name(row->level))},
                       std::string(row->doc),
                       {},
                       {}});
  }
  return entries;
}

}  // namespace

std::vector<ReferenceChapter> reference_chapters() {
  return {
      {"section", "Sections", section_names()},
      {"keyword", "Keywords", keywords(KeywordStatus::works)},
      {"bind", "Options of `bind`", options(proxy::bind_options())},
      {"socket", "Options of `stats socket`", socket_options()},
      {"server", "Options of `server` and `default-server`", options(proxy::server_options())},
      {"action", "Actions of rules", actions()},
      {"balance", "Algorithms of `balance`", algorithms()},
      {"step", "Steps of `tcp-check`", steps()},
      {"fetch", "Sample fetches", fetches()},
      {"converter", "Converters", converters()},
      {"acl", "ACL keywords", acls()},
      {"predefined", "Predefined ACLs", predefined_acls()},
      {"alias", "Log aliases", log_aliases()},
      {"command", "Commands of the runtime socket", commands()},
      {"ignored", "Keywords accepted with a notice", keywords(KeywordStatus::no_meaning)},
      {"refused", "Keywords refused", keywords(KeywordStatus::dropped)},
  };
}

}  // namespace weir::app
