// StickTable: keys with columns, bounded, expiring, shared by all workers.
//
// The table is cut into shards by the key's hash (XXH3), each with its own short lock, hash chains and list of entries.
// The one idea: a change or a refresh of an entry takes the next number of one counter per table and moves the entry to
// its shard's tail. That one list is the order of eviction, the order of expiry (every entry lives equally long; one
// that was learned with less to live goes when it is looked at), and the log of updates that peers read; nothing else
// is kept. When the table is full, the shard whose head has the smallest number gives up its oldest entry (a pinned one
// steps aside until it is released), so eviction is exact over the whole table when nobody races, and off by at most
// the entries being touched at that instant otherwise. No two shard locks are ever held together. An entry is one
// block: header, key, columns. Its address is stable until it is freed. A Pin keeps it from being freed. Thread-safe.
// Manual: 11.1.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/time.h"
#include "stick/data_type.h"

namespace weir::stick {

enum class KeyType : std::uint8_t { ipv4, ipv6, integer, string, binary };
[[nodiscard]] std::string_view key_type_name(KeyType type);  // ip, ipv6, integer, string, binary

struct TableConfig {
  std::string name;
  KeyType type = KeyType::ipv4;
  std::uint32_t key_length = 4;  // most bytes of a key
  std::uint64_t size = 0;
  Timeout expire;
  bool nopurge = false;
  bool recv_only = false;
  bool aggregate = false;                 // nodes count parts, reading adds them up
  Milliseconds aggregate_timeout{10000};  // how long a node that is out of touch still counts
  bool server_key_is_address = false;     // srvkey addr
  std::uint32_t bytes_rate_factor = 0;
  std::string peers;
  std::string write_to;
  std::vector<Column> columns;  // sorted by type, each at most once
  SourcePosition at;
  SourcePosition peers_at;
  SourcePosition write_to_at;
  SourcePosition aggregate_at;
};

/// Same key type and length: entries may move, see Migration. The rest may differ.
[[nodiscard]] bool same_keys(const TableConfig& a, const TableConfig& b);
/// The same in all but name and position: the object itself may stay.
[[nodiscard]] bool same_shape(const TableConfig& a, const TableConfig& b);
/// Whether other nodes' parts of the one lie well beside the other.
[[nodiscard]] bool same_parts(const TableConfig& a, const TableConfig& b);
[[nodiscard]] const Column* find_column(const TableConfig& config, DataType type);

struct Entry;
class Parts;

/// Bytes of one connection: what the entries it tracks were told of, and what there is now.
struct Traffic {
  std::uint64_t in_told = 0;
  std::uint64_t in = 0;
  std::uint64_t out_told = 0;
  std::uint64_t out = 0;
};

/// Rung once, from any thread and under a lock, at the next change of a table after it was armed.
struct Bell {
  explicit Bell(void (*function)(Bell& bell)) : ring(function) {}
  void (*ring)(Bell& bell);
  std::atomic<bool> armed{false};
};

class StickTable {
 public:
  explicit StickTable(TableConfig config, unsigned shards = 16);
  ~StickTable();
  StickTable(const StickTable&) = delete;
  StickTable& operator=(const StickTable&) = delete;

  /// Keeps an entry alive and in the table while held. Movable; released by its destructor.
  class Pin {
   public:
    Pin() = default;
    Pin(Pin&& other) noexcept : table_(other.table_), entry_(other.entry_) { other.entry_ = nullptr; }
    Pin& operator=(Pin&& other) noexcept;
    ~Pin() { release(); }
    explicit operator bool() const { return entry_ != nullptr; }
    void release();
    [[nodiscard]] StickTable* table() const { return table_; }

   private:
    friend class StickTable;
    friend class Migration;
    Pin(StickTable* table, Entry* entry) : table_(table), entry_(entry) {}
    StickTable* table_ = nullptr;
    Entry* entry_ = nullptr;
  };

  /// A copy of an entry, for showing and filtering.
  struct View {
    std::uintptr_t address = 0;
    std::string key;
    std::uint32_t uses = 0;
    Milliseconds expires_in{0};
    std::uint64_t update = 0;
    bool learned = false;               // the latest change came from another process
    std::vector<std::uint64_t> values;  // all columns in order, arrays flattened; rates computed, texts by number
  };

