// The peers protocol, version 2.1: bytes in, messages out, and back.
//
// A connection begins with three lines of one side and a status line of the other; then both send messages: two bytes
// of class and type, and for types from 128 a length and a payload. What an entry's message holds is said by the
// definition of its table, which came before. Numbers are of variable length. Beyond the paper, observed on the
// reference: an acknowledgement is of type 132, and 133 and 134 are an entry and the entry behind it with the
// milliseconds it has yet to live; a definition names each array and each rate by its column's number, its length if
// it is an array, its period if it is a rate. A payload may end in fields that the reader does not know.
// Views point into the bytes given. Spec: peers protocol 2.1.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir::proto::peers {

enum class Outcome : std::uint8_t { need_more, invalid, complete };

// --- the handshake ---

enum class Status : std::uint16_t {
  succeeded = 200,
  try_again = 300,
  protocol_error = 501,
  bad_version = 502,
  local_mismatch = 503,
  remote_mismatch = 504,
};

inline constexpr std::size_t kMaxHello = 1024;

struct Hello {
  std::string_view to;    // the peer it is for
  std::string_view from;  // the one who speaks
  std::uint64_t process = 0;
};
struct HelloParse {
  Outcome outcome = Outcome::need_more;
  Status refusal = Status::succeeded;  // of an invalid one
  Hello hello{};
  std::size_t consumed = 0;
};
[[nodiscard]] HelloParse parse_hello(std::string_view bytes);
void write_hello(const Hello& hello, std::string& out);

struct StatusParse {
  Outcome outcome = Outcome::need_more;
  std::uint16_t code = 0;
  std::size_t consumed = 0;
};
[[nodiscard]] StatusParse parse_status(std::string_view bytes);
void write_status(Status status, std::string& out);

// --- messages ---

enum class Class : std::uint8_t { control = 0, error = 1, table = 10 };
enum class Control : std::uint8_t { sync_request, sync_finished, sync_partial, sync_confirmed, heartbeat };
enum class Complaint : std::uint8_t { protocol, size };
enum class TableMessage : std::uint8_t {
  entry = 128,
  next_entry = 129,  // the number is that of the one before and 1
  definition = 130,
  table_switch = 131,
  acknowledgement = 132,
  timed_entry = 133,
  timed_next_entry = 134,
};

inline constexpr std::size_t kMaxMessage = 65536;

struct Message {
  std::uint8_t of_class = 0;
  std::uint8_t type = 0;
  std::string_view payload{};
};
struct MessageParse {
  Outcome outcome = Outcome::need_more;
  Complaint complaint = Complaint::protocol;  // of an invalid one
  Message message{};
  std::size_t consumed = 0;
};
[[nodiscard]] MessageParse parse_message(std::string_view bytes);

void write_control(Control what, std::string& out);
void write_complaint(Complaint what, std::string& out);

void write_number(std::uint64_t value, std::string& out);

// --- tables ---

enum class KeyType : std::uint8_t { integer = 2, ipv4 = 4, ipv6 = 5, string = 6, binary = 7 };

/// The columns both sides know by their numbers, 0 to 26; see stick::DataType, which has the same ones.
inline constexpr std::size_t kColumns = 27;
enum class Form : std::uint8_t { number, rate, text };
[[nodiscard]] Form form_of(std::size_t column);
[[nodiscard]] bool is_array(std::size_t column);
inline constexpr std::uint32_t kMaxArray = 100;
inline constexpr std::size_t kMaxName = 2048;  // bytes of a table's name; a reader keeps the names of many tables

struct Definition {
  std::uint64_t id = 0;
  std::string name{};
  std::uint64_t key_type = 0;
  std::uint64_t key_length = 0;
  std::uint64_t columns = 0;  // a bit each
  std::uint64_t expire = 0;   // milliseconds
  std::array<std::uint32_t, kColumns> counts{};
  std::array<std::uint32_t, kColumns> periods{};  // milliseconds
  /// weir's own, behind the fields of the protocol: entries end in the sender's part of each sum, and this tells one
  /// life of its table from the next. 0: nothing of the sort.
  std::uint64_t parts_of = 0;
  /// weir's own as well: stands for what the sender has learned of this table so far. Who hears the same number again
  /// need not teach again what it taught; another number is a table that knows nothing. 0: not said.
  std::uint64_t knows_as = 0;
  [[nodiscard]] bool has(std::size_t column) const { return (columns >> column & 1U) != 0; }
};
[[nodiscard]] std::optional<Definition> parse_definition(std::string_view payload);
void write_definition(const Definition& definition, std::string& out);

/// One cell of an entry: a number; or a rate, whose running period began `number` milliseconds ago; or a text of the
/// dictionary: its number there, 0 for none, and the text itself the first time.
struct Cell {
  std::uint64_t number = 0;
  std::uint32_t current = 0;
  std::uint32_t previous = 0;
  std::string_view text{};
  bool has_text = false;
  friend bool operator==(const Cell&, const Cell&) = default;
};

struct Entry {
  std::optional<std::uint32_t> update;   // none: the one before and 1
  std::optional<std::uint32_t> expires;  // milliseconds; none: as long as an entry of the table lives
  std::string_view key{};
  std::vector<Cell> cells{};  // by column, arrays one after the other
  std::vector<Cell> parts{};  // the same for columns that add up (Definition::parts_of), else none
};
/// Into `out`, whose vectors are used again. False: not such a message.
[[nodiscard]] bool parse_entry(const Message& message, const Definition& definition, Entry& out);
void write_entry(const Entry& entry, const Definition& definition, std::string& out);

/// Whether the parts of nodes add up in this column: counters, rates, open connections; not tags nor servers.
[[nodiscard]] bool adds_up(std::size_t column);

struct Acknowledgement {
  std::uint64_t table = 0;
  std::uint32_t update = 0;
};
[[nodiscard]] std::optional<Acknowledgement> parse_acknowledgement(std::string_view payload);
void write_acknowledgement(const Acknowledgement& acknowledgement, std::string& out);
[[nodiscard]] std::optional<std::uint64_t> parse_table_switch(std::string_view payload);

// --- the dictionary ---

inline constexpr std::size_t kDictionary = 128;
inline constexpr std::size_t kMaxText = 256;  // bytes; texts are names of servers

/// Numbers for texts that one side has told the other: 1 to kDictionary, the longest unchanged one is given away.
class ToldTexts {
 public:
  /// A cell for this text. The view in it is the argument's.
  [[nodiscard]] Cell tell(std::string_view text);
  [[nodiscard]] const std::array<std::string, kDictionary>& texts() const { return texts_; }

 private:
  std::array<std::string, kDictionary> texts_;
  std::unordered_map<std::string, std::size_t> numbers_;
  std::size_t next_ = 0;
};

/// What the other side's numbers stand for.
class HeardTexts {
 public:
  /// Empty when the number is none or was never told, or its text is too long or not for people to read.
  [[nodiscard]] std::string_view hear(const Cell& cell);
  [[nodiscard]] const std::array<std::string, kDictionary>& texts() const { return texts_; }

 private:
  std::array<std::string, kDictionary> texts_;
};

}  // namespace weir::proto::peers
