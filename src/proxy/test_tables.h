// The language as this layer knows it, for tests: its keywords and those of the layers below, without app/; and a text
// read in it.
#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/keyword_table.h"
#include "log/keywords.h"
#include "peers/config.h"
#include "proxy/fetch/tracked.h"
#include "proxy/keyword/load.h"
#include "proxy/keywords.h"
#include "sample/registry.h"
#include "stick/convert.h"
#include "update/config.h"

namespace weir::proxy {

inline const config::KeywordTable& test_keywords() {
  static const config::KeywordTable made = [] {
    const std::vector<std::span<const config::SectionRow>> section_tables = {
        sections, log::sections, peers::peers_sections, update::update_sections};
    std::vector<std::span<const config::KeywordRow>> rows(keywords.begin(), keywords.end());
    rows.insert(rows.end(), log::keywords.begin(), log::keywords.end());
    rows.push_back(peers::peers_keywords);
    rows.push_back(update::update_keywords);
    return config::KeywordTable(section_tables, rows);
  }();
  return made;
}

inline const sample::Registry& test_registry() {
  static const sample::Registry made = [] {
    const std::vector<std::span<const sample::LogAlias>> aliases = {log_aliases, capture_aliases};
    std::vector<std::span<const sample::Fetch>> all_fetches;
    for (const auto& tables : {sample::sample_fetches(), stick::stick_fetches(), fetches()})
      all_fetches.insert(all_fetches.end(), tables.begin(), tables.end());
    std::vector<std::span<const sample::Converter>> all_converters;
    for (const auto& tables : {sample::sample_converters(), stick::stick_converters(), converters()})
      all_converters.insert(all_converters.end(), tables.begin(), tables.end());
    return sample::Registry({.fetches = all_fetches,
                             .converters = all_converters,
                             .acl_keywords = sample::sample_acl_keywords(),
                             .log_aliases = aliases});
  }();
  return made;
}

/// A configuration that was read, or what is wrong with it.
struct Loaded {
  std::optional<Config> config;
  Diagnostics diagnostics;
  std::string said() const { return diagnostics.render(Severity::warning); }
  /// "3:5 message" of each diagnostic from warnings on.
  std::vector<std::string> messages() const {
    std::vector<std::string> all;
    for (const Diagnostic& one : diagnostics.all())
      if (one.severity >= Severity::warning)
        all.push_back(std::to_string(one.position.line) + ":" + std::to_string(one.position.column) + " " +
                      one.message);
    return all;
  }
};

inline std::unique_ptr<Loaded> load(std::string text) {
  auto loaded = std::make_unique<Loaded>();
  std::vector<config::SourceFile> sources;
  sources.push_back({"t.cfg", std::move(text)});
  loaded->config =
      load_config(std::move(sources), {.table = &test_keywords(), .registry = &test_registry(), .local_peer = "lb1"},
                  loaded->diagnostics);
  return loaded;
}

}  // namespace weir::proxy
