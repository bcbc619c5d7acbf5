// `publish backend`, `unpublish backend`: whether rules of frontends may choose a backend. `enable`, `disable
// dynamic-cookie backend`, `set dynamic-cookie-key backend`: the persistence cookies made of servers' addresses; what
// they say counts until a reload changes the backend's lines.
//
// What is unpublished is passed by as if it were disabled, while its servers go on being checked. A reload that leaves
// the backend alone leaves this alone. Manual: management 9.3; configuration, be-unpublished.
#include "admin/command/tables.h"
#include "admin/lookup.h"
#include "admin/session.h"
#include "proxy/process_state.h"

namespace weir::admin {
namespace {

template <bool Published>
void set_published(Call& call) {
  const auto backend = named_backend(*call.worker.plan, call.word(0));
  if (!backend) return call.error("No such backend.\n");
  backend->state->published.store(Published, std::memory_order_relaxed);
  call.say(6, Published ? "Backend published.\n" : "Backend unpublished.\n");
}

// COMPAT: observed on 2.6: the name, not an id, and nothing is said when it is done.
std::shared_ptr<proxy::BackendState> wanted_backend(Call& call) {
  if (call.word(0).empty()) {
    call.error("A backend name is expected.\n");
    return nullptr;
  }
  const auto backend = call.worker.plan->backend(call.word(0));
  if (!backend) call.error("No such backend.\n");
  return backend ? backend->state : nullptr;
}

template <bool Enabled>
void set_dynamic_cookie(Call& call) {
  const auto backend = wanted_backend(call);
  if (!backend) return;
  const std::scoped_lock guard(backend->lock);
  backend->dynamic_cookie = Enabled;
  backend->cookies_changed.store(true, std::memory_order_release);
}

void set_dynamic_cookie_key(Call& call) {
  const auto backend = wanted_backend(call);
  if (!backend) return;
  if (call.word(1).empty()) return call.error("String value expected.\n");
  const std::scoped_lock guard(backend->lock);
  backend->dynamic_cookie_key = call.word(1);
  backend->cookies_changed.store(true, std::memory_order_release);
}

constexpr CliCommand kRows[] = {
    {.name = "disable dynamic-cookie backend",
     .level = Level::admin,
     .usage = "disable dynamic-cookie backend <backend>",
     .answer = set_dynamic_cookie<false>,
     .doc = "no persistence cookies made of servers' addresses"},
    {.name = "enable dynamic-cookie backend",
     .level = Level::admin,
     .usage = "enable dynamic-cookie backend <backend>",
     .answer = set_dynamic_cookie<true>,
     .doc = "persistence cookies made of servers' addresses and the key"},
    {.name = "publish backend",
     .level = Level::operator_,
     .usage = "publish backend <backend>",
     .answer = set_published<true>,
     .doc = "let rules choose a backend again"},
    {.name = "set dynamic-cookie-key backend",
     .level = Level::admin,
     .usage = "set dynamic-cookie-key backend <backend> <key>",
     .answer = set_dynamic_cookie_key,
     .doc = "another key for these cookies, which makes those that clients have strange"},
    {.name = "unpublish backend",
     .level = Level::operator_,
     .usage = "unpublish backend <backend>",
     .answer = set_published<false>,
     .doc = "let rules pass a backend by"},
};

}  // namespace

constinit const std::span<const CliCommand> backend_commands{kRows};

}  // namespace weir::admin
