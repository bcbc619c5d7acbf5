// `publish backend`, `unpublish backend`: whether rules of frontends may choose a backend.
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

constexpr CliCommand kRows[] = {
    {.name = "publish backend",
     .level = Level::operator_,
     .usage = "publish backend <backend>",
     .answer = set_published<true>,
     .doc = "let rules choose a backend again"},
    {.name = "unpublish backend",
     .level = Level::operator_,
     .usage = "unpublish backend <backend>",
     .answer = set_published<false>,
     .doc = "let rules pass a backend by"},
};

}  // namespace

constinit const std::span<const CliCommand> backend_commands{kRows};

}  // namespace weir::admin
