// `_getsocks`: another process asks for the listening sockets, to go on where this one will stop.
//
// No word for people: the asking side is a process started with -x. Unix sockets with a path are left out, because
// their path can be given to a new socket at any time. What is said is io/hand_over.h's business. Manual: expose-fd,
// -x.
#include <fcntl.h>

#include <algorithm>
#include <memory>

#include "admin/command/tables.h"
#include "admin/on_worker.h"
#include "admin/sockets.h"
#include "io/hand_over.h"
#include "proxy/process_state.h"

namespace weir::admin {
namespace {

using Handed = std::vector<io::HandedSocket>;

void add(Handed& handed, int fd, const SocketAddress& address, const std::string& interface) {
  if (address.family() == AddressFamily::unix_path) return;
  io::Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (copy) handed.push_back({std::move(copy), interface});
}

Handed sockets_of(const proxy::WorkerContext& worker) {
  Handed handed;
  for (const auto& listener : worker.listeners)
    if (listener->acceptor)
      add(handed, listener->acceptor->fd(), listener->state->address, listener->state->options.interface);
  return handed;
}

// The answer is no text: nothing may follow it, and the connection ends with it.
io::Task<void> get_sockets(Call& call) {
  if (!call.session.socket.exposes_sockets) co_return;
  Handed handed;
  for (const auto& context : call.worker.process->contexts) {
    const proxy::WorkerContext* worker = context.get();
    auto some = co_await on_worker(*worker->io, [worker] { return std::make_shared<Handed>(sockets_of(*worker)); });
    std::move(some->begin(), some->end(), std::back_inserter(handed));
  }
  for (const auto& [key, socket] : call.session.sockets.served)
    if (socket->acceptor) add(handed, socket->acceptor->fd(), socket->address, {});
  call.session.ending = true;
  call.out.text = io::handed_count(static_cast<std::uint32_t>(handed.size()));
  for (std::size_t at = 0; at < handed.size(); at += io::kHandedAtOnce) {
    if (at != 0) {
      char byte = 0;
      const auto asked =
          co_await call.session.stream.read_some({&byte, 1}, call.worker.io->now() + call.session.timeout);
      if (!asked || *asked == 0) co_return;
    }
    const bool sent = co_await call.out.flush();
    if (!sent) co_return;
    const auto batch =
        std::span<const io::HandedSocket>(handed).subspan(at, std::min(io::kHandedAtOnce, handed.size() - at));
    if (!io::send_handed(call.session.stream.fd(), batch)) co_return;
  }
}

constexpr CliCommand kRows[] = {
    {.name = io::kHandOverCommand,
     .level = Level::operator_,
     .listed = false,
     .usage = io::kHandOverCommand,
     .run = get_sockets,
     .doc = "the listening sockets, for another process"},
};

}  // namespace

constinit const std::span<const CliCommand> hand_over_commands{kRows};

}  // namespace weir::admin
