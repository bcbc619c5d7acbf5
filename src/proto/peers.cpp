#include "proto/peers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>

#include "proto/varying.h"

namespace weir::proto::peers {
namespace {

constexpr std::string_view kProtocol = "HAProxyS ";
constexpr std::string_view kKnownVersions[] = {"2.0", "2.1"};
constexpr std::size_t kHeader = 2;
constexpr std::uint8_t kFirstVariable = 128;
// What stands before weir's own fields.
constexpr std::uint32_t kParts = 0x77656972;  // Definition::parts_of
constexpr std::uint32_t kKnows = 0x7765696b;  // Definition::knows_as

void append(std::string& out, std::uint8_t byte) { out += static_cast<char>(byte); }
void write_u32(std::uint32_t value, std::string& out) {
  for (const int shift : {24, 16, 8, 0}) append(out, static_cast<std::uint8_t>(value >> shift));
}

/// One line without its end; nullopt while it is not complete. A carriage return before the line feed is none of it.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == rest.npos) return std::nullopt;
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Reads the payload of a message.
class Reader : public ByteReader {
 public:
  using ByteReader::ByteReader;
  std::uint64_t varying() { return take_varying(*this); }
  std::uint32_t varying32() {
    const std::uint64_t value = varying();
    if (value > std::numeric_limits<std::uint32_t>::max()) fail();
    return static_cast<std::uint32_t>(value);
  }
};

/// Writes a message of a length that is known only when all is written: most fit the one byte that is left for it.
class Writer {
 public:
  Writer(TableMessage type, std::string& out) : out_(out) {
    append(out_, static_cast<std::uint8_t>(Class::table));
    append(out_, static_cast<std::uint8_t>(type));
    append(out_, 0);
    start_ = out_.size();
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    const std::size_t length = out_.size() - start_;
    std::string written;
    write_number(length, written);
    out_.replace(start_ - 1, 1, written);
  }

