// The language as this layer knows it, for tests: its keywords and those of the layers below, without app/.
#pragma once

#include <algorithm>
#include <iterator>
#include <span>
#include <vector>

#include "config/keyword_table.h"
#include "log/keywords.h"
#include "peers/config.h"
#include "proxy/fetch/tracked.h"
#include "proxy/keywords.h"
#include "sample/registry.h"
#include "stick/convert.h"

namespace weir::proxy {

inline const config::KeywordTable& test_keywords() {
  static const config::KeywordTable made = [] {
    const std::vector<std::span<const config::SectionRow>> section_tables = {sections, log::sections,
                                                                             peers::peers_sections};
    std::vector<std::span<const config::KeywordRow>> rows(keywords.begin(), keywords.end());
    rows.insert(rows.end(), log::keywords.begin(), log::keywords.end());
    rows.push_back(peers::peers_keywords);
    return config::KeywordTable(section_tables, rows);
  }();
  return made;
}

inline const sample::Registry& test_registry() {
  static const sample::Registry made = [] {
    const std::vector<std::span<const sample::LogAlias>> aliases = {log_aliases};
    std::vector<std::span<const sample::Fetch>> fetches(sample::sample_fetches().begin(),
                                                        sample::sample_fetches().end());
    std::ranges::copy(stick::stick_fetches(), std::back_inserter(fetches));
    fetches.push_back(tracked_fetches);
    std::vector<std::span<const sample::Converter>> converters(sample::sample_converters().begin(),
                                                               sample::sample_converters().end());
    std::ranges::copy(stick::stick_converters(), std::back_inserter(converters));
    return sample::Registry({.fetches = fetches,
                             .converters = converters,
                             .acl_keywords = sample::sample_acl_keywords(),
                             .log_aliases = aliases});
  }();
  return made;
}

}  // namespace weir::proxy
