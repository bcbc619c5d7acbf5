// Registry: all fetches, converters, ACL keywords and log aliases of this program, one immutable object.
//
// Built once from the tables that app/keywords.cpp names, then handed down by reference. A name that stands twice is a
// bug of ours and stops the process. Lookups are for configuration reading; evaluation never comes here.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sample/rows.h"

namespace weir::sample {

class AclSet;

struct RegistryTables {
  std::span<const std::span<const Fetch>> fetches;
  std::span<const std::span<const Converter>> converters;
  std::span<const std::span<const AclKeyword>> acl_keywords;
  std::span<const std::span<const LogAlias>> log_aliases;
};

class Registry {
 public:
  explicit Registry(const RegistryTables& tables);

  [[nodiscard]] const Fetch* fetch(std::string_view name) const;
  [[nodiscard]] const Converter* converter(std::string_view name) const;
  [[nodiscard]] const AclKeyword* acl_keyword(std::string_view name) const;
  [[nodiscard]] const LogAlias* log_alias(std::string_view name) const;
  /// "did you mean 'word'?" or empty.
  [[nodiscard]] std::string fetch_hint(std::string_view name) const;
  [[nodiscard]] std::string converter_hint(std::string_view name) const;
  [[nodiscard]] std::string log_alias_hint(std::string_view name) const;

  /// Sorted by name; for -dKall and the manual.
  [[nodiscard]] std::span<const Fetch* const> fetches() const { return fetches_; }
  [[nodiscard]] std::span<const Converter* const> converters() const { return converters_; }
  [[nodiscard]] std::span<const AclKeyword* const> acl_keywords() const { return acl_keywords_; }
  [[nodiscard]] std::span<const LogAlias* const> log_aliases() const { return log_aliases_; }

 private:
  std::vector<const Fetch*> fetches_;
  std::vector<const Converter*> converters_;
  std::vector<const AclKeyword*> acl_keywords_;
  std::vector<const LogAlias*> log_aliases_;
};

/// This layer's own tables.
[[nodiscard]] std::span<const std::span<const Fetch>> sample_fetches();
[[nodiscard]] std::span<const std::span<const Converter>> sample_converters();
[[nodiscard]] std::span<const std::span<const AclKeyword>> sample_acl_keywords();

/// What a compiler of expressions, ACLs and formats needs to know about its place.
struct Scope {
  const Registry* registry = nullptr;
  Facts available = Facts::everything;           // what the context will have there
  const AclSet* acls = nullptr;                  // of the proxy, for arguments that name them
  const NameResolver* names = nullptr;           // absent: arguments that name tables or backends are refused
  std::vector<std::string>* contents = nullptr;  // where Converter::contents are noted
  std::string_view owner{};                      // the section's name: whose ACL lines these are
};

}  // namespace weir::sample