  /// A column's value as processes exchange it: a number, the number of a text, or a rate, whose running period began
  /// `number` milliseconds ago.
  struct Cell {
    std::uint64_t number = 0;
    std::uint32_t current = 0;
    std::uint32_t previous = 0;
  };
  /// What another process may be told of an entry.
  struct Told {
    std::string key;
    std::uint64_t update = 0;
    Milliseconds expires_in{0};
    std::vector<Cell> cells;            // all columns in order, arrays flattened; of an aggregate, our part
    std::vector<std::uint64_t> others;  // beside them, what other nodes have; empty when the table is none
  };
  /// What another process says of one column of an entry.
  struct Heard {
    DataType type = DataType::server_id;
    std::uint32_t index = 0;
    Cell cell;
  };

  /// Keys are bytes as key_from_text() or the caller's sample gave them: addresses in network order, integers as 4
  /// bytes in host order, strings as they are. Longer ones are cut, binary ones padded.
  [[nodiscard]] Pin find(std::string_view key, TimePoint now);
  /// Finds or makes it, and refreshes it. Empty when the table is full and nothing may go.
  [[nodiscard]] Pin obtain(std::string_view key, TimePoint now);
  void refresh(const Pin& pin, TimePoint now);
  [[nodiscard]] std::optional<std::uint64_t> get(const Pin& pin, DataType type, TimePoint now, std::uint32_t index = 0);
  /// False when there is no such column. A change refreshes the entry.
  bool set(const Pin& pin, DataType type, std::uint64_t value, TimePoint now, std::uint32_t index = 0);
  /// For columns of texts (server_key). An empty text clears it. Only the number of different texts is bounded, by
  /// kMaxTexts: past that, false.
  bool set_text(const Pin& pin, DataType type, std::string_view text, TimePoint now);
  /// Empty when there is no such column or no text in it.
  [[nodiscard]] std::string text(const Pin& pin, DataType type);
  [[nodiscard]] std::string text_of_number(std::uint64_t number) const;
  bool add(const Pin& pin, DataType type, std::int64_t amount, TimePoint now, std::uint32_t index = 0);
  /// The value behind the change, and the one before it: nobody comes in between. For counters, not rates.
  std::optional<std::uint64_t> add_and_get(const Pin& pin, DataType type, std::int64_t amount, TimePoint now,
                                           std::uint32_t index = 0);
  std::optional<std::uint64_t> exchange(const Pin& pin, DataType type, std::uint64_t value, TimePoint now,
                                        std::uint32_t index = 0);
  /// Whether there is such a column, or an array that serves for it.
  [[nodiscard]] bool stores(DataType type, std::uint32_t index = 0) const { return place(type, index) != nullptr; }

  /// One event: adds `amount` to the counter and to the rate that belongs to it. The counter's new value; nullopt when
  /// the table does not store it. The entry is refreshed when either is stored.
  std::optional<std::uint64_t> count_event(const Pin& pin, DataType counter, DataType rate, std::uint32_t amount,
                                           TimePoint now, std::uint32_t index = 0);

  /// What a reader of one value learns. A key that has no entry is known before the column is.
  struct Reading {
    enum class State : std::uint8_t { no_entry, no_column, value } state = State::no_entry;
    std::uint64_t value = 0;
  };
  [[nodiscard]] Reading read(std::string_view key, DataType type, TimePoint now, std::uint32_t index = 0);
  [[nodiscard]] Reading read(const Pin& pin, DataType type, TimePoint now, std::uint32_t index = 0);
  /// The same, when why there is none does not matter.
  [[nodiscard]] std::optional<std::uint64_t> value_of(std::string_view key, DataType type, TimePoint now,
                                                      std::uint32_t index = 0) {
    const Reading reading = read(key, type, now, index);
    return reading.state == Reading::State::value ? std::optional(reading.value) : std::nullopt;
  }
  /// How many pins hold the entry; 0 without one.
  [[nodiscard]] std::uint32_t uses_of(std::string_view key, TimePoint now);
  [[nodiscard]] std::uint32_t uses(const Pin& pin);
  /// Good as long as the pin.
  [[nodiscard]] std::string_view key(const Pin& pin) const;

  // The counters of a connection that tracks an entry (track.cpp). Each call is one visit under the entry's lock.

