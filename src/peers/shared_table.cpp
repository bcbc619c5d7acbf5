#include "peers/shared_table.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "stick/parts.h"

namespace weir::peers {
namespace {

namespace wire = proto::peers;
using stick::DataType;
using stick::KeyType;

constexpr wire::KeyType kKeyTypes[] = {wire::KeyType::ipv4, wire::KeyType::ipv6, wire::KeyType::integer,
                                       wire::KeyType::string, wire::KeyType::binary};
static_assert(static_cast<std::size_t>(DataType::glitch_rate) + 1 == wire::kColumns);
static_assert(wire::kMaxText <= stick::StickTable::kMaxLearnedText);

wire::KeyType key_type(const stick::TableConfig& table) { return kKeyTypes[static_cast<std::size_t>(table.type)]; }

/// COMPAT: observed on 2.6: the length of text keys counts a byte for the end of the text.
std::uint64_t key_length(const stick::TableConfig& table) {
  return table.key_length + (table.type == KeyType::string ? 1U : 0U);
}

/// Integers lie in the host's order and travel in the network's.
void swap_integer(std::string_view key, char* to) {
  std::uint32_t number = 0;
  std::memcpy(&number, key.data(), std::min(sizeof number, key.size()));
  number = __builtin_bswap32(number);
  std::memcpy(to, &number, sizeof number);
}

}  // namespace

std::string wire_name(const stick::TableConfig& table) {
  const std::string prefix = table.peers + "/";
  return table.name.starts_with(prefix) ? table.name.substr(table.peers.size()) : table.name;
}

wire::Definition definition_of(const stick::StickTable& table, std::uint64_t id) {
  const stick::TableConfig& config = table.config();
  wire::Definition definition;
  definition.id = id;
  definition.name = wire_name(config);
  definition.key_type = static_cast<std::uint64_t>(key_type(config));
  definition.key_length = key_length(config);
  definition.expire = config.expire ? static_cast<std::uint64_t>(config.expire->count()) : 0;
  for (const stick::Column& column : config.columns) {
    const auto number = static_cast<std::size_t>(column.type);
    definition.columns |= std::uint64_t{1} << number;
    definition.counts[number] = column.count;
    definition.periods[number] = column.period;
  }
  if (config.aggregate) definition.parts_of = table.life();
  return definition;
}

void SharedTable::forget_lessons() {
  do knows_as = std::uint64_t{std::random_device{}()} << 32U | std::random_device{}();
  while (knows_as == 0);
}

void SharedTable::resume() {
  backlog.resume_behind(acked);
  pushed = acked;
  acknowledge = false;
  remote_knows_as = teaching_as = taught_as = 0;
}

void SharedTable::give_lesson() {
  if (remote_knows_as != 0 && remote_knows_as == taught_as) return;
  teaching_as = remote_knows_as;
  backlog.start_over();
}

void SharedTable::move_to(std::shared_ptr<stick::StickTable> table) {
  acked = std::min(acked, stick::Backlog::common_updates(this->table(), *table));
  backlog.move_to(std::move(table));
}

void SharedTable::take_acknowledgement(std::uint32_t update) {
  // The low half is what travels; updates that are on their way are few.
  const std::uint64_t behind = static_cast<std::uint32_t>(static_cast<std::uint32_t>(pushed) - update);
  if (behind > pushed) return;
  acked = std::max(acked, pushed - behind);
}

Intake::Intake(const stick::StickTable& ours, const wire::Definition& theirs) {
  const stick::TableConfig& config = ours.config();
  fits_ = theirs.key_type == static_cast<std::uint64_t>(key_type(config)) &&
          (config.type == KeyType::string || theirs.key_length == config.key_length);
  reads_integers_ = config.type == KeyType::integer;
  adds_up_ = config.aggregate;
  life_ = adds_up_ ? theirs.parts_of : 0;
  std::size_t cell = 0;
  std::size_t part = 0;
  for (std::size_t column = 0; column < wire::kColumns; column++) {
    const auto type = static_cast<DataType>(column);
    for (std::uint32_t i = 0; i < theirs.counts[column]; i++, cell++) {
      if (adds_up_ && stick::adds_up(type)) {
        if (ours.stores(type, i)) parts_.push_back({part, type, i, false, false});
        part++;
        continue;
      }
      // Manual 11.2: open connections are everybody's own, save where nobody counts.
      if (type == DataType::conn_cur && !config.recv_only) continue;
      if (!ours.stores(type, i)) continue;
      // Manual 11.2: write-to takes tags and servers, no counters.
      places_.push_back({cell, type, i, wire::form_of(column) == wire::Form::text, !stick::adds_up(type)});
    }
  }
}

void Intake::read(stick::StickTable& into, const wire::Entry& entry, wire::HeardTexts& texts, bool passed_on) {
  heard_.clear();
  for (const Place& place : places_) {
    const wire::Cell& cell = entry.cells[place.cell];
    if (passed_on && !(place.passed_on && into.stores(place.type, place.index))) continue;
    stick::StickTable::Cell value{cell.number, cell.current, cell.previous};
    if (place.text) value.number = into.learn_text(texts.hear(cell));
    heard_.push_back({place.type, place.index, value});
  }
}

void Intake::take_parts(SharedTable& shared, const std::string& node, std::string_view key, const wire::Entry& entry,
                        std::optional<Milliseconds> expires, TimePoint now) {
  if (life_ == 0 || entry.parts.empty()) return;
  const bool own = node == kOwnPart;
  stick::StickTable* part = own ? &shared.learner() : shared.learner().parts()->of(node, life_);
  if (part == nullptr) return;
  heard_.clear();
  for (const Place& place : parts_) {
    const wire::Cell& cell = entry.parts[place.cell];
    heard_.push_back({place.type, place.index, {cell.number, cell.current, cell.previous}});
  }
  if (own)
    part->learn_own(key, heard_, now);
  else
    part->learn_part(key, expires, heard_, now);
}

void Intake::take(SharedTable& shared, const std::string& node, const wire::Entry& entry, wire::HeardTexts& texts,
                  bool only_new, TimePoint now) {
  std::string_view key = entry.key;
  if (reads_integers_) {
    key_.resize(sizeof(std::uint32_t));
    swap_integer(key, key_.data());
    key = key_;
  }
  using State = stick::StickTable::Reading::State;
  std::optional<Milliseconds> expires;
  if (entry.expires && *entry.expires != 0) expires = Milliseconds(*entry.expires);
  if (adds_up_) take_parts(shared, node, key, entry, expires, now);
  if (only_new && shared.learner().read(key, DataType::server_id, now).state != State::no_entry) return;
  read(shared.learner(), entry, texts, false);
  if (adds_up_)
    shared.learner().learn_beside(key, heard_, now);
  else
    shared.learner().learn(key, expires, heard_, now);
  if (!shared.write_to) return;
  stick::StickTable& other = shared.write_to->latest();
  read(other, entry, texts, true);
  other.learn(key, std::nullopt, heard_, now);
}

void Outlet::write(const stick::StickTable& table, const stick::StickTable::Told& told,
                   const wire::Definition& definition, bool numbered, bool lesson, wire::ToldTexts& texts,
                   std::string& out) {
  const stick::TableConfig& config = table.config();
  entry_.update.reset();
  entry_.expires.reset();
  entry_.cells.clear();
  entry_.parts.clear();
  if (numbered) entry_.update = static_cast<std::uint32_t>(told.update);
  // One that was touched just now lives as long as every entry: that need not be said, save in a lesson, where it is
  // the mark of one.
  if (lesson || (config.expire && told.expires_in + Milliseconds(1000) < *config.expire))
    entry_.expires = static_cast<std::uint32_t>(told.expires_in.count());
  char integer[sizeof(std::uint32_t)];
  entry_.key = told.key;
  if (config.type == KeyType::integer) {
    swap_integer(told.key, integer);
    entry_.key = {integer, sizeof integer};
  }
  texts_.clear();
  texts_.reserve(told.cells.size());
  std::size_t at = 0;
  for (const stick::Column& column : config.columns) {
    const bool text = wire::form_of(static_cast<std::size_t>(column.type)) == wire::Form::text;
    for (std::uint32_t i = 0; i < column.count; i++, at++) {
      const auto& cell = told.cells[at];
      if (text) {
        texts_.push_back(table.text_of_number(cell.number));
        entry_.cells.push_back(texts.tell(texts_.back()));
        continue;
      }
      const wire::Cell own{.number = cell.number, .current = cell.current, .previous = cell.previous};
      entry_.cells.push_back(own);
      if (told.others.empty() || !stick::adds_up(column.type)) continue;
      // Who knows of no parts reads the sum, a rate's in its running period.
      entry_.parts.push_back(own);
      const bool rate = wire::form_of(static_cast<std::size_t>(column.type)) == wire::Form::rate;
      if (rate)
        entry_.cells.back().current += static_cast<std::uint32_t>(told.others[at]);
      else
        entry_.cells.back().number += told.others[at];
    }
  }
  wire::write_entry(entry_, definition, out);
}

}  // namespace weir::peers
