// The stick tables of one plan by name. Immutable once the plan is built; tables outlive it through shared ownership.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "stick/table.h"

namespace weir::stick {

class TableRegistry {
 public:
  /// False when the name is taken.
  bool add(std::shared_ptr<StickTable> table) {
    std::string name = table->config().name;
    return tables_.emplace(std::move(name), std::move(table)).second;
  }
  /// nullptr when there is none of that name.
  [[nodiscard]] StickTable* find(std::string_view name) const {
    const auto found = tables_.find(name);
    return found == tables_.end() ? nullptr : found->second.get();
  }
  [[nodiscard]] std::shared_ptr<StickTable> share(std::string_view name) const {
    const auto found = tables_.find(name);
    return found == tables_.end() ? nullptr : found->second;
  }
  [[nodiscard]] const auto& all() const { return tables_; }

 private:
  std::map<std::string, std::shared_ptr<StickTable>, std::less<>> tables_;
};

}  // namespace weir::stick