  /// Finds or makes the entry and counts a connection in it: conn_cnt, conn_rate, conn_cur. Empty like obtain()'s.
  [[nodiscard]] Pin track(std::string_view key, TimePoint now);
  /// The connection became a session: sess_cnt, sess_rate.
  void count_session(const Pin& pin, TimePoint now);
  /// One more in a counter and its rate, of those that the table stores: http_req_cnt and http_req_rate.
  void count(const Pin& pin, DataType counter, DataType rate, TimePoint now);
  void count_bytes(const Pin& pin, const Traffic& traffic, TimePoint now);
  /// The connection is over: its last bytes are counted, conn_cur goes down, the pin is released.
  void untrack(Pin& pin, const Traffic& traffic, TimePoint now);
  /// An entry that a connection tracks in the table before this one: from now on it is counted as open here. False when
  /// this table has no room; nothing has changed then.
  bool take_over(Pin& pin, TimePoint now);

  /// Whoever still knows this table by an older configuration is led to the one that took its name and entries.
  void pass_to(std::shared_ptr<StickTable> next);
  [[nodiscard]] StickTable& latest();
  /// latest() for who must hold it; null when this table is the latest.
  [[nodiscard]] std::shared_ptr<StickTable> successor();

  static constexpr std::size_t kMaxTexts = 1U << 20U;
  static constexpr std::size_t kMaxLearnedTexts = 1U << 14U;  // of so many at all, others teach us none
  static constexpr std::size_t kMaxLearnedText = 256;         // bytes

  enum class Removal : std::uint8_t { removed, absent, in_use };
  Removal remove(std::string_view key, TimePoint now);
  Removal remove_at(std::uintptr_t address, TimePoint now);
  /// The key of the entry at this address, if there is one now.
  [[nodiscard]] std::optional<std::string> key_at(std::uintptr_t address);

  /// Walks all entries in pieces. Between two calls anything may happen: entries that stay the whole time are seen
  /// once.
  struct Cursor {
    unsigned shard = 0;
    std::uint32_t position = 0;
    bool done = false;
  };
  void read_some(Cursor& cursor, std::size_t budget, TimePoint now, std::vector<View>& out);
  [[nodiscard]] std::optional<View> view(const Pin& pin, TimePoint now);
  /// Without pinning or refreshing it.
  [[nodiscard]] std::optional<View> view_of(std::string_view key, TimePoint now);
  /// Entries changed after `update`, oldest first, at most `budget`: what a peer has yet to hear.
  void changed_since(std::uint64_t update, std::size_t budget, TimePoint now, std::vector<View>& out, bool own = false);

  // What processes tell each other (exchange.cpp, backlog.h).

  /// Another process's values take the place of ours, and its entry that of one of ours when the table is full. Nothing
  /// that came this way is a change of our own: see Backlog. Columns that are not there are left out.
  void learn(std::string_view key, std::optional<Milliseconds> expires_in, std::span<const Heard> cells, TimePoint now);
  /// The same for a table whose counters are this node's part: an entry that is here stays a change of our own, if it
  /// was one, and lives on.
  void learn_beside(std::string_view key, std::span<const Heard> cells, TimePoint now);
  /// Our own part, from a former process: a change of our own. Connections are open there, not here.
  void learn_own(std::string_view key, std::span<const Heard> cells, TimePoint now);
  /// Into the part of another node. It stays while connections are open over there.
  void learn_part(std::string_view key, std::optional<Milliseconds> expires_in, std::span<const Heard> cells,
                  TimePoint now);
  /// The other nodes' parts; null unless the table adds up.
  [[nodiscard]] Parts* parts() const { return parts_.get(); }
  /// Tells this table's contents from those of another life of it: never 0.
  [[nodiscard]] std::uint64_t life() const { return life_; }
  /// Frees entries, held or not, where nobody else has any; true while some are left.
  bool clear_some(std::size_t budget);
  /// The number of a text for learn(); 0 when too many different ones came.
  [[nodiscard]] std::uint32_t learn_text(std::string_view text);
  /// The same for the same key in every process.
  [[nodiscard]] static std::uint64_t key_hash(std::string_view key);
  /// Rings this bell from now on, no other.
  void set_bell(std::shared_ptr<Bell> bell);

  /// Frees expired entries, at most `budget`; returns how many. For a worker's timer.
  std::size_t expire_some(TimePoint now, std::size_t budget);

  [[nodiscard]] const TableConfig& config() const { return config_; }
  [[nodiscard]] std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t last_update() const { return next_update_.load(std::memory_order_seq_cst); }
  /// A whole Migration at once, for a thread that serves nobody.
  void migrate(StickTable& from, TimePoint now);

