// `add server` and `del server`: the list of a backend's servers changes as a reload would change it.
//
// What can be said at once is said here; the rest happens on the control thread, where configurations are applied. A
// server that was added lasts until a reload reads a file without it. Manual: management 9.3.
#include <fmt/format.h>

#include <iterator>

#include "admin/answered.h"
#include "admin/command/tables.h"
#include "admin/lookup.h"
#include "admin/session.h"
#include "proxy/keyword/server_options.h"

namespace weir::admin {
namespace {

struct Place {
  std::shared_ptr<const proxy::BackendPlan> backend;
  std::string name;
};

// "backend/server"; the reason why not has been answered. COMPAT: these answers end without a line feed of their own.
bool chosen(Call& call, Place& place) {
  const std::string_view word = call.word(0);
  const std::size_t slash = word.find('/');
  if (slash == word.npos) {
    call.error("Require 'backend/server'.");
    return false;
  }
  place.backend = named_backend(*call.worker.plan, word.substr(0, slash));
  place.name = word.substr(slash + 1);
  if (place.backend) return true;
  call.error("No such backend.");
  return false;
}

void list_options(Call& call) {
  call.out.text += "List of keywords supported by dynamic servers:\n";
  for (const auto* row : proxy::server_options().rows())
    if (row->status == config::KeywordStatus::works)
      fmt::format_to(std::back_inserter(call.out.text), "  {}{}{}\n", row->name, row->arguments.empty() ? "" : " ",
                     row->arguments);
}

io::Task<void> add_server(Call& call) {
  if (call.words.size() == 1 && call.word(0) == "help") {
    list_options(call);
    co_return;
  }
  Place place;
  if (!chosen(call, place)) co_return;
  if (has_fixed_weights(*place.backend)) {
    call.error("Backend must use a dynamic load balancing to support dynamic servers.");
    co_return;
  }
  if (call.words.size() < 2) {
    call.error("'server' expects <name> and <addr>[:<port>] as arguments.\n");
    co_return;
  }
  if (named_server(*call.worker.plan, call.word(0))) {
    call.error("Already exists a server with the same name in backend.\n");
    co_return;
  }
  std::vector<std::string> words{place.name};
  words.insert(words.end(), call.words.begin() + 1, call.words.end());
  Answered answered;
  call.control.add_server(place.backend->config->name, std::move(words), answered.callback());
  const Answered::State answer = co_await answered;
  if (answer.ok)
    call.say(6, "New server registered.\n");
  else
    call.error(answer.text);
}

io::Task<void> del_server(Call& call) {
  Place place;
  if (!chosen(call, place)) co_return;
  const auto named = named_server(*call.worker.plan, call.word(0));
  if (!named) {
    call.error("No such server.");
    co_return;
  }
  Answered answered;
  call.control.remove_server(place.backend->config->name, named->server->name, answered.callback());
  const Answered::State answer = co_await answered;
  if (answer.ok)
    call.say(6, "Server deleted.");
  else
    call.error(answer.text);
}

constexpr CliCommand kRows[] = {
    {.name = "add server",
     .level = Level::admin,
     .usage = "add server <bk>/<srv> <address> [<options>]*",
     .run = add_server,
     .doc = "a further server, in maintenance at first ('add server help')"},
    {.name = "del server",
     .level = Level::admin,
     .usage = "del server <bk>/<srv>",
     .run = del_server,
     .doc = "remove a server that is in maintenance and without sessions"},
};

}  // namespace

constinit const std::span<const CliCommand> dynamic_server_commands{kRows};

}  // namespace weir::admin
