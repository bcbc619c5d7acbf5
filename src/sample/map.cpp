#include "sample/map.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sample/pattern_file.h"

namespace weir::sample {
namespace {

using Address = std::array<unsigned char, 16>;

/// A network's key in the index: its length, then its bytes, those beyond the length 0.
class NetworkKey {
 public:
  NetworkKey(const Address& address, std::uint8_t length) : bytes_{} {
    bytes_[0] = static_cast<char>(length);
    std::memcpy(bytes_.data() + 1, address.data(), length / 8);
    if (length % 8 != 0) bytes_[1 + length / 8] = static_cast<char>(address[length / 8] & (0xff00U >> (length % 8)));
  }
  [[nodiscard]] std::string_view text() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, 17> bytes_;
};

/// IPv4 addresses are looked up as the IPv6 ones they map to.
Address bytes_of(const Sample& sample) {
  const in6_addr six = sample.type() == Type::ipv4 ? mapped_ipv6(sample.as_ipv4()) : sample.as_ipv6();
  Address address;
  std::memcpy(address.data(), &six, address.size());
  return address;
}

template <typename Length>
void note_length(std::vector<Length>& lengths, Length length) {
  const auto at = std::ranges::lower_bound(lengths, length, std::greater<>());
  if (at == lengths.end() || *at != length) lengths.insert(at, length);
}

}  // namespace

std::optional<Sample> Map::parse_output(std::string_view text, Output output) {
  if (output == Output::text || output == Output::key) return Sample::string(text);
  if (output == Output::integer) {
    std::int64_t number = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (wrong != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return Sample::integer(number);
  }
  return parse_address(text);
}

Result<std::shared_ptr<const Map>> Map::load(std::string_view file, MatchKind kind, Output output) {
  const auto content = read_pattern_file(file);
  if (!content) return weir::unexpected<Error>(content.error());
  auto map = std::make_shared<Map>();
  map->kind_ = kind;
  map->output_ = output;
  map->signature_ = fmt::format("map {} <{:016x}>", file, XXH3_64bits(content->data(), content->size()));
  std::string wrong;
  each_pattern_line(*content, [&](std::string_view line, std::size_t number) {
    const auto added = map->add(line);
    if (!added) wrong = fmt::format("{}:{}: {}", file, number, added.error().message);
    return added.has_value();
  });
  if (!wrong.empty()) return fail(wrong);
  // Texts and their samples moved while the table grew.
  for (Entry& entry : map->entries_)
    entry.output = *parse_output(output == Output::key ? entry.key : entry.value, output);
  return std::shared_ptr<const Map>(std::move(map));
}

Result<void> Map::add(std::string_view line) {
  const std::size_t space = std::min(line.find_first_of(" \t"), line.size());
  std::string_view value = line.substr(space);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  value = value.substr(0, value.find_last_not_of(" \t") + 1);
  Entry entry{.key = std::string(line.substr(0, space)), .value = std::string(value), .output = {}};
  if (output_ != Output::key && !parse_output(entry.value, output_))
    return fail(fmt::format("'{}' is no {}", entry.value, output_ == Output::integer ? "integer" : "address"));
  const auto number = static_cast<std::uint32_t>(entries_.size());
  switch (kind_) {
    case MatchKind::str:
    case MatchKind::beg: add_text(entry.key, number); break;
    case MatchKind::ip: {
      if (auto added = add_network(entry.key, number); !added) return added;
      break;
    }
    case MatchKind::reg: {
      auto regex = Regex::compile(entry.key, false);
      if (!regex) return weir::unexpected<Error>(regex.error());
      regexes_.push_back(std::move(*regex));
      break;
    }
    default: {
      PatternSet pattern(kind_);
      if (auto added = pattern.add(entry.key, {}); !added) return added;
      pattern.finish();
      patterns_.push_back(std::move(pattern));
    }
  }
  entries_.push_back(std::move(entry));
  return {};
}

void Map::add_text(std::string text, std::uint32_t entry) {
  note_length(lengths_, text.size());
  index_.try_emplace(std::move(text), entry);  // the first of equal keys counts
}

Result<void> Map::add_network(std::string_view key, std::uint32_t entry) {
  const std::size_t slash = key.find('/');
  const auto address = parse_address(key.substr(0, slash));
  const bool is_ipv4 = address && address->type() == Type::ipv4;
  const unsigned most = is_ipv4 ? 32 : 128;
  unsigned length = most;
  if (slash != std::string_view::npos) {
    const std::string_view digits = key.substr(slash + 1);
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (wrong != std::errc{} || end != digits.data() + digits.size()) length = most + 1;
  }
  if (!address || length > most)
    return fail(fmt::format("'{}' is not an address or network such as 192.168.0.0/16 or 2001:db8::/32", key));
  const auto whole = static_cast<std::uint8_t>(is_ipv4 ? length + 96 : length);
  note_length(prefixes_, whole);
  index_.try_emplace(std::string(NetworkKey(bytes_of(*address), whole).text()), entry);
  return {};
}

std::uint32_t Map::find_address(const Sample& in) const {
  const Address address = bytes_of(in);
  for (const std::uint8_t length : prefixes_) {
    const auto at = index_.find(NetworkKey(address, length).text());
    if (at != index_.end()) return at->second;
  }
  return kNone;
}

std::uint32_t Map::find(const Sample& in, Arena& arena) const {
  if (kind_ == MatchKind::ip) return find_address(in);
  if (kind_ == MatchKind::str) {
    const auto at = index_.find(in.text());
    return at == index_.end() ? kNone : at->second;
  }
  if (kind_ == MatchKind::beg) {
    for (const std::size_t length : lengths_) {
      if (length > in.text().size()) continue;
      const auto at = index_.find(in.text().substr(0, length));
      if (at != index_.end()) return at->second;
    }
    return kNone;
  }
  if (kind_ == MatchKind::reg) {
    const auto at = std::ranges::find_if(regexes_, [&](const Regex& regex) { return regex.matches(in.text()); });
    return at == regexes_.end() ? kNone : static_cast<std::uint32_t>(at - regexes_.begin());
  }
  const auto at = std::ranges::find_if(patterns_, [&](const PatternSet& one) { return one.matches(in, arena); });
  return at == patterns_.end() ? kNone : static_cast<std::uint32_t>(at - patterns_.begin());
}

bool Map::give_replaced(const Entry& entry, std::string_view text, const Regex& regex, Arena& arena,
                        Sample& out) const {
  Regex::Groups groups;
  if (!regex.find(text, 0, groups)) return false;
  const std::size_t room = arena.room();
  char* start = arena.take(room);
  std::size_t size = 0;
  bool full = false;
  const auto put = [&](std::string_view part) {
    full = full || part.size() > room - size;
    if (full) return;
    std::ranges::copy(part, start + size);
    size += part.size();
  };
  const std::string_view value = entry.value;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool reference = value[i] == '\\' && i + 1 < value.size() && value[i + 1] >= '0' && value[i + 1] <= '9';
    if (!reference) {
      put(value.substr(i, 1));
      continue;
    }
    const auto group = static_cast<std::size_t>(value[++i] - '0') * 2;
    if (groups[group] != Regex::kUnset) put(text.substr(groups[group], groups[group + 1] - groups[group]));
  }
  arena.keep(start, full ? 0 : size);
  out = Sample::string({start, size});
  return !full;
}

bool Map::look_up(const Sample& in, bool references, Arena& arena, Sample& out) const {
  const std::uint32_t found = find(in, arena);
  if (found == kNone) return false;
  const Entry& entry = entries_[found];
  if (references) return give_replaced(entry, in.text(), regexes_[found], arena, out);
  out = entry.output;
  return true;
}

}  // namespace weir::sample
