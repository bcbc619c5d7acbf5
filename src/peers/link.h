// Link: one connection with a peer, from the first byte to the last.
//
// Two activities share it: one reads and takes what it reads into the tables at once, one writes. What the reader owes
// the other side (acknowledgements, a confirmation, a lesson) is a mark in the link that the writer sees: nothing is
// queued, and a side that does not read holds up its own news only. The writer tells what changed since the last
// telling, at most every kPace; a peer that was slow hears of an entry once, as it is by then. A link that reads
// nothing for kSilence is dead; one that has nothing to write sends a heartbeat every kHeartbeat. Lives on its group's
// worker. Manual: peers protocol 2.1.
//
// TLS will take the place of `stream`: nothing else here touches the socket.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/stream.h"
#include "io/task.h"
#include "peers/shared_table.h"
#include "peers/wakeup.h"
#include "proto/peers.h"

namespace weir::peers {

class Group;
struct Peer;

inline constexpr Milliseconds kSilence{5000};
inline constexpr Milliseconds kHeartbeat{3000};
inline constexpr Milliseconds kHandshake{5000};
inline constexpr Milliseconds kStall{30000};  // a peer that takes no byte for so long
inline constexpr Milliseconds kPace{5};
inline constexpr Milliseconds kTurn{1};  // between two pieces of work, for the others of this worker
inline constexpr std::size_t kPiece = 64 * 1024;
inline constexpr std::size_t kMostEntries = 16384;     // looked at in one turn
inline constexpr std::size_t kMostKey = 8192;          // a longer one fits no peer's message
inline constexpr std::size_t kMostDefinitions = 4096;  // that a peer may send

struct Link {
  explicit Link(io::Worker& worker) : stream(worker), wake(worker) {}
  Link(io::Worker& worker, io::Fd socket) : stream(worker, std::move(socket)), wake(worker) {}

  io::Stream stream;
  Wakeup wake;  // the writer's
  std::string input;
  std::string output;
  TimePoint since{};
  TimePoint last_sent{};
  TimePoint last_heard{};
  bool heard = false;  // anything at all
  std::uint64_t turns = 0;
  bool dialled = false;
  bool ended = false;

  // What the reader owes.
  bool ask = false;      // for all the peer knows
  bool asked = false;    // or will be: what it says of a lesson's end is the end of ours
  bool partial = false;  // it said that it does not know all itself
  bool late = false;     // it was asked when we had news of our own: taught entries that are here already stay
  bool confirm = false;  // the end of its lesson
  bool acknowledge = false;
  std::optional<proto::peers::Complaint> complaint;

  enum class Lesson : std::uint8_t { none, running, told } lesson = Lesson::none;  // ours to the peer
  bool taught_all = false;  // the last one said that it was complete

  // What this connection has told and heard of tables.
  struct HeardTable {
    proto::peers::Definition definition;
    std::shared_ptr<SharedTable> shared;  // null: we have none of that name
    const stick::StickTable* taken_by = nullptr;
    std::optional<Intake> intake;
  };
  std::map<std::uint64_t, HeardTable> heard_tables;
  HeardTable* speaks_of = nullptr;
  proto::peers::ToldTexts told_texts;
  const SharedTable* told_table = nullptr;
  const stick::StickTable* told_as = nullptr;
  proto::peers::Definition told_definition;
  std::uint64_t last_update = 0;  // told of that table since its definition; 0: none
  stick::StickTable::Told told;
  Outlet outlet;

  void ask_for_lesson(bool later) {
    ask = asked = true;
    late = later;
    wake.ring();
  }
  void end() {
    ended = true;
    stream.interrupt();
    wake.ring();
  }
};

/// The other side's hello on an accepted connection, and our answer; then the whole life of the link.
io::Task<void> receive(std::shared_ptr<Group>& group, io::Fd& socket);
/// Keeps a link to the peer while it is wanted: dials, greets, serves, dials again.
io::Task<void> keep_dialling(std::shared_ptr<Group>& group, std::shared_ptr<Peer>& peer);

/// Tells the process that listens on our own address now all we know, then ends.
io::Task<void> teach_successor(std::shared_ptr<Group>& group, std::shared_ptr<Peer>& self);

/// Reads until the link ends. `link` has been established.
io::Task<void> listen(Group& group, Peer& peer, Link& link);
/// Writes until the link ends.
io::Task<void> speak(std::shared_ptr<Group>& group, std::shared_ptr<Peer>& peer, std::shared_ptr<Link>& link);

}  // namespace weir::peers
