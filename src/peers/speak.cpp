// What a peer is told: answers first, then a lesson if it asked for one, then what changed.
#include "peers/group.h"
#include "peers/link.h"

namespace weir::peers {
namespace {

namespace wire = proto::peers;
using Step = stick::Backlog::Step;

/// One connection's writer.
class Speaker {
 public:
  Speaker(Group& group, Peer& peer, Link& link) : group_(group), peer_(peer), link_(link) {}

  /// Into link.output, up to a piece. True when there is more to say at once.
  bool compose() {
    answer();
    if (link_.lesson == Link::Lesson::running && tell_tables(true)) return true;
    if (link_.lesson == Link::Lesson::running) {
      link_.taught_all = group_.synced();
      wire::write_control(link_.taught_all ? wire::Control::sync_finished : wire::Control::sync_partial, link_.output);
      link_.lesson = Link::Lesson::told;
    }
    return tells_news() && tell_tables(false);
  }
  [[nodiscard]] bool something_waits() const {
    if (link_.ask || link_.confirm || link_.acknowledge || link_.lesson == Link::Lesson::running) return true;
    if (!tells_news()) return false;
    for (const auto& table : peer_.tables)
      if (table->backlog.waiting()) return true;
    return false;
  }

 private:
  void answer() {
    if (link_.confirm) wire::write_control(wire::Control::sync_confirmed, link_.output);
    if (link_.ask) {
      for (const auto& table : peer_.tables) define(*table);
      link_.told_table = nullptr;
      wire::write_control(wire::Control::sync_request, link_.output);
    }
    link_.ask = link_.confirm = false;
    if (!link_.acknowledge) return;
    link_.acknowledge = false;
    for (const auto& table : peer_.tables) {
      if (!table->acknowledge) continue;
      table->acknowledge = false;
      table->confirmed = table->heard;
      wire::write_acknowledgement({.table = table->remote_id, .update = table->heard}, link_.output);
    }
  }

  /// Another process of this node is told what there is, once.
  [[nodiscard]] bool tells_news() const { return group_.synced() && !peer_.config.local; }

  /// True when more waits than this turn may tell.
  bool tell_tables(bool lesson) {
    for (const auto& table : peer_.tables) {
      if (lesson && !table->backlog.teaching()) continue;
      if (tell_table(*table, lesson)) return true;
    }
    return false;
  }

  bool tell_table(SharedTable& table, bool lesson) {
    if (lesson) speak_of(table);  // also when there is nothing in it
    // Entries that are not for this peer fill no piece, and cost all the same.
    for (std::size_t looked_at = 0;; looked_at++) {
      if (link_.output.size() >= kPiece || looked_at == kMostEntries) return true;
      const Step step = table.backlog.next(group_.worker().now(), link_.told);
      if (step == Step::later) return true;
      if (step == Step::none) return false;
      if (is_for_peer() && link_.told.key.size() <= kMostKey) tell(table, lesson);
      table.pushed = link_.told.update;
      if (lesson && !table.backlog.teaching()) return false;
    }
  }

  /// Manual: shards; a peer with one hears of its share of the keys.
  [[nodiscard]] bool is_for_peer() const {
    const std::uint32_t shards = group_.config().shards;
    const std::uint32_t shard = peer_.config.shard;
    if (shard == 0 || shard > shards) return true;
    return stick::shard_of(link_.told.key, shards) == shard;
  }

  void speak_of(const SharedTable& table) {
    if (link_.told_table == &table && link_.told_as == &table.table()) return;
    define(table);
    link_.told_table = &table;
    link_.told_as = &table.table();
    link_.last_update = 0;
  }

  void define(const SharedTable& table) {
    link_.told_definition = definition_of(table.table(), table.id);
    link_.told_definition.knows_as = table.knows_as;
    wire::write_definition(link_.told_definition, link_.output);
  }

  void tell(SharedTable& table, bool lesson) {
    speak_of(table);
    const bool numbered = link_.last_update == 0 || link_.told.update != link_.last_update + 1;
    link_.outlet.write(table.table(), link_.told, link_.told_definition, numbered, lesson, link_.told_texts,
                       link_.output);
    link_.last_update = link_.told.update;
    table.entries_told++;
  }

  Group& group_;
  Peer& peer_;
  Link& link_;
};

}  // namespace

io::Task<void> speak(std::shared_ptr<Group>& group, std::shared_ptr<Peer>& peer, std::shared_ptr<Link>& link) {
  io::Worker& worker = group->worker();
  Speaker speaker(*group, *peer, *link);
  while (!link->ended) {
    link->output.clear();
    link->turns++;
    bool more = false;
    const bool complains = link->complaint.has_value();
    if (complains)
      wire::write_complaint(*link->complaint, link->output);
    else
      more = speaker.compose();
    const TimePoint heartbeat = link->last_sent + kHeartbeat;
    if (link->output.empty() && worker.now() >= heartbeat) {
      wire::write_control(wire::Control::heartbeat, link->output);
      peer->heartbeats_sent++;
    }
    if (!link->output.empty()) {
      const auto sent = co_await link->stream.write_all(link->output, worker.now() + kStall);
      if (!sent || link->ended || complains) break;
      link->last_sent = worker.now();
    }
    if (more || !link->output.empty()) {
      co_await io::sleep_for(worker, more ? kTurn : kPace);
      continue;
    }
    group->arm_bell();
    if (speaker.something_waits())  // for us; or for others only, and more of it as we look
      co_await io::sleep_for(worker, kPace);
    else
      co_await link->wake.until(link->last_sent + kHeartbeat);
  }
  link->end();
}

}  // namespace weir::peers
