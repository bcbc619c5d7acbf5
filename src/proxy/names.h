// The names that arguments mean: table, frontend, backend, server, userlist in `nbsrv(bk)` or `track-sc0 src table t`.
//
// What a name means may be declared below its first use and changes with every reload, so an expression keeps a Ref: a
// place that is checked once all sections are known (finish.cpp) and bound when the plan is built. Refs belong to the
// proxy whose lines named them. A part of a plan that is kept over a reload keeps its bound Refs, which is right only
// while they still mean the same objects: bound_to() says whether. Rows that take such arguments find the Ref behind
// sample::Argument::object:
//
//   const auto& ref = *static_cast<const BackendRef*>(args[0].object);
//   if (ref.state == nullptr) return FetchStatus::absent;        // a disabled proxy
//
// Refs own nothing; the parts of the plan hold what theirs point at (FrontendPlan::named, BackendPlan::named).
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sample/args.h"
#include "stick/convert.h"

namespace weir::proxy {

struct BackendState;
struct FrontendState;
class ServerState;
struct Plan;
struct UserlistConfig;

struct FrontendRef {
  std::string name;
  FrontendState* state = nullptr;
};

struct BackendRef {
  std::string name;
  BackendState* state = nullptr;
};

/// Servers come and go within a backend, so theirs is looked up under the backend's lock when it is asked for.
struct ServerRef {
  const BackendRef* backend = nullptr;
  std::string name;
  mutable std::atomic<std::uint32_t> place{0};  // where it was last time
  /// nullptr: there is none now. Takes the backend's lock.
  [[nodiscard]] std::shared_ptr<ServerState> find() const;
};

struct UserlistRef {
  std::string name;
  std::shared_ptr<const UserlistConfig> list;
};

class NameRefs {
 public:
  /// `own_name`: the proxy that an argument left out means; empty in defaults sections, where none is meant.
  explicit NameRefs(std::string own_name) : own_(std::move(own_name)) {}
  NameRefs(const NameRefs&) = delete;
  NameRefs& operator=(const NameRefs&) = delete;

  /// One place where a name was written; finish.cpp reports those that name nothing.
  struct Use {
    sample::ArgKind kind = sample::ArgKind::none;
    std::string name;
    SourcePosition at;
  };

  /// For Scope::names.
  [[nodiscard]] const sample::NameResolver* resolver() const { return &resolver_; }
  /// For actions that name a table themselves. nullptr: an empty name in a defaults section.
  const stick::TableRef* table(std::string_view name, SourcePosition at);
  const FrontendRef* frontend(std::string_view name, SourcePosition at);
  const BackendRef* backend(std::string_view name, SourcePosition at);
  const ServerRef* server(std::string_view name, SourcePosition at);
  const UserlistRef* userlist(std::string_view name, SourcePosition at);
  const std::string* ring(std::string_view name, SourcePosition at);

  [[nodiscard]] const std::vector<Use>& uses() const { return uses_; }

  using Owners = std::vector<std::shared_ptr<const void>>;
  /// Points every Ref at the plan's object and adds what it points at to `owners`.
  void bind(const Plan& plan, Owners& owners);
  /// Whether bind() would change nothing.
  [[nodiscard]] bool bound_to(const Plan& plan) const;

 private:
  std::string own_;
  sample::NameResolver resolver_{this, resolve};
  std::vector<Use> uses_;
  // Lists: what expressions point at must not move, and most proxies have none, which costs a list nothing.
  stick::TableRefs tables_;
  std::list<FrontendRef> frontends_;
  std::list<BackendRef> backends_;
  std::list<ServerRef> servers_;
  std::list<UserlistRef> userlists_;
  std::list<std::string> rings_;  // looked up when they are written to

  static const void* resolve(const void* self, sample::ArgKind kind, std::string_view name, SourcePosition at);
};

}  // namespace weir::proxy
