// How links come to be: dialling, greeting, being greeted.
#include "peers/link.h"

#include <fmt/format.h>
#include <unistd.h>

#include "peers/group.h"

namespace weir::peers {
namespace {

namespace wire = proto::peers;

/// Reads on until `parse` says that it has all it wants or that it never will. False when the connection is no use.
template <class Parse>
io::Task<bool> read_until(Link& link, Parse& parse, TimePoint deadline) {
  char piece[wire::kMaxHello];
  for (;;) {
    parse.result = parse.read(link.input);
    if (parse.result.outcome != wire::Outcome::need_more) co_return true;
    const auto got = co_await link.stream.read_some(piece, deadline);
    if (!got || *got == 0 || link.ended) co_return false;
    link.input.append(piece, *got);
  }
}

struct HelloReader {
  wire::HelloParse result;
  static wire::HelloParse read(std::string_view bytes) { return wire::parse_hello(bytes); }
};
struct StatusReader {
  wire::StatusParse result;
  static wire::StatusParse read(std::string_view bytes) { return wire::parse_status(bytes); }
};

/// Both activities of an established link, until it ends.
io::Task<void> serve(std::shared_ptr<Group>& group, std::shared_ptr<Peer>& peer, std::shared_ptr<Link>& link,
                     io::Scope& activities) {
  group->establish(peer, link);
  if (peer->config.local && group->handing_down()) group->give_lesson(*peer);
  activities.spawn(speak, group, peer, link);
  co_await listen(*group, *peer, *link);
  group->lose(peer, link);
}

/// Who is greeted, or why nobody is.
wire::Status check_hello(const Group& group, const wire::HelloParse& parse, std::shared_ptr<Peer>& peer) {
  if (parse.outcome != wire::Outcome::complete) return parse.refusal;
  const PeerConfig* local = group.config().local();
  if (local == nullptr || parse.hello.to != local->name) return wire::Status::local_mismatch;
  peer = group.find(parse.hello.from);
  return peer && !peer->removed ? wire::Status::succeeded : wire::Status::remote_mismatch;
}

io::Task<std::shared_ptr<Peer>> be_greeted(Group& group, Link& link) {
  const TimePoint deadline = group.worker().now() + kHandshake;
  HelloReader hello;
  std::shared_ptr<Peer> peer;
  const bool read = co_await read_until(link, hello, deadline);
  if (!read || group.was_shut()) co_return nullptr;
  const wire::Status status = check_hello(group, hello.result, peer);
  link.input.erase(0, hello.result.consumed);
  if (status != wire::Status::succeeded)
    group.report(log::Level::notice,
                 fmt::format("{} was refused with status {}", io::peer_address(link.stream.fd()).to_string(),
                             static_cast<unsigned>(status)));
  std::string answer;
  wire::write_status(status, answer);
  const auto sent = co_await link.stream.write_all(answer, deadline);
  const bool good = sent && status == wire::Status::succeeded && !group.was_shut() && !peer->removed;
  co_return good ? peer : nullptr;
}

/// True: established over there. What was read beyond the status is the link's input.
io::Task<bool> greet(Group& group, Peer& peer, Link& link) {
  const TimePoint deadline = group.worker().now() + kHandshake;
  peer.dials++;
  if (!peer.link) peer.status = Peer::Status::connecting;
  if (!peer.link) peer.last_handshake = group.worker().now();
  const SocketAddress address = peer.config.address;
  const io::ConnectOptions options = peer.config.connect;
  const auto connected = co_await link.stream.connect(address, options, deadline);
  if (!connected || peer.removed) co_return false;
  std::string hello;
  wire::write_hello(
      {.to = peer.config.name, .from = group.config().local_peer, .process = static_cast<std::uint64_t>(::getpid())},
      hello);
  const auto sent = co_await link.stream.write_all(hello, deadline);
  if (!sent) co_return false;
  if (!peer.link) peer.status = Peer::Status::greeting;
  StatusReader status;
  const bool read = co_await read_until(link, status, deadline);
  if (!read) co_return false;
  peer.code = status.result.code;
  link.input.erase(0, status.result.consumed);
  co_return status.result.code == static_cast<std::uint16_t>(wire::Status::succeeded) && !peer.removed;
}

}  // namespace

io::Task<void> receive(std::shared_ptr<Group>& group, io::Fd& socket) {
  io::set_nodelay(socket.get(), true);
  std::shared_ptr<Link> link = std::make_shared<Link>(group->worker(), std::move(socket));
  group->count_active(true);
  group->begin_handshake(link);
  std::shared_ptr<Peer> peer = co_await be_greeted(*group, *link);
  group->end_handshake(link);
  if (peer) co_await serve(group, peer, link, group->activities());
  group->count_active(false);
}

io::Task<void> keep_dialling(std::shared_ptr<Group>& group, std::shared_ptr<Peer>& peer) {
  while (!peer->removed) {
    // A link that the other side opened does as well.
    if (peer->link || group->worker().now() < peer->dial_at) {
      const TimePoint until = peer->link ? io::Stream::kNever : peer->dial_at;
      co_await peer->wake.until(until);
      continue;
    }
    std::shared_ptr<Link> link = std::make_shared<Link>(group->worker());
    link->dialled = true;
    peer->dial = link;
    peer->code = 0;
    group->count_active(true);
    const bool greeted = co_await greet(*group, *peer, *link);
    peer->dial.reset();
    if (greeted && !peer->removed) co_await serve(group, peer, link, group->activities());
    group->count_active(false);
    if (greeted || peer->removed) continue;
    if (!peer->link && peer->code != 0) peer->status = Peer::Status::refused;
    peer->dial_at = group->worker().now() + group->pause_before_dialling();
  }
  peer->dialling = false;
}

io::Task<void> teach_successor(std::shared_ptr<Group>& group, std::shared_ptr<Peer>& self) {
  constexpr int kAttempts = 3;
  for (int i = 0; i < kAttempts && !self->removed; i++) {
    std::shared_ptr<Link> link = std::make_shared<Link>(group->worker());
    link->dialled = true;
    const bool greeted = co_await greet(*group, *self, *link);
    if (greeted) co_await serve(group, self, link, group->activities());
    if (greeted && link->lesson == Link::Lesson::none) break;
    const Milliseconds pause = group->pause_before_dialling() / 10;
    co_await io::sleep_for(group->worker(), pause);
  }
  group->end_handing_down();
}

}  // namespace weir::peers