 private:
  struct Shard;
  struct Place {
    std::uint32_t offset = 0;
    std::uint32_t count = 0;
    std::uint32_t period = 0;
    DataForm form = DataForm::number;
  };
  friend struct Entry;
  friend class Migration;
  friend class Backlog;
  [[nodiscard]] std::uint32_t tick(TimePoint now) const;
  [[nodiscard]] std::string_view fit(std::string_view key, std::string& room) const;
  [[nodiscard]] Shard& shard_of(std::uint64_t hash);
  [[nodiscard]] Shard& shard_of(const Entry& entry);
  [[nodiscard]] std::string_view key_of(const Entry& entry) const;
  [[nodiscard]] Entry* lookup(Shard& shard, std::uint64_t hash, std::string_view key, std::uint32_t now);
  [[nodiscard]] bool expired(const Entry& entry, std::uint32_t now) const;
  bool reserve(std::uint32_t now);
  bool evict_oldest();
  Entry* insert(Shard& shard, std::uint64_t hash, std::string_view key, std::uint32_t now);
  void touch(Shard& shard, Entry& entry, std::uint32_t now);
  void erase(Shard& shard, Entry& entry);
  template <class Look>
  auto look_at(std::string_view key, TimePoint now, Look&& look);
  template <class Then>
  Pin obtain_then(std::string_view key, TimePoint now, Then&& then);
  void hear(Entry& entry, const Heard& heard, std::uint32_t now);
  void tell(Told& told, const Entry& entry, std::uint32_t now) const;
  [[nodiscard]] std::uint64_t of_others(std::string_view key, DataType type, std::uint32_t index, TimePoint now) const;
  template <DataForm form>
  bool bump(Entry& entry, DataType type, std::uint64_t amount, std::uint32_t now);
  bool add_traffic(Entry& entry, const Traffic& traffic, std::uint32_t now);
  bool close_connection(Entry& entry);
  [[nodiscard]] const Place* place(DataType type, std::uint32_t index) const;
  [[nodiscard]] std::uint64_t load(const Entry& entry, const Place& place, std::uint32_t index,
                                   std::uint32_t now) const;
  template <class Edit>
  std::optional<std::uint64_t> edit(const Pin& pin, DataType type, std::uint32_t index, TimePoint now, Edit&& change);
  [[nodiscard]] std::uint32_t number_of_text(std::string_view text);                     // 0: none, or no room
  void fill(View& view, const Entry& entry, std::uint32_t now, bool own = false) const;  // own: our part alone

  TableConfig config_;
  std::vector<Place> places_;  // by DataType; count 0: not stored
  std::uint32_t key_offset_ = 0;
  std::uint32_t entry_bytes_ = 0;
  std::uint32_t expire_ = 0;  // milliseconds; 0: never
  bool counts_sessions_ = false;
  bool counts_bytes_ = false;
  TimePoint origin_;
  std::atomic<std::uint64_t> used_{0};
  std::atomic<std::uint64_t> next_update_{0};
  unsigned shard_count_;
  std::unique_ptr<Shard[]> shards_;
  std::uint64_t life_ = 0;
  std::uint64_t taken_until_ = 0;  // of the table whose entries came here: updates that both know
  std::shared_ptr<Parts> parts_;
  std::atomic<Bell*> bell_{nullptr};
  std::vector<std::shared_ptr<Bell>> bells_;  // a change may be ringing one that is no longer bell_
  std::shared_ptr<StickTable> next_owner_;    // of next_; set once, before it
  std::atomic<StickTable*> next_{nullptr};
  mutable std::mutex texts_lock_;  // taken under a shard's lock at times; takes none itself
  std::map<std::string, std::uint32_t, std::less<>> text_numbers_;
  std::vector<const std::string*> texts_;  // number - 1 -> key of text_numbers_
};

/// Copies what `from` holds (same_keys) into `to` with the columns both have, in the order of updates, each with its
/// remaining life; in pieces, while both tables are used. Entries changed meanwhile are copied again at the end.
class Migration {
 public:
  Migration(StickTable& from, StickTable& to) : from_(from), to_(to) {}
  /// Copies at most `budget` entries, or lists those of one shard first; true when all is done.
  bool step(TimePoint now, std::size_t budget);

 private:
  struct Item {
    std::uint64_t update;
    std::uint32_t position;
    std::uint32_t shard;
  };
  void list_shard(unsigned shard);
  void copy(const StickTable::View& view, TimePoint now);
  void catch_up(TimePoint now);
  void number_behind();

  StickTable& from_;
  StickTable& to_;
  unsigned next_shard_ = 0;
  std::size_t next_item_ = 0;
  std::uint64_t started_at_ = 0;  // updates after this one are caught up with
  std::vector<Item> items_;
};

}  // namespace weir::stick
