#include "sample/pattern_view.h"

#include <fmt/format.h>
#include <algorithm>
#include <random>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sample/pattern_parse.h"
#include "sample/pieces.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

using Address = std::array<unsigned char, 16>;

/// A network's key in the index: its length, then its bytes, those beyond the length 0.
class NetworkKey {
 public:
  NetworkKey(const Address& address, std::uint32_t length) : bytes_{} {
    bytes_[0] = static_cast<char>(length);
    std::memcpy(bytes_.data() + 1, address.data(), length / 8);
    if (length % 8 != 0) bytes_[1 + length / 8] = static_cast<char>(address[length / 8] & (0xff00U >> (length % 8)));
  }
  [[nodiscard]] std::string_view text() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, 17> bytes_;
};

Address bytes_of(const in6_addr& six) {
  Address address;
  std::memcpy(address.data(), &six, address.size());
  return address;
}

std::string_view integer_key(const std::int64_t& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::uint64_t random_seed() {
  std::random_device random;
  return std::uint64_t{random()} << 32U | random();
}

}  // namespace

std::uint32_t key_hash(std::string_view key) {
  static const std::uint64_t kSeed = random_seed();
  const std::uint64_t hash = XXH3_64bits_withSeed(key.data(), key.size(), kSeed);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

// COMPAT: observed on 2.6.
std::string_view index_name(ViewKind kind) {
  const bool tree = kind.match == MatchKind::ip ||
                    ((kind.match == MatchKind::str || kind.match == MatchKind::beg) && !kind.ignore_case);
  return tree ? "tree" : "list";
}

Result<void> check_pattern(ViewKind kind, std::string_view key) {
  switch (kind.match) {
    case MatchKind::integer:
    case MatchKind::len: {
      auto range = parse_integers(key, IntegerOperator::eq, kind.versions);
      if (!range) return weir::unexpected<Error>(range.error());
      return {};
    }
    case MatchKind::ip: {
      auto network = parse_network(key);
      if (!network) return weir::unexpected<Error>(network.error());
      return {};
    }
    case MatchKind::reg: {
      auto regex = Regex::compile(key, kind.ignore_case);
      if (!regex) return weir::unexpected<Error>(regex.error());
      return {};
    }
    case MatchKind::bin:
      if (!from_hex(key)) return fail(fmt::format("'{}' is not an even number of hexadecimal digits", key));
      return {};
    default: return {};
  }
}

void KeyLengths::show(Retired& retired) {
  auto list = std::make_unique<List>();
  for (const auto& [length, count] : counts_) list->push_back(length);
  const List* const old = shown_.exchange(list.release(), std::memory_order_acq_rel);
  if (old == nullptr) return;
  retired.add([](void*, void* object, std::size_t) { delete static_cast<List*>(object); }, nullptr,
              const_cast<List*>(old));
}

void KeyLengths::add(std::uint32_t length, Retired& retired) {
  if (++counts_[length] == 1) show(retired);
}

void KeyLengths::remove(std::uint32_t length, Retired& retired) {
  const auto at = counts_.find(length);
  if (at == counts_.end() || --at->second != 0) return;
  counts_.erase(at);
  show(retired);
}

const KeyLengths::List& KeyLengths::list() const {
  static const List kNone;
  const List* const shown = shown_.load(std::memory_order_acquire);
  return shown == nullptr ? kNone : *shown;
}

PatternView::~PatternView() {
  delete compiled_.load(std::memory_order_relaxed);
  for (Item* item = first_.load(std::memory_order_relaxed); item != nullptr;) {
    Item* const next = item->next.load(std::memory_order_relaxed);
    delete item;
    item = next;
  }
}

// Whether the key is found by bytes of its own, and which.
bool PatternView::hashed(std::string_view key, std::string& bytes) const {
  switch (kind_.match) {
    case MatchKind::str:
    case MatchKind::beg: bytes = lowered(key); return true;
    case MatchKind::end:
    case MatchKind::dir:
    case MatchKind::dom: {
      const std::string_view inner = without_delimiters(kind_.match, key);
      bytes = kind_.ignore_case ? lowered(inner) : std::string(inner);
      return true;
    }
    case MatchKind::bin: {
      auto block = from_hex(key);
      if (block) bytes = std::move(*block);
      return block.has_value();
    }
    case MatchKind::ip: {
      const auto network = parse_network(key);
      if (network) bytes = NetworkKey(network->bytes, network->length).text();
      return network.has_value();
    }
    case MatchKind::integer:
    case MatchKind::len: {
      const auto range = parse_integers(key, IntegerOperator::eq, kind_.versions);
      if (!range || range->low != range->high) return false;
      bytes = integer_key(range->low);
      return true;
    }
    default: return false;
  }
}

// Where a search has to know how long keys are.
std::optional<std::uint32_t> PatternView::length_of(const PatternEntry& entry, std::string_view bytes) const {
  switch (kind_.match) {
    case MatchKind::ip: return static_cast<unsigned char>(bytes[0]);
    case MatchKind::beg: return entry.key_size;
    case MatchKind::end: return static_cast<std::uint32_t>(bytes.size());
    case MatchKind::dir:
    case MatchKind::dom: return components(bytes, delimiters_of(kind_.match));
    default: return std::nullopt;
  }
}

bool PatternView::add(const PatternEntry& entry, Retired& retired) {
  const bool plain = kind_.match == MatchKind::str || kind_.match == MatchKind::beg;
  if (plain && !kind_.ignore_case) {
    if (kind_.match == MatchKind::beg) lengths_.add(entry.key_size, retired);
    return true;
  }
  std::string bytes;
  if (!hashed(entry.key(), bytes)) return add_item(entry);
  add_node(entry, bytes, retired);
  if (const auto length = length_of(entry, bytes)) lengths_.add(*length, retired);
  return true;
}

void PatternView::remove(const PatternEntry& entry, Retired& retired) {
  const bool plain = kind_.match == MatchKind::str || kind_.match == MatchKind::beg;
  if (plain && !kind_.ignore_case) {
    if (kind_.match == MatchKind::beg) lengths_.remove(entry.key_size, retired);
    return;
  }
  std::string bytes;
  if (!hashed(entry.key(), bytes)) {
    remove_item(entry, retired);
    return;
  }
  remove_node(entry, bytes, retired);
  if (const auto length = length_of(entry, bytes)) lengths_.remove(*length, retired);
}

void PatternView::add_node(const PatternEntry& entry, std::string_view bytes, Retired& retired) {
  auto* const node =
      new (pool_.take(sizeof(Node) + bytes.size())) Node{.next_equal = nullptr,
                                                         .entry = &entry,
                                                         .hash = key_hash(bytes),
                                                         .size = static_cast<std::uint32_t>(bytes.size())};
  std::memcpy(node + 1, bytes.data(), bytes.size());
  nodes_.insert(node, retired);
}

void PatternView::remove_node(const PatternEntry& entry, std::string_view bytes, Retired& retired) {
  Node* node = nodes_.find(key_hash(bytes), bytes);
  while (node != nullptr && node->entry != &entry) node = node->next_equal;
  if (node == nullptr) return;
  nodes_.erase(node);
  retired.add([](void* pool, void* object, std::size_t size) { static_cast<PatternPool*>(pool)->give(object, size); },
              &pool_, node, sizeof(Node) + node->size);
}

bool PatternView::add_item(const PatternEntry& entry) {
  if (kind_.match == MatchKind::ip || kind_.match == MatchKind::bin) return false;  // they have bytes, or are wrong
  auto item = std::make_unique<Item>();
  item->entry = &entry;
  const std::string_view key = entry.key();
  if (is_numeric(kind_.match)) {
    const auto range = parse_integers(key, IntegerOperator::eq, kind_.versions);
    if (!range) return false;
    item->low = range->low;
    item->high = range->high;
  } else if (kind_.match == MatchKind::reg) {
    auto regex = Regex::compile(key, kind_.ignore_case);
    if (!regex) return false;
    item->regex = std::move(*regex);
  } else {
    item->text = kind_.ignore_case ? lowered(key) : std::string(key);
  }
  item->previous = last_;
  Item* const made = item.release();
  (last_ == nullptr ? first_ : last_->next).store(made, std::memory_order_release);
  last_ = made;
  return true;
}

void PatternView::remove_item(const PatternEntry& entry, Retired& retired) {
  Item* item = first_.load(std::memory_order_relaxed);
  while (item != nullptr && item->entry != &entry) item = item->next.load(std::memory_order_relaxed);
  if (item == nullptr) return;
  const Compiled* const compiled = compiled_.load(std::memory_order_relaxed);
  if (compiled != nullptr && entry.place <= compiled->items.back()->entry->place) {
    compiled_.store(nullptr, std::memory_order_release);
    retired.add([](void*, void* object, std::size_t) { delete static_cast<Compiled*>(object); }, nullptr,
                const_cast<Compiled*>(compiled));
  }
  // Who stands on it goes on from it: its own `next` stays.
  Item* const next = item->next.load(std::memory_order_relaxed);
  (item->previous == nullptr ? first_ : item->previous->next).store(next, std::memory_order_release);
  (next == nullptr ? last_ : next->previous) = item->previous;
  retired.add([](void*, void* object, std::size_t) { delete static_cast<Item*>(object); }, nullptr, item);
}

void PatternView::compile() {
  if (kind_.match != MatchKind::sub && kind_.match != MatchKind::reg) return;
  auto compiled = std::make_unique<Compiled>();
  std::vector<std::string_view> texts;
  std::vector<RegexIndex::Expression> expressions;
  for (const Item* item = first_.load(std::memory_order_relaxed); item != nullptr;
       item = item->next.load(std::memory_order_relaxed)) {
    compiled->items.push_back(item);
    if (kind_.match == MatchKind::sub) texts.push_back(item->text);
    if (kind_.match == MatchKind::reg) expressions.push_back({item->entry->key(), kind_.ignore_case, item->regex});
  }
  compiled->parts = SubstringIndex::build(texts);
  compiled->expressions = RegexIndex::build(expressions);
  if (compiled->parts != nullptr || compiled->expressions != nullptr)
    compiled_.store(compiled.release(), std::memory_order_release);
}

/// The first item that `compiled` does not know.
const PatternView::Item* PatternView::behind(const Compiled* compiled) const {
  return (compiled == nullptr ? first_ : compiled->items.back()->next).load(std::memory_order_acquire);
}

const PatternEntry* PatternView::find_node(std::string_view bytes) const {
  const Node* const node = nodes_.find(key_hash(bytes), bytes);
  return node == nullptr ? nullptr : node->entry;
}

const PatternEntry* PatternView::find_beginning(std::string_view text) const {
  for (const std::uint32_t length : lengths_.list()) {
    if (length > text.size()) continue;
    const std::string_view part = text.substr(0, length);
    const PatternEntry* const found = kind_.ignore_case ? find_node(part) : keys_.find(key_hash(part), part);
    if (found != nullptr) return found;
  }
  return nullptr;
}

// Manual 7.1.6: an IPv6 sample also meets IPv4 patterns when it carries an IPv4 address, an IPv4 sample meets IPv6
// patterns as ::ffff:a.b.c.d.
const PatternEntry* PatternView::find_network(const Sample& sample) const {
  const auto search = [this](const Address& address, std::uint32_t shortest) -> const PatternEntry* {
    for (const std::uint32_t length : lengths_.list()) {
      if (length < shortest) return nullptr;
      if (const PatternEntry* const found = find_node(NetworkKey(address, length).text())) return found;
    }
    return nullptr;
  };
  if (sample.type() == Type::ipv4) return search(bytes_of(mapped_ipv6(sample.as_ipv4())), 0);
  const in6_addr six = sample.as_ipv6();
  if (const PatternEntry* const found = search(bytes_of(six), 0)) return found;
  const auto four = embedded_ipv4(six);
  return four ? search(bytes_of(mapped_ipv6(*four)), 96) : nullptr;
}

const PatternEntry* PatternView::find_integer(std::int64_t value) const {
  const PatternEntry* const single = find_node(integer_key(value));
  for (const Item* item = first_.load(std::memory_order_acquire); item != nullptr;
       item = item->next.load(std::memory_order_acquire)) {
    if (single != nullptr && single->place < item->entry->place) break;
    if (item->low <= value && value <= item->high) return item->entry;
  }
  return single;
}

const PatternEntry* PatternView::find_suffix(std::string_view text) const {
  const PatternEntry* first = nullptr;
  for (const std::uint32_t length : lengths_.list()) {
    if (length > text.size()) continue;
    const PatternEntry* const found = find_node(text.substr(text.size() - length));
    if (found != nullptr && (first == nullptr || found->place < first->place)) first = found;
  }
  return first;
}

const PatternEntry* PatternView::find_piece(std::string_view text) const {
  const PatternEntry* first = nullptr;
  for (const std::uint32_t count : lengths_.list())
    any_piece(text, delimiters_of(kind_.match), count, [&](std::string_view piece) {
      const PatternEntry* const found = find_node(piece);
      if (found != nullptr && (first == nullptr || found->place < first->place)) first = found;
      return false;
    });
  return first;
}

const PatternEntry* PatternView::find_part(std::string_view text) const {
  const Compiled* const compiled = compiled_.load(std::memory_order_acquire);
  if (compiled != nullptr) {
    const std::uint32_t found = compiled->parts->first_in(text);
    if (found != SubstringIndex::kNone) return compiled->items[found]->entry;
  }
  for (const Item* item = behind(compiled); item != nullptr; item = item->next.load(std::memory_order_acquire))
    if (text.contains(item->text)) return item->entry;
  return nullptr;
}

const PatternEntry* PatternView::find_expression(std::string_view text, const Regex*& regex) const {
  const Compiled* const compiled = compiled_.load(std::memory_order_acquire);
  if (compiled != nullptr) {
    const std::uint32_t found = compiled->expressions->first_in(text);
    if (found != RegexIndex::kNone) {
      regex = &compiled->items[found]->regex;
      return compiled->items[found]->entry;
    }
  }
  for (const Item* item = behind(compiled); item != nullptr; item = item->next.load(std::memory_order_acquire)) {
    if (!item->regex.matches(text)) continue;
    regex = &item->regex;
    return item->entry;
  }
  return nullptr;
}

const PatternEntry* PatternView::find(const Sample& sample, Arena& arena) const {
  switch (kind_.match) {
    case MatchKind::integer: return find_integer(sample.as_integer());
    case MatchKind::len: return find_integer(static_cast<std::int64_t>(sample.text().size()));
    case MatchKind::ip: return find_network(sample);
    case MatchKind::bin: return find_node(sample.text());
    case MatchKind::found:
    case MatchKind::boolean: return nullptr;
    default: break;
  }
  const std::size_t mark = arena.mark();
  std::string_view text = sample.text();
  if (kind_.ignore_case && kind_.match != MatchKind::reg) {
    const auto small = lowered_copy(text, arena);
    if (!small) return nullptr;
    text = *small;
  }
  const PatternEntry* found = nullptr;
  if (kind_.match == MatchKind::beg) {
    found = find_beginning(text);
  } else if (kind_.match == MatchKind::reg) {
    const Regex* regex = nullptr;
    found = find_expression(text, regex);
  } else if (kind_.match == MatchKind::sub) {
    found = find_part(text);
  } else if (kind_.match == MatchKind::end) {
    found = find_suffix(text);
  } else if (kind_.match != MatchKind::str) {
    found = find_piece(text);
  } else {
    found = kind_.ignore_case ? find_node(text) : keys_.find(key_hash(text), text);
  }
  arena.rewind(mark);
  return found;
}

}  // namespace weir::sample