 private:
  std::string& out_;
  std::size_t start_ = 0;
};

struct ColumnRow {
  Form form = Form::number;
  bool array = false;
  bool adds_up = false;
};
constexpr ColumnRow kNumber{};
constexpr ColumnRow kCounter{.adds_up = true};
constexpr ColumnRow kRate{.form = Form::rate, .adds_up = true};
// By number: see stick::DataType for their names.
constexpr std::array<ColumnRow, kColumns> kRows{{
    kNumber,                                               // server_id
    kNumber,                                               // gpt0
    kCounter,                                              // gpc0
    kRate,                                                 // gpc0_rate
    kCounter,                                              // conn_cnt
    kRate,                                                 // conn_rate
    kCounter,                                              // conn_cur
    kCounter,                                              // sess_cnt
    kRate,                                                 // sess_rate
    kCounter,                                              // http_req_cnt
    kRate,                                                 // http_req_rate
    kCounter,                                              // http_err_cnt
    kRate,                                                 // http_err_rate
    kCounter,                                              // bytes_in_cnt
    kRate,                                                 // bytes_in_rate
    kCounter,                                              // bytes_out_cnt
    kRate,                                                 // bytes_out_rate
    kCounter,                                              // gpc1
    kRate,                                                 // gpc1_rate
    {.form = Form::text},                                  // server_key
    kCounter,                                              // http_fail_cnt
    kRate,                                                 // http_fail_rate
    {.array = true},                                       // gpt
    {.array = true, .adds_up = true},                      // gpc
    {.form = Form::rate, .array = true, .adds_up = true},  // gpc_rate
    kCounter,                                              // glitch_cnt
    kRate,                                                 // glitch_rate
}};

void read_cell(Reader& reader, Form form, Cell& cell) {
  cell = {};
  switch (form) {
    case Form::number: cell.number = reader.varying(); return;
    case Form::rate:
      cell.number = reader.varying();
      cell.current = reader.varying32();
      cell.previous = reader.varying32();
      return;
    case Form::text: break;
  }
  const std::uint64_t length = reader.varying();
  if (length == 0) return;
  Reader value(reader.take(length));
  cell.number = value.varying();
  if (!value.empty()) {
    cell.text = value.take(value.varying());
    cell.has_text = true;
  }
  if (value.failed()) reader.fail();
}

void write_cell(const Cell& cell, Form form, std::string& out) {
  switch (form) {
    case Form::number: write_number(cell.number, out); return;
    case Form::rate:
      write_number(cell.number, out);
      write_number(cell.current, out);
      write_number(cell.previous, out);
      return;
    case Form::text: break;
  }
  if (cell.number == 0) {
    write_number(0, out);
    return;
  }
  std::string value;
  write_number(cell.number, value);
  if (cell.has_text) {
    write_number(cell.text.size(), value);
    value += cell.text;
  }
  write_number(value.size(), out);
  out += value;
}

/// Behind all that the protocol knows. Somebody else's fields may lie there: what does not read as ours is not ours.
void read_own_fields(Reader& reader, Definition& definition) {
  while (!reader.empty()) {
    const auto field = static_cast<std::uint32_t>(reader.number(4));
    const std::uint64_t value = reader.varying();
    if (reader.failed() || (field != kParts && field != kKnows)) return;
    (field == kParts ? definition.parts_of : definition.knows_as) = value;
  }
}

bool is_timed(TableMessage type) { return type == TableMessage::timed_entry || type == TableMessage::timed_next_entry; }
bool is_numbered(TableMessage type) { return type == TableMessage::entry || type == TableMessage::timed_entry; }

}  // namespace

Form form_of(std::size_t column) { return kRows[column].form; }
bool is_array(std::size_t column) { return kRows[column].array; }
bool adds_up(std::size_t column) { return kRows[column].adds_up; }

HelloParse parse_hello(std::string_view bytes) {
  std::string_view rest = bytes.substr(0, kMaxHello);
  const auto refuse = [](Status status) { return HelloParse{.outcome = Outcome::invalid, .refusal = status}; };
  const HelloParse more =
      rest.size() == kMaxHello ? refuse(Status::protocol_error) : HelloParse{.outcome = Outcome::need_more};
  const auto first = take_line(rest);
  if (!first) {
    const std::size_t known = std::min(rest.size(), kProtocol.size());
    return rest.substr(0, known) == kProtocol.substr(0, known) ? more : refuse(Status::protocol_error);
  }
  if (!first->starts_with(kProtocol)) return refuse(Status::protocol_error);
  const std::string_view version = first->substr(kProtocol.size());
  if (std::find(std::begin(kKnownVersions), std::end(kKnownVersions), version) == std::end(kKnownVersions))
    return refuse(Status::bad_version);
  const auto to = take_line(rest);
  if (!to) return more;
  const auto last = take_line(rest);
  if (!last) return more;
  const std::size_t name_end = last->find(' ');
  if (name_end == last->npos) return refuse(Status::protocol_error);
  const std::string_view numbers = last->substr(name_end + 1);
  HelloParse parse{.outcome = Outcome::complete, .consumed = bytes.substr(0, kMaxHello).size() - rest.size()};
  parse.hello = {.to = *to,
                 .from = last->substr(0, name_end),
                 .process = decimal(numbers.substr(0, numbers.find(' '))).value_or(0)};
  return parse;
}

void write_hello(const Hello& hello, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{}{}\n{}\n{} {} 0\n", kProtocol, "2.1", hello.to, hello.from, hello.process);
}

StatusParse parse_status(std::string_view bytes) {
  constexpr std::size_t kLongest = 16;
  std::string_view rest = bytes.substr(0, kLongest);
  const std::size_t offered = rest.size();
  const auto line = take_line(rest);
  if (!line) return {.outcome = offered == kLongest ? Outcome::invalid : Outcome::need_more};
  const auto code = decimal(*line);
  if (line->size() != 3 || !code) return {.outcome = Outcome::invalid};
  return {.outcome = Outcome::complete, .code = static_cast<std::uint16_t>(*code), .consumed = offered - rest.size()};
}

void write_status(Status status, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{}\n", static_cast<std::uint16_t>(status));
}

MessageParse parse_message(std::string_view bytes) {
  if (bytes.size() < kHeader) return {};
  MessageParse parse;
  parse.message.of_class = static_cast<std::uint8_t>(bytes[0]);
  parse.message.type = static_cast<std::uint8_t>(bytes[1]);
  parse.consumed = kHeader;
  if (parse.message.of_class == 255) return {.outcome = Outcome::invalid};
  parse.outcome = Outcome::complete;
  if (parse.message.type < kFirstVariable) return parse;
  const std::string_view offered = bytes.substr(kHeader, kLongestVarying);
  Reader reader(offered);
  std::size_t digits = 0;
  std::uint64_t length = 0;
  // How long the number is, before it is read: it may be cut.
  if (offered.empty()) return {};
  if (static_cast<std::uint8_t>(offered[0]) < kFirstLongVarying) {
    digits = 1;
  } else {
    for (digits = 1; digits < offered.size() && static_cast<std::uint8_t>(offered[digits]) >= 0x80; digits++) {
    }
    if (digits == offered.size()) {
      if (offered.size() == kLongestVarying) return {.outcome = Outcome::invalid};
      return {};
    }
    digits++;
  }
  length = reader.varying();
  if (reader.failed()) return {.outcome = Outcome::invalid};
  if (length > kMaxMessage) return {.outcome = Outcome::invalid, .complaint = Complaint::size};
  if (bytes.size() - kHeader - digits < length) return {};
  parse.message.payload = bytes.substr(kHeader + digits, length);
  parse.consumed = kHeader + digits + length;
  return parse;
}

void write_control(Control what, std::string& out) {
  append(out, static_cast<std::uint8_t>(Class::control));
  append(out, static_cast<std::uint8_t>(what));
}

void write_complaint(Complaint what, std::string& out) {
  append(out, static_cast<std::uint8_t>(Class::error));
  append(out, static_cast<std::uint8_t>(what));
}

void write_number(std::uint64_t value, std::string& out) {
  std::array<char, kLongestVarying> bytes;
  out.append(bytes.data(), put_varying(value, bytes));
}

std::optional<Definition> parse_definition(std::string_view payload) {
  Reader reader(payload);
  Definition definition;
  definition.id = reader.varying();
  const std::uint64_t name_length = reader.varying();
  if (name_length == 0 || name_length > kMaxName) return std::nullopt;
  definition.name = reader.take(name_length);
  definition.key_type = reader.varying();
  definition.key_length = reader.varying();
  definition.columns = reader.varying();
  definition.expire = reader.varying();
  // A message that ends here says nothing about arrays and rates; older ones did.
  if (reader.failed()) return std::nullopt;
  for (std::size_t column = 0; column < kColumns; column++) {
    if (!definition.has(column)) continue;
    definition.counts[column] = 1;
    if (!is_array(column) && form_of(column) != Form::rate) continue;
    if (reader.empty()) continue;
    if (reader.varying() != column) return std::nullopt;
    if (is_array(column)) definition.counts[column] = reader.varying32();
    if (form_of(column) == Form::rate) definition.periods[column] = reader.varying32();
    if (reader.failed() || definition.counts[column] == 0 || definition.counts[column] > kMaxArray) return std::nullopt;
  }
  read_own_fields(reader, definition);
  return definition;
}

void write_definition(const Definition& definition, std::string& out) {
  const Writer message(TableMessage::definition, out);
  write_number(definition.id, out);
  write_number(definition.name.size(), out);
  out += definition.name;
  write_number(definition.key_type, out);
  write_number(definition.key_length, out);
  write_number(definition.columns, out);
  write_number(definition.expire, out);
  for (std::size_t column = 0; column < kColumns; column++) {
    if (!definition.has(column) || (!is_array(column) && form_of(column) != Form::rate)) continue;
    write_number(column, out);
    if (is_array(column)) write_number(definition.counts[column], out);
    if (form_of(column) == Form::rate) write_number(definition.periods[column], out);
  }
  if (definition.parts_of != 0) {
    write_u32(kParts, out);
    write_number(definition.parts_of, out);
  }
  if (definition.knows_as != 0) {
    write_u32(kKnows, out);
    write_number(definition.knows_as, out);
  }
}

bool parse_entry(const Message& message, const Definition& definition, Entry& out) {
  const auto type = static_cast<TableMessage>(message.type);
  Reader reader(message.payload);
  out.update.reset();
  out.expires.reset();
  out.cells.clear();
  out.parts.clear();
  if (is_numbered(type)) out.update = reader.number(4);
  if (is_timed(type)) out.expires = reader.number(4);
  switch (static_cast<KeyType>(definition.key_type)) {
    case KeyType::string: out.key = reader.take(reader.varying()); break;
    case KeyType::integer: out.key = reader.take(4); break;
    default: out.key = reader.take(definition.key_length);
  }
  for (std::size_t column = 0; column < kColumns && !reader.failed(); column++)
    for (std::uint32_t i = 0; i < definition.counts[column] && !reader.failed(); i++)
      read_cell(reader, form_of(column), out.cells.emplace_back());
  if (definition.parts_of == 0 || reader.failed() || reader.empty()) return !reader.failed();
  for (std::size_t column = 0; column < kColumns && !reader.failed(); column++)
    for (std::uint32_t i = 0; i < definition.counts[column] && adds_up(column) && !reader.failed(); i++)
      read_cell(reader, form_of(column), out.parts.emplace_back());
  return !reader.failed();
}

void write_entry(const Entry& entry, const Definition& definition, std::string& out) {
  const TableMessage type = entry.update ? (entry.expires ? TableMessage::timed_entry : TableMessage::entry)
                                         : (entry.expires ? TableMessage::timed_next_entry : TableMessage::next_entry);
  const Writer message(type, out);
  if (entry.update) write_u32(*entry.update, out);
  if (entry.expires) write_u32(*entry.expires, out);
  if (static_cast<KeyType>(definition.key_type) == KeyType::string) write_number(entry.key.size(), out);
  out += entry.key;
  std::size_t at = 0;
  for (std::size_t column = 0; column < kColumns; column++)
    for (std::uint32_t i = 0; i < definition.counts[column]; i++, at++)
      write_cell(entry.cells[at], form_of(column), out);
  if (definition.parts_of == 0 || entry.parts.empty()) return;
  at = 0;
  for (std::size_t column = 0; column < kColumns; column++)
    for (std::uint32_t i = 0; i < definition.counts[column] && adds_up(column); i++, at++)
      write_cell(entry.parts[at], form_of(column), out);
}

std::optional<Acknowledgement> parse_acknowledgement(std::string_view payload) {
  Reader reader(payload);
  Acknowledgement acknowledgement;
  acknowledgement.table = reader.varying();
  acknowledgement.update = reader.number(4);
  if (reader.failed()) return std::nullopt;
  return acknowledgement;
}

void write_acknowledgement(const Acknowledgement& acknowledgement, std::string& out) {
  const Writer message(TableMessage::acknowledgement, out);
  write_number(acknowledgement.table, out);
  write_u32(acknowledgement.update, out);
}

std::optional<std::uint64_t> parse_table_switch(std::string_view payload) {
  Reader reader(payload);
  const std::uint64_t id = reader.varying();
  if (reader.failed()) return std::nullopt;
  return id;
}

Cell ToldTexts::tell(std::string_view text) {
  if (text.empty()) return {};
  std::string wanted(text);
  if (const auto found = numbers_.find(wanted); found != numbers_.end()) return {.number = found->second + 1};
  const std::size_t place = next_;
  next_ = (next_ + 1) % kDictionary;
  if (!texts_[place].empty()) numbers_.erase(texts_[place]);
  texts_[place] = wanted;
  numbers_.emplace(std::move(wanted), place);
  return {.number = place + 1, .text = text, .has_text = true};
}

std::string_view HeardTexts::hear(const Cell& cell) {
  if (cell.number == 0 || cell.number > kDictionary) return {};
  std::string& place = texts_[cell.number - 1];
  const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  if (cell.has_text)
    place = cell.text.size() <= kMaxText && std::ranges::none_of(cell.text, control) ? cell.text : std::string_view();
  return place;
}

}  // namespace weir::proto::peers
