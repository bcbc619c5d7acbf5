// What a peer says: entries go into the tables at once, in pieces of what one turn may take.
#include "peers/group.h"
#include "peers/link.h"

namespace weir::peers {
namespace {

namespace wire = proto::peers;

/// One connection's reader.
class Listener {
 public:
  Listener(Group& group, Peer& peer, Link& link) : group_(group), peer_(peer), link_(link) {}

  /// Everything complete that has arrived. False when the link is no use any more.
  bool take_input() {
    std::string_view rest = link_.input;
    bool good = true;
    while (good && !link_.ended) {
      const wire::MessageParse parse = wire::parse_message(rest);
      if (parse.outcome == wire::Outcome::need_more) break;
      if (parse.outcome == wire::Outcome::invalid) {
        good = complain(parse.complaint);
        break;
      }
      good = take(parse.message);
      rest.remove_prefix(parse.consumed);
    }
    link_.input.erase(0, link_.input.size() - rest.size());
    if (link_.acknowledge) link_.wake.ring();
    return good && !link_.ended;
  }

 private:
  bool complain(wire::Complaint what) {
    peer_.violations++;
    link_.complaint = what;
    link_.wake.ring();
    return false;
  }

  bool take(const wire::Message& message) {
    switch (static_cast<wire::Class>(message.of_class)) {
      case wire::Class::control: take_control(static_cast<wire::Control>(message.type)); return true;
      case wire::Class::error: return false;
      case wire::Class::table: return take_table_message(message) || complain(wire::Complaint::protocol);
    }
    return true;  // a class of a later version
  }

  void take_control(wire::Control what) {
    switch (what) {
      case wire::Control::sync_request: group_.give_lesson(peer_); break;
      case wire::Control::sync_finished: group_.lesson_ended(peer_, true); break;
      case wire::Control::sync_partial: group_.lesson_ended(peer_, false); break;
      case wire::Control::sync_confirmed:
        if (link_.lesson == Link::Lesson::told) {
          link_.lesson = Link::Lesson::none;
          peer_.lessons_given++;
          if (link_.taught_all)
            for (const auto& table : peer_.tables) table->taught_as = table->teaching_as;
          if (peer_.config.local && group_.handing_down()) link_.end();
        }
        break;
      case wire::Control::heartbeat: peer_.heartbeats_heard++; break;
    }
  }

  bool take_table_message(const wire::Message& message) {
    switch (static_cast<wire::TableMessage>(message.type)) {
      case wire::TableMessage::definition: return take_definition(message.payload);
      case wire::TableMessage::table_switch: return take_switch(message.payload);
      case wire::TableMessage::acknowledgement: return take_acknowledgement(message.payload);
      case wire::TableMessage::entry:
      case wire::TableMessage::next_entry:
      case wire::TableMessage::timed_entry:
      case wire::TableMessage::timed_next_entry: return take_entry(message);
    }
    return true;  // a type of a later version
  }

  bool take_definition(std::string_view payload) {
    auto definition = wire::parse_definition(payload);
    if (!definition) return false;
    if (link_.heard_tables.size() >= kMostDefinitions && !link_.heard_tables.contains(definition->id)) return false;
    Link::HeardTable& heard = link_.heard_tables[definition->id];
    heard.shared = nullptr;
    heard.taken_by = nullptr;
    for (const auto& table : peer_.tables)
      if (table->name == definition->name) heard.shared = table;
    if (heard.shared) {
      heard.shared->remote_id = definition->id;
      heard.shared->remote_columns = definition->columns;
      heard.shared->remote_knows_as = definition->knows_as;
    }
    heard.definition = std::move(*definition);
    link_.speaks_of = &heard;
    return true;
  }

  bool take_switch(std::string_view payload) {
    const auto id = wire::parse_table_switch(payload);
    if (!id) return false;
    const auto found = link_.heard_tables.find(*id);
    link_.speaks_of = found == link_.heard_tables.end() ? nullptr : &found->second;
    return true;
  }

  bool take_acknowledgement(std::string_view payload) {
    const auto acknowledged = wire::parse_acknowledgement(payload);
    if (!acknowledged) return false;
    for (const auto& table : peer_.tables)
      if (table->id == acknowledged->table) table->take_acknowledgement(acknowledged->update);
    return true;
  }

  bool take_entry(const wire::Message& message) {
    Link::HeardTable* heard = link_.speaks_of;
    if (heard == nullptr) return true;  // of a table that we were never told of
    if (!wire::parse_entry(message, heard->definition, entry_)) return false;
    // Texts are told once, whichever table they came with.
    for (const wire::Cell& cell : entry_.cells)
      if (cell.has_text) (void)peer_.heard_texts.hear(cell);
    SharedTable* shared = heard->shared.get();
    if (shared == nullptr) return true;
    shared->heard = entry_.update.value_or(shared->heard + 1);
    shared->acknowledge = link_.acknowledge = true;
    if (heard->taken_by != &shared->learner()) {
      heard->intake.emplace(shared->learner(), heard->definition);
      heard->taken_by = &shared->learner();
    }
    if (!heard->intake->fits() || entry_.key.empty()) return true;
    // What changed over there just now comes without the time it has left.
    const bool only_new = link_.late && entry_.expires;
    // A former process of this node knew this node's own part.
    const std::string& node = peer_.config.local ? kOwnPart : peer_.config.name;
    heard->intake->take(*shared, node, entry_, peer_.heard_texts, only_new, group_.worker().now());
    shared->entries_heard++;
    return true;
  }

  Group& group_;
  Peer& peer_;
  Link& link_;
  wire::Entry entry_;
};

}  // namespace

io::Task<void> listen(Group& group, Peer& peer, Link& link) {
  Listener listener(group, peer, link);
  std::vector<char> piece(kPiece);
  while (listener.take_input()) {
    const auto got = co_await link.stream.read_some(piece, group.worker().now() + kSilence);
    if (!got && got.error().kind == io::IoErrorKind::timeout) peer.silences++;
    if (!got || *got == 0 || link.ended) co_return;
    link.last_heard = group.worker().now();
    link.heard = true;
    link.turns++;
    link.input.append(piece.data(), *got);
    if (*got == piece.size()) {
      if (!listener.take_input()) break;
      co_await io::sleep_for(group.worker(), kTurn);
    }
  }
  // What is wrong is said before the end, if the other side takes it.
  if (!link.complaint || link.ended) co_return;
  co_await io::sleep_for(group.worker(), kPace);
}

}  // namespace weir::peers
