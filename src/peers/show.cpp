// What `show peers` says of a group. The reference's shape, with what is known here: places in memory are ours, and
// flags are a bit for each thing that is so. Manual: management 9.3.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "peers/group.h"

namespace weir::peers {
namespace {

std::string ahead(TimePoint at, TimePoint now) {
  if (at == TimePoint{}) return "<NEVER>";
  if (at <= now) return "<PAST>";
  return fmt::format("{}s", std::chrono::ceil<std::chrono::seconds>(at - now).count());
}
std::string ago(TimePoint at, TimePoint now) {
  if (at == TimePoint{}) return "<NEVER>";
  return fmt::format("{}s", std::chrono::floor<std::chrono::seconds>(now - at).count());
}

std::string status(const Peer& peer) {
  switch (peer.status) {
    case Peer::Status::none: return "NONE";
    case Peer::Status::connecting: return "CONN";
    case Peer::Status::established: return "ESTA";
    case Peer::Status::lost: return "ESTA";  // the last handshake went well
    case Peer::Status::refused: break;
  }
  return peer.code == 0 || peer.code == 200 ? "CONN" : fmt::format("{}", peer.code);
}

void show_texts(const char* title, const std::array<std::string, proto::peers::kDictionary>& texts, std::string& out) {
  fmt::format_to(std::back_inserter(out), "        {} dictionary cache:", title);
  for (std::size_t i = 0; i < texts.size(); i++)
    fmt::format_to(std::back_inserter(out), "{}{:>4} -> {}", i % 4 == 0 ? "\n         " : " ", i,
                   texts[i].empty() ? "-" : texts[i]);
  out += '\n';
}

void show_table(const SharedTable& shared, std::string& out) {
  const stick::StickTable& table = shared.table();
  fmt::format_to(std::back_inserter(out),
                 "          {} local_id={} remote_id={} flags=0x{:x} remote_data=0x{:x}\n"
                 "              last_acked={} last_pushed={} last_get={} teaching_origin={} update={}\n"
                 "              table:{} id={} update={} localupdate={} commitupdate={} refcnt=1\n",
                 fmt::ptr(&shared), shared.id, shared.remote_id, shared.backlog.teaching() ? 1 : 0,
                 shared.remote_columns, shared.confirmed, shared.pushed, shared.heard, shared.backlog.told(),
                 shared.acked, fmt::ptr(&table), table.config().name, table.last_update(), table.last_update(),
                 shared.acked);
}

void show_link(const Peer& peer, const Link& link, std::string& out) {
  const unsigned flags =
      (link.lesson != Link::Lesson::none ? 1U : 0U) | (link.dialled ? 2U : 0U) | (peer.partial ? 4U : 0U) | 8U;
  fmt::format_to(std::back_inserter(out), "        flags=0x{:x} appctx:{} state=EST\n", flags, fmt::ptr(&link));
  fmt::format_to(std::back_inserter(out), "        xprt=RAW src={} addr={}\n",
                 io::local_address(link.stream.fd()).to_string(), io::peer_address(link.stream.fd()).to_string());
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

void show_peer(const Peer& peer, TimePoint now, bool with_texts, std::string& out) {
  const bool linked = peer.link != nullptr;
  fmt::format_to(
      std::back_inserter(out),
      "  {}: id={}({},{}) addr={} last_status={} last_hdshk={}\n"
      "        reconnect={} heartbeat={} confirm={} tx_hbt={} rx_hbt={} no_hbt={} new_conn={} proto_err={} coll={}\n",
      fmt::ptr(&peer), peer.config.name, peer.config.local ? "local" : "remote", linked ? "active" : "inactive",
      peer.config.address.to_string(), status(peer), ago(peer.last_handshake, now),
      linked ? "<NEVER>" : ahead(peer.dial_at, now), linked ? ahead(peer.link->last_sent + kHeartbeat, now) : "<NEVER>",
      linked && peer.link->lesson == Link::Lesson::told ? 1 : 0, peer.heartbeats_sent, peer.heartbeats_heard,
      peer.silences, peer.dials, peer.violations, peer.collisions);
  if (linked)
    show_link(peer, *peer.link, out);
  else
    out += "        flags=0x0\n";
  if (peer.tables.empty()) return;
  out += "        shared tables:\n";
  for (const auto& table : peer.tables) show_table(*table, out);
  if (!with_texts) {
    out += "        Dictionary cache not dumped (use \"show peers dict\")\n";
    return;
  }
  static const std::array<std::string, proto::peers::kDictionary> kNoTexts;
  show_texts("TX", linked ? peer.link->told_texts.texts() : kNoTexts, out);
  show_texts("RX", peer.heard_texts.texts(), out);
}

}  // namespace

void Group::show(std::string& out, bool with_texts) const {
  const TimePoint now = worker_.now();
  const auto started = std::chrono::system_clock::to_time_t(started_);
  const unsigned flags = (synced_ ? 1U : 0U) | (teacher_ != nullptr ? 2U : 0U);
  fmt::format_to(std::back_inserter(out),
                 "{}: [{:%d/%b/%Y:%H:%M:%S}] id={} disabled=0 flags=0x{:x} resync_timeout={} task_calls={}\n",
                 fmt::ptr(this), fmt::localtime(started), name_, flags,
                 synced_ ? "<PAST>" : ahead(lesson_deadline_, now), worker_.turns());
  for (const auto& peer : peers_) show_peer(*peer, now, with_texts, out);
  out += '\n';
}

}  // namespace weir::peers
