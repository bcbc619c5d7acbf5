#include "proxy/plan.h"

namespace weir::proxy {

std::shared_ptr<const BackendPlan> Plan::backend(std::string_view name) const {
  const auto found = backend_by_name.find(name);
  if (found == backend_by_name.end()) return nullptr;
  return backends[found->second];
}

std::shared_ptr<const BackendPlan> Plan::disabled_backend(std::string_view name) const {
  for (const auto& backend : disabled)
    if (backend->config->name == name) return backend;
  return nullptr;
}

std::shared_ptr<const FrontendPlan> Plan::frontend(std::string_view name) const {
  const auto found = frontend_by_name.find(name);
  return found == frontend_by_name.end() ? nullptr : frontends[found->second];
}

std::shared_ptr<const UserlistConfig> Plan::userlist(std::string_view name) const {
  for (const auto& list : userlists)
    if (list->name == name) return list;
  return nullptr;
}

}  // namespace weir::proxy
