// A stick table between this process and one peer: how far each has heard of the other.
//
// It outlives the connection, so that the next one goes on where the last one was cut: what the peer acknowledged is
// not told again. What a peer was taught over one connection it is not taught again over the same one: before it asks
// for a lesson it says by a number of its own which tables it knows as ever (Definition::knows_as). On the wire a table
// of a peers section is called /<name>, one of a proxy by its proxy's name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proto/peers.h"
#include "stick/backlog.h"
#include "stick/table.h"

namespace weir::peers {

struct TableOfGroup {
  std::shared_ptr<stick::StickTable> table;
  std::shared_ptr<stick::StickTable> write_to;  // null: none
};

[[nodiscard]] std::string wire_name(const stick::TableConfig& table);
/// What we say of our table before we tell of its entries.
[[nodiscard]] proto::peers::Definition definition_of(const stick::StickTable& table, std::uint64_t id);

struct SharedTable {
  SharedTable(std::uint64_t number, const TableOfGroup& of)
      : id(number), name(wire_name(of.table->config())), write_to(of.write_to), backlog(of.table) {
    forget_lessons();
  }

  std::uint64_t id;  // ours; the same to all peers, and never another table's
  std::string name;
  std::shared_ptr<stick::StickTable> write_to;
  stick::Backlog backlog;
  std::uint64_t acked = 0;   // of our updates: the peer has them
  std::uint64_t pushed = 0;  // and this was the last one told
  // Of the peer's updates.
  std::uint64_t remote_id = 0;
  std::uint64_t remote_columns = 0;
  std::uint32_t heard = 0;
  std::uint32_t confirmed = 0;  // of what was heard
  std::uint64_t entries_heard = 0;
  std::uint64_t entries_told = 0;
  bool acknowledge = false;
  // Lessons: what we say that we know, what the peer says, and what it said when it was taught all.
  std::uint64_t knows_as = 0;
  std::uint64_t remote_knows_as = 0;
  std::uint64_t teaching_as = 0;
  std::uint64_t taught_as = 0;

  /// What was learned of it here is gone.
  void forget_lessons();
  /// A new connection: what the peer knows is not known.
  void resume();
  /// For who asked. Nothing, when the peer was taught all over this connection and says that it has it still.
  void give_lesson();
  [[nodiscard]] stick::StickTable& table() const { return backlog.table(); }
  /// Where to put what is heard: a reload may have replaced the table, of which the group has yet to be told.
  [[nodiscard]] stick::StickTable& learner() const { return table().latest(); }
  /// Goes on with the table that took over the entries.
  void move_to(std::shared_ptr<stick::StickTable> table);
  /// The peer has all up to here; a number that was never told is ignored.
  void take_acknowledgement(std::uint32_t update);
};

/// Stands for a node when the parts are those of this node.
inline const std::string kOwnPart;

/// How the cells of a peer's table fall into ours.
///
/// Where ours adds up, a peer's part of each sum goes into the part of its node. A peer that knows of no parts does not
/// know either what of its counters is its own: they are left out, its servers and tags are taken.
class Intake {
 public:
  Intake(const stick::StickTable& ours, const proto::peers::Definition& theirs);
  /// Keys of another type or length: nothing of it can be taken.
  [[nodiscard]] bool fits() const { return fits_; }
  /// `only_new`: an entry that is here already stays as it is. Parts are the node's.
  void take(SharedTable& shared, const std::string& node, const proto::peers::Entry& entry,
            proto::peers::HeardTexts& texts, bool only_new, TimePoint now);

 private:
  struct Place {
    std::size_t cell;
    stick::DataType type;
    std::uint32_t index;
    bool text;
    bool passed_on;  // to the table of write-to
  };
  void read(stick::StickTable& into, const proto::peers::Entry& entry, proto::peers::HeardTexts& texts, bool passed_on);
  void take_parts(SharedTable& shared, const std::string& node, std::string_view key, const proto::peers::Entry& entry,
                  std::optional<Milliseconds> expires, TimePoint now);
  bool fits_ = false;
  bool adds_up_ = false;
  std::uint64_t life_ = 0;  // of their parts; 0: they tell none
  bool reads_integers_ = false;
  std::vector<Place> places_;
  std::vector<Place> parts_;  // the cells of Entry::parts
  std::vector<stick::StickTable::Heard> heard_;
  std::string key_;
};

/// Writes what a table told as an entry of its definition.
class Outlet {
 public:
  void write(const stick::StickTable& table, const stick::StickTable::Told& told,
             const proto::peers::Definition& definition, bool numbered, bool lesson, proto::peers::ToldTexts& texts,
             std::string& out);

 private:
  proto::peers::Entry entry_;
  std::vector<std::string> texts_;  // that the entry's views point into
};

}  // namespace weir::peers
