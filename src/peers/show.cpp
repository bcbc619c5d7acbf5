// What `show peers` says of a group, line for line as the reference does: sections, peers and tables from the last to
// the first, and its bits for the states that both go through (observed on 2.6). Places in memory and numbers of
// updates are ours. Manual: management 9.3.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ranges>

#include "peers/group.h"

namespace weir::peers {
namespace {

// Bits of a section, beside those of what happened to it.
constexpr unsigned kNoFormerAwaited = 0x1;
constexpr unsigned kKnowsAll = 0x2;
constexpr unsigned kIsTaught = 0x4 | 0x8;

// Bits of a peer.
constexpr unsigned kTeaches = 0x1;
constexpr unsigned kTaught = 0x8;  // what is told awaits its confirmation
constexpr unsigned kLearns = 0x100;
constexpr unsigned kLearnedPart = 0x200;
constexpr unsigned kHeard = 0x20000000;
constexpr unsigned kRefusedVersion = 0x80000000;

// Of a table that was taught and is not confirmed.
constexpr unsigned kTableTaught = 0x3;

std::string ahead(TimePoint at, TimePoint now) {
  if (at == TimePoint{}) return "<NEVER>";
  if (at < now) return "<PAST>";
  return fmt::format("{}s", std::chrono::floor<std::chrono::seconds>(at - now).count());
}
std::string ago(TimePoint at, TimePoint now) {
  if (at == TimePoint{}) return "<NEVER>";
  return fmt::format("{}s", std::chrono::floor<std::chrono::seconds>(now - at).count());
}

std::string_view status(const Peer& peer) {
  switch (peer.status) {
    case Peer::Status::none: return "NONE";
    case Peer::Status::connecting: return "CONN";
    case Peer::Status::greeting: return "HSHK";
    case Peer::Status::established: return "ESTA";
    case Peer::Status::refused: break;
  }
  switch (static_cast<proto::peers::Status>(peer.code)) {
    case proto::peers::Status::succeeded: return "ESTA";
    case proto::peers::Status::try_again: return "RETR";
    case proto::peers::Status::protocol_error: return "PROT";
    case proto::peers::Status::bad_version: return "VERS";
    case proto::peers::Status::local_mismatch: return "NAME";
    case proto::peers::Status::remote_mismatch: return "UNKN";
  }
  return "HSHK";  // an answer that is none
}

using Texts = std::array<std::string, proto::peers::kDictionary>;

void show_texts(std::string_view title, const Texts& texts, std::size_t count, std::string& out) {
  fmt::format_to(std::back_inserter(out), "        {} dictionary cache:", title);
  for (std::size_t i = 0; i < count; i++)
    fmt::format_to(std::back_inserter(out), "{}{:>4} -> {}", i % 4 == 0 ? "\n         " : " ", i,
                   texts[i].empty() ? "-" : texts[i]);
  out += '\n';
}

void show_dictionaries(const Peer& peer, std::string& out) {
  static const Texts kNoTexts;
  const Texts& told = peer.link ? peer.link->told_texts.texts() : kNoTexts;
  show_texts("TX", told, static_cast<std::size_t>(std::ranges::find(told, std::string()) - told.begin()), out);
  show_texts("RX", peer.heard_texts.texts(), proto::peers::kDictionary, out);
}

void show_table(const Peer& peer, const SharedTable& shared, std::string& out) {
  const stick::StickTable& table = shared.table();
  const bool taught = peer.link && peer.link->lesson != Link::Lesson::none && !shared.backlog.teaching();
  fmt::format_to(std::back_inserter(out),
                 "          {} local_id={} remote_id={} flags=0x{:x} remote_data=0x{:x}\n"
                 "              last_acked={} last_pushed={} last_get={} teaching_origin={} update={}\n"
                 "              table:{} id={} update={} localupdate={} commitupdate={} refcnt=1\n",
                 fmt::ptr(&shared), shared.id, shared.remote_id, taught ? kTableTaught : 0, shared.remote_columns,
                 shared.confirmed, shared.pushed, shared.heard, shared.backlog.told(), shared.acked, fmt::ptr(&table),
                 table.config().name, table.last_update(), table.last_update(), shared.acked);
}

void show_link(const Link& link, bool from_former, std::string& out) {
  unsigned flags = 0;
  if (link.lesson != Link::Lesson::none) flags |= kTeaches;
  if (link.lesson == Link::Lesson::told) flags |= kTaught;
  if (link.asked || from_former) flags |= kLearns;
  if (link.partial) flags |= kLearnedPart;
  if (link.heard) flags |= kHeard;
  fmt::format_to(std::back_inserter(out), "        flags=0x{:x} appctx:{} st0=7 st1=0 task_calls={} state=EST\n", flags,
                 fmt::ptr(&link), link.turns);
  if (!link.dialled)
    fmt::format_to(std::back_inserter(out), "        xprt=RAW src={} addr={}\n",
                   io::peer_address(link.stream.fd()).to_string(), io::local_address(link.stream.fd()).to_string());
  if (link.speaks_of != nullptr && link.speaks_of->shared) {
    const SharedTable& shared = *link.speaks_of->shared;
    fmt::format_to(std::back_inserter(out), "        remote_table:{} id={} local_id={} remote_id={}\n",
                   fmt::ptr(&shared), shared.table().config().name, shared.id, shared.remote_id);
  }
  if (link.told_table != nullptr)
    fmt::format_to(std::back_inserter(out), "        last_local_table:{} id={} local_id={} remote_id={}\n",
                   fmt::ptr(link.told_table), link.told_table->table().config().name, link.told_table->id,
                   link.told_table->remote_id);
}

/// A dial that has not been answered yet, or nothing.
void show_dial(const Peer& peer, const Link* dial, std::string& out) {
  const bool refused = peer.status == Peer::Status::refused && status(peer) == "VERS";
  fmt::format_to(std::back_inserter(out), "        flags=0x{:x}", refused ? kRefusedVersion : 0);
  if (dial != nullptr)
    fmt::format_to(std::back_inserter(out), " appctx:{} st0=6 st1=0 task_calls={} state={}", fmt::ptr(dial),
                   dial->turns, peer.status == Peer::Status::greeting ? "EST" : "CON");
  out += '\n';
}

void show_peer(const Peer& peer, bool former_awaited, TimePoint now, bool with_texts, std::string& out) {
  const Link* link = peer.link.get();
  const auto dial = peer.dial.lock();
  TimePoint reconnect = peer.dial_at;
  TimePoint heartbeat = peer.last_sent;
  if (link != nullptr) {
    reconnect = link->last_heard + kSilence;
    heartbeat = link->last_sent;
  } else if (dial) {
    reconnect = peer.last_handshake + kHandshake;
  }
  if (peer.config.local) reconnect = {};
  if (heartbeat != TimePoint{}) heartbeat += kHeartbeat;
  fmt::format_to(
      std::back_inserter(out),
      "  {}: id={}({},{}) addr={} last_status={} last_hdshk={}\n"
      "        reconnect={} heartbeat={} confirm={} tx_hbt={} rx_hbt={} no_hbt={} new_conn={} proto_err={} coll={}\n",
      fmt::ptr(&peer), peer.config.name, peer.config.local ? "local" : "remote",
      link != nullptr || dial ? "active" : "inactive", peer.config.address.to_string(), status(peer),
      ago(peer.last_handshake, now), ahead(reconnect, now), ahead(heartbeat, now),
      link != nullptr && link->confirm ? 1 : 0, peer.heartbeats_sent, peer.heartbeats_heard, peer.silences, peer.dials,
      peer.violations, peer.collisions);
  if (link != nullptr)
    show_link(*link, peer.config.local && former_awaited, out);
  else
    show_dial(peer, dial.get(), out);
  if (peer.tables.empty()) return;
  out += "        shared tables:\n";
  for (const auto& table : peer.tables | std::views::reverse) {
    show_table(peer, *table, out);
    if (with_texts)
      show_dictionaries(peer, out);
    else
      out += "        Dictionary cache not dumped (use \"show peers dict\")\n";
  }
}

}  // namespace

void Group::show(std::string& out, bool with_texts) const {
  const TimePoint now = worker_.now();
  const auto started = std::chrono::system_clock::to_time_t(started_);
  const std::shared_ptr<Peer> self = awaits_former_ ? find(config_.local_peer) : nullptr;
  unsigned flags = happened_;
  if (!awaits_former_) flags |= kNoFormerAwaited;
  if (synced_) flags |= kKnowsAll;
  if (teacher_ != nullptr || (self && self->link)) flags |= kIsTaught;
  fmt::format_to(std::back_inserter(out),
                 "{}: [{:%d/%b/%Y:%H:%M:%S}] id={} disabled=0 flags=0x{:x} resync_timeout={} task_calls={}\n",
                 fmt::ptr(this), fmt::localtime(started), name_, flags, ahead(lesson_deadline_, now), worker_.turns());
  for (const auto& peer : peers_ | std::views::reverse) show_peer(*peer, awaits_former_, now, with_texts, out);
}

}  // namespace weir::peers
