// What is known about the connection itself: addresses, ports, the listener, the proxies. Manual 7.3.3.
#include <sys/socket.h>
#include <unistd.h>

#include "sample/fetch/address.h"
#include "sample/tables.h"

namespace weir::sample {

FetchStatus address_of(const SocketAddress* address, Sample& out) {
  if (address == nullptr || !address->is_inet()) return FetchStatus::absent;
  out = Sample::address(*address);
  return FetchStatus::ok;
}

FetchStatus port_of(const SocketAddress* address, Sample& out) {
  if (address == nullptr || !address->is_inet()) return FetchStatus::absent;
  out = Sample::integer(address->port());
  return FetchStatus::ok;
}

FetchStatus is_local(const SocketAddress* address, Sample& out) {
  if (address == nullptr || address->family() == AddressFamily::none) return FetchStatus::absent;
  out = Sample::boolean(true);
  if (!address->is_inet()) return FetchStatus::ok;
  SocketAddress any_port = *address;
  any_port.set_port(0);
  sockaddr_storage storage{};
  const socklen_t length = any_port.to_sockaddr(storage);
  const int fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return FetchStatus::absent;
  out = Sample::boolean(bind(fd, reinterpret_cast<const sockaddr*>(&storage), length) == 0);
  close(fd);
  return FetchStatus::ok;
}

namespace {

FetchStatus named(std::string_view name, Sample& out) {
  if (name.empty()) return FetchStatus::absent;
  out = Sample::string(name);
  return FetchStatus::ok;
}

/// Before a backend is chosen, the frontend answers for it.
const ConnectionFacts* backend_side(const Context& context) {
  return context.server != nullptr ? context.server : context.client;
}

FetchStatus accept_date(const Args& args, Context& context, Sample& out) {
  if (context.client == nullptr) return FetchStatus::absent;
  const auto since = context.client->accepted.time_since_epoch();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  out = Sample::integer(us / (args.has(0) ? args[0].integer : 1000000));
  return FetchStatus::ok;
}
FetchStatus bc_dst(const Args&, Context& context, Sample& out) {
  return context.server == nullptr ? FetchStatus::absent : address_of(context.server->destination, out);
}
FetchStatus bc_dst_port(const Args&, Context& context, Sample& out) {
  return context.server == nullptr ? FetchStatus::absent : port_of(context.server->destination, out);
}
FetchStatus bc_src(const Args&, Context& context, Sample& out) {
  return context.server == nullptr ? FetchStatus::absent : address_of(context.server->source, out);
}
FetchStatus bc_src_port(const Args&, Context& context, Sample& out) {
  return context.server == nullptr ? FetchStatus::absent : port_of(context.server->source, out);
}
FetchStatus be_id(const Args&, Context& context, Sample& out) {
  const ConnectionFacts* side = backend_side(context);
  if (side == nullptr) return FetchStatus::absent;
  out = Sample::integer(side->proxy_id);
  return FetchStatus::ok;
}
FetchStatus be_name(const Args&, Context& context, Sample& out) {
  const ConnectionFacts* side = backend_side(context);
  return side == nullptr ? FetchStatus::absent : named(side->proxy_name, out);
}
FetchStatus dst(const Args&, Context& context, Sample& out) {
  return context.client == nullptr ? FetchStatus::absent : address_of(context.client->destination, out);
}
FetchStatus dst_is_local(const Args&, Context& context, Sample& out) {
  return context.client == nullptr ? FetchStatus::absent : is_local(context.client->destination, out);
}
FetchStatus dst_port(const Args&, Context& context, Sample& out) {
  return context.client == nullptr ? FetchStatus::absent : port_of(context.client->destination, out);
}
FetchStatus fe_id(const Args&, Context& context, Sample& out) {
  if (context.client == nullptr) return FetchStatus::absent;
  out = Sample::integer(context.client->proxy_id);
  return FetchStatus::ok;
}
FetchStatus fe_name(const Args&, Context& context, Sample& out) {
  return context.client == nullptr ? FetchStatus::absent : named(context.client->proxy_name, out);
}
FetchStatus so_id(const Args&, Context& context, Sample& out) {
  if (context.client == nullptr) return FetchStatus::absent;
  out = Sample::integer(context.client->endpoint_id);
  return FetchStatus::ok;
}
FetchStatus so_name(const Args&, Context& context, Sample& out) {
  return context.client == nullptr ? FetchStatus::absent : named(context.client->endpoint_name, out);
}
FetchStatus srv_id(const Args&, Context& context, Sample& out) {
  if (context.server == nullptr || context.server->endpoint_id == 0) return FetchStatus::absent;
  out = Sample::integer(context.server->endpoint_id);
  return FetchStatus::ok;
}
FetchStatus srv_name(const Args&, Context& context, Sample& out) {
  return context.server == nullptr ? FetchStatus::absent : named(context.server->endpoint_name, out);
}
FetchStatus src(const Args&, Context& context, Sample& out) {
  return context.client == nullptr ? FetchStatus::absent : address_of(context.client->source, out);
}
FetchStatus src_is_local(const Args&, Context& context, Sample& out) {
  return context.client == nullptr ? FetchStatus::absent : is_local(context.client->source, out);
}
FetchStatus src_port(const Args&, Context& context, Sample& out) {
  return context.client == nullptr ? FetchStatus::absent : port_of(context.client->source, out);
}

constexpr Fetch kRows[] = {
    {.name = "accept_date",
     .args = args(0, {ArgKind::time_unit}),
     .needs = Facts::client,
     .out = Type::integer,
     .fetch = accept_date,
     .doc = "When the connection was accepted, as seconds since 1970; with a unit in s, ms or us.",
     .examples = {{{"accept_date", "1767323043"}, {"accept_date(ms)", "1767323043567"}}}},
    {.name = "bc_dst",
     .needs = Facts::server,
     .out = Type::address,
     .fetch = bc_dst,
     .doc = "The server's address, as it was connected to.",
     .examples = {{{"bc_dst", "10.0.0.9"}}}},
    {.name = "bc_dst_port",
     .needs = Facts::server,
     .out = Type::integer,
     .fetch = bc_dst_port,
     .doc = "The server's port, as it was connected to.",
     .examples = {{{"bc_dst_port", "3390"}}}},
    {.name = "bc_src",
     .needs = Facts::server,
     .out = Type::address,
     .fetch = bc_src,
     .doc = "Our own address on the connection to the server.",
     .examples = {{{"bc_src", "10.0.0.1"}}}},
    {.name = "bc_src_port",
     .needs = Facts::server,
     .out = Type::integer,
     .fetch = bc_src_port,
     .doc = "Our own port on the connection to the server.",
     .examples = {{{"bc_src_port", "50001"}}}},
    {.name = "be_id",
     .out = Type::integer,
     .fetch = be_id,
     .doc = "The backend's id; the frontend's as long as no backend is chosen.",
     .examples = {{{"be_id", "3"}}}},
    {.name = "be_name",
     .out = Type::string,
     .fetch = be_name,
     .doc = "The backend's name; the frontend's as long as no backend is chosen.",
     .examples = {{{"be_name", "bk_rdp"}}}},
    {.name = "dst",
     .needs = Facts::client,
     .out = Type::address,
     .fetch = dst,
     .doc = "The address the client connected to; absent on Unix sockets.",
     .examples = {{{"dst", "127.0.0.1"}}}},
    {.name = "dst_is_local",
     .needs = Facts::client,
     .out = Type::boolean,
     .fetch = dst_is_local,
     .doc = "Whether the address the client connected to is one of this machine's; asks the kernel each time.",
     .examples = {{{"dst_is_local", "1"}}}},
    {.name = "dst_port",
     .needs = Facts::client,
     .out = Type::integer,
     .fetch = dst_port,
     .doc = "The port the client connected to.",
     .examples = {{{"dst_port", "3389"}}}},
    {.name = "fe_id",
     .needs = Facts::client,
     .out = Type::integer,
     .fetch = fe_id,
     .doc = "The frontend's id.",
     .examples = {{{"fe_id", "2"}}}},
    {.name = "fe_name",
     .needs = Facts::client,
     .out = Type::string,
     .fetch = fe_name,
     .doc = "The frontend's name.",
     .examples = {{{"fe_name", "ft_rdp"}}}},
    {.name = "so_id",
     .needs = Facts::client,
     .out = Type::integer,
     .fetch = so_id,
     .doc = "The id of the listening socket that took the connection.",
     .examples = {{{"so_id", "1"}}}},
    {.name = "so_name",
     .needs = Facts::client,
     .out = Type::string,
     .fetch = so_name,
     .doc = "The name of the listening socket, from 'name' on its bind line; absent without one.",
     .examples = {{{"so_name", "rdp"}}}},
    {.name = "src",
     .needs = Facts::client,
     .out = Type::address,
     .fetch = src,
     .doc = "The client's address; absent on Unix sockets.",
     .examples = {{{"src", "192.0.2.7"}, {"src,ipmask(24)", "192.0.2.0"}}}},
    {.name = "src_is_local",
     .needs = Facts::client,
     .out = Type::boolean,
     .fetch = src_is_local,
     .doc = "Whether the client runs on this machine; asks the kernel each time. Unix sockets are local.",
     .examples = {{{"src_is_local", "0"}}}},
    {.name = "src_port",
     .needs = Facts::client,
     .out = Type::integer,
     .fetch = src_port,
     .doc = "The client's port.",
     .examples = {{{"src_port", "40123"}}}},
    {.name = "srv_id",
     .needs = Facts::server,
     .out = Type::integer,
     .fetch = srv_id,
     .doc = "The server's id.",
     .examples = {{{"srv_id", "4"}}}},
    {.name = "srv_name",
     .needs = Facts::server,
     .out = Type::string,
     .fetch = srv_name,
     .doc = "The server's name.",
     .examples = {{{"srv_name", "ts1"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> connection_fetches{kRows};
}  // namespace weir::sample
