#include "proxy/names.h"

#include <algorithm>

#include "proxy/plan.h"
#include "proxy/state.h"

namespace weir::proxy {
namespace {

template <class Ref>
Ref& place_of(std::list<Ref>& refs, std::string_view name) {
  const auto found = std::ranges::find(refs, name, &Ref::name);
  if (found != refs.end()) return *found;
  Ref& ref = refs.emplace_back();
  ref.name = name;
  return ref;
}

FrontendState* frontend_of(const Plan& plan, std::string_view name) {
  const auto found = plan.frontend(name);
  return found ? found->state.get() : nullptr;
}

BackendState* backend_of(const Plan& plan, std::string_view name) {
  const auto found = plan.backend(name);
  return found ? found->state.get() : nullptr;
}

}  // namespace

std::shared_ptr<ServerState> ServerRef::find() const {
  if (backend->state == nullptr) return nullptr;
  BackendState& state = *backend->state;
  const std::scoped_lock guard(state.lock);
  const std::size_t hint = place.load(std::memory_order_relaxed);
  if (hint < state.servers.size() && state.servers[hint]->name == name) return state.servers[hint];
  for (std::size_t i = 0; i < state.servers.size(); i++) {
    if (state.servers[i]->name != name) continue;
    place.store(static_cast<std::uint32_t>(i), std::memory_order_relaxed);
    return state.servers[i];
  }
  return nullptr;
}

const stick::TableRef* NameRefs::table(std::string_view name, SourcePosition at) {
  const std::string_view meant = name.empty() ? own_ : name;
  if (meant.empty()) return nullptr;
  uses_.push_back({sample::ArgKind::table, std::string(meant), at});
  return tables_.ref(meant);
}

const FrontendRef* NameRefs::frontend(std::string_view name, SourcePosition at) {
  const std::string_view meant = name.empty() ? own_ : name;
  if (meant.empty()) return nullptr;
  uses_.push_back({sample::ArgKind::frontend, std::string(meant), at});
  return &place_of(frontends_, meant);
}

const BackendRef* NameRefs::backend(std::string_view name, SourcePosition at) {
  const std::string_view meant = name.empty() ? own_ : name;
  if (meant.empty()) return nullptr;
  uses_.push_back({sample::ArgKind::backend, std::string(meant), at});
  return &place_of(backends_, meant);
}

// "backend/server", or a server of the proxy itself.
const ServerRef* NameRefs::server(std::string_view name, SourcePosition at) {
  const std::size_t slash = name.find('/');
  const std::string_view owner = slash == name.npos ? std::string_view(own_) : name.substr(0, slash);
  const std::string_view meant = slash == name.npos ? name : name.substr(slash + 1);
  if (owner.empty() || meant.empty()) return nullptr;
  uses_.push_back({sample::ArgKind::server, std::string(owner) + "/" + std::string(meant), at});
  const BackendRef* backend = &place_of(backends_, owner);
  for (const ServerRef& ref : servers_)
    if (ref.backend == backend && ref.name == meant) return &ref;
  ServerRef& ref = servers_.emplace_back();
  ref.backend = backend;
  ref.name = meant;
  return &ref;
}

const UserlistRef* NameRefs::userlist(std::string_view name, SourcePosition at) {
  if (name.empty()) return nullptr;
  uses_.push_back({sample::ArgKind::userlist, std::string(name), at});
  return &place_of(userlists_, name);
}

// The resolver is this object's own, which the rows see as constant.
const std::string* NameRefs::ring(std::string_view name, SourcePosition at) {
  uses_.push_back({sample::ArgKind::ring, std::string(name), at});
  return &rings_.emplace_back(name);
}

const void* NameRefs::resolve(const void* self, sample::ArgKind kind, std::string_view name, SourcePosition at) {
  auto& refs = *const_cast<NameRefs*>(static_cast<const NameRefs*>(self));
  switch (kind) {
    case sample::ArgKind::table: return refs.table(name, at);
    case sample::ArgKind::frontend: return refs.frontend(name, at);
    case sample::ArgKind::backend: return refs.backend(name, at);
    case sample::ArgKind::server: return refs.server(name, at);
    case sample::ArgKind::userlist: return refs.userlist(name, at);
    case sample::ArgKind::ring: return refs.ring(name, at);
    default: return nullptr;
  }
}

void NameRefs::bind(const Plan& plan, Owners& owners) {
  tables_.bind(plan.tables);
  for (const stick::TableRef& ref : tables_.all())
    if (ref.table != nullptr) owners.push_back(plan.tables.share(ref.name));
  for (FrontendRef& ref : frontends_) {
    const auto found = plan.frontend(ref.name);
    ref.state = found ? found->state.get() : nullptr;
    if (found) owners.push_back(found->state);
  }
  for (BackendRef& ref : backends_) {
    const auto found = plan.backend(ref.name);
    ref.state = found ? found->state.get() : nullptr;
    if (found) owners.push_back(found->state);
  }
  for (UserlistRef& ref : userlists_) ref.list = plan.userlist(ref.name);
}

bool NameRefs::bound_to(const Plan& plan) const {
  const auto table = [&](const stick::TableRef& ref) { return ref.table == plan.tables.find(ref.name); };
  const auto frontend = [&](const FrontendRef& ref) { return ref.state == frontend_of(plan, ref.name); };
  const auto backend = [&](const BackendRef& ref) { return ref.state == backend_of(plan, ref.name); };
  // A list that says the same is the same, wherever it was read from.
  const auto userlist = [&](const UserlistRef& ref) {
    const auto list = plan.userlist(ref.name);
    return ref.list && list && ref.list->users == list->users && ref.list->groups == list->groups;
  };
  return std::ranges::all_of(tables_.all(), table) && std::ranges::all_of(frontends_, frontend) &&
         std::ranges::all_of(backends_, backend) && std::ranges::all_of(userlists_, userlist);
}

}  // namespace weir::proxy
