#include "sample/registry.h"

#include <cstdio>

#include <fmt/format.h>

#include "base/assert.h"

namespace weir::sample {
namespace {

template <class Row>
std::vector<const Row*> collect(std::span<const std::span<const Row>> tables) {
  std::vector<const Row*> all;
  for (const auto table : tables) {
    for (const Row& row : table) all.push_back(&row);
  }
  std::sort(all.begin(), all.end(), [](const Row* a, const Row* b) { return a->name < b->name; });
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i - 1]->name != all[i]->name) continue;
    fmt::print(stderr, "the keyword '{}' stands in two tables\n", all[i]->name);
    WEIR_ASSERT(false && "a keyword stands in two tables");
  }
  return all;
}

template <class Row>
const Row* find(const std::vector<const Row*>& rows, std::string_view name) {
  const auto at = std::lower_bound(rows.begin(), rows.end(), name,
                                   [](const Row* row, std::string_view wanted) { return row->name < wanted; });
  return at != rows.end() && (*at)->name == name ? *at : nullptr;
}

template <class Row>
std::string hint(const std::vector<const Row*>& rows, std::string_view name) {
  std::vector<std::string_view> names;
  names.reserve(rows.size());
  for (const Row* row : rows) names.push_back(row->name);
  const std::string_view near = nearest_word(name, names);
  return near.empty() ? std::string() : fmt::format("did you mean '{}'?", near);
}

}  // namespace

Registry::Registry(const RegistryTables& tables)
    : fetches_(collect(tables.fetches)),
      converters_(collect(tables.converters)),
      acl_keywords_(collect(tables.acl_keywords)),
      log_aliases_(collect(tables.log_aliases)) {
  for (const AclKeyword* row : acl_keywords_) WEIR_ASSERT(fetch(row->fetch) != nullptr);
}

const Fetch* Registry::fetch(std::string_view name) const { return find(fetches_, name); }
const Converter* Registry::converter(std::string_view name) const { return find(converters_, name); }
const AclKeyword* Registry::acl_keyword(std::string_view name) const { return find(acl_keywords_, name); }
const LogAlias* Registry::log_alias(std::string_view name) const { return find(log_aliases_, name); }
std::string Registry::fetch_hint(std::string_view name) const { return hint(fetches_, name); }
std::string Registry::converter_hint(std::string_view name) const { return hint(converters_, name); }
std::string Registry::log_alias_hint(std::string_view name) const { return hint(log_aliases_, name); }

}  // namespace weir::sample
