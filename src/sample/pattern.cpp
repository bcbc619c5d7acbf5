#include "sample/pattern.h"

#include <arpa/inet.h>

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sample/text.h"

namespace weir::sample {
namespace {

constexpr std::string_view kMatchNames[] = {"found", "bool", "int", "ip",  "bin", "len", "str",
                                            "beg",   "sub",  "dir", "dom", "end", "reg"};
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

std::optional<std::int64_t> read_whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "3.1" is 3 * 65536 + 1, "3" is 3.0.
std::optional<std::int64_t> read_version(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto major = read_whole(text.substr(0, dot));
  const auto minor = dot == std::string_view::npos ? std::optional<std::int64_t>(0) : read_whole(text.substr(dot + 1));
  if (!major || !minor || *major < 0 || *major > 65535 || *minor < 0 || *minor > 65535) return std::nullopt;
  return *major * 65536 + *minor;
}

/// COMPAT: an abbreviated address keeps its last number as the last byte: "10.12" is 10.0.0.12. Not RFC 4632.
std::optional<std::uint32_t> read_ipv4(std::string_view text) {
  std::uint32_t bytes[4];
  std::size_t count = 0;
  while (true) {
    const std::size_t dot = text.find('.');
    const auto value = read_whole(text.substr(0, dot));
    if (!value || *value < 0 || *value > 255 || count == 4) return std::nullopt;
    bytes[count++] = static_cast<std::uint32_t>(*value);
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  if (count < 2) return std::nullopt;
  std::uint32_t address = bytes[count - 1];
  for (std::size_t i = 0; i + 1 < count; ++i) address |= bytes[i] << (24 - 8 * i);
  return address;
}

template <class T, class Less>
void sort_and_merge(std::vector<T>& intervals, Less less) {
  std::sort(intervals.begin(), intervals.end(), [&](const T& a, const T& b) { return less(a.low, b.low); });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < intervals.size(); ++i) {
    T& last = intervals[kept];
    if (less(last.high, intervals[i].low)) {
      intervals[++kept] = intervals[i];
    } else if (less(last.high, intervals[i].high)) {
      last.high = intervals[i].high;
    }
  }
  if (!intervals.empty()) intervals.resize(kept + 1);
}

/// In sorted disjoint intervals: a few are looked at in turn, many by binary search.
template <class T, class Value>
bool contains(const std::vector<T>& intervals, const Value& value) {
  if (intervals.size() <= 4) {
    for (const T& interval : intervals) {
      if (!(value < interval.low) && !(interval.high < value)) return true;
    }
    return false;
  }
  auto at = std::upper_bound(intervals.begin(), intervals.end(), value,
                             [](const Value& wanted, const T& interval) { return wanted < interval.low; });
  return at != intervals.begin() && !((--at)->high < value);
}

// The rarer halves of comparisons stand apart, so that the usual ones save no registers for them.
template <class T>
[[gnu::noinline]] bool contains_ipv4(const std::vector<T>& intervals, std::uint32_t address) {
  return contains(intervals, address);
}

template <class T>
[[gnu::noinline]] bool contains_mapped(const std::vector<T>& intervals, std::uint32_t address) {
  const in6_addr six = mapped_ipv6(address);
  std::array<unsigned char, 16> bytes;
  std::memcpy(bytes.data(), &six, sizeof six);
  return contains(intervals, bytes);
}

[[gnu::noinline]] bool is_among(const std::vector<std::string>& texts, std::string_view text) {
  return std::ranges::find(texts, text) != texts.end();
}

/// Is `pattern` in `text`, with a delimiter or an end on both sides?
bool contains_between(std::string_view text, std::string_view pattern, std::string_view delimiters) {
  if (pattern.empty()) return true;
  for (std::size_t at = text.find(pattern); at != std::string_view::npos; at = text.find(pattern, at + 1)) {
    const std::size_t end = at + pattern.size();
    const bool starts = at == 0 || delimiters.contains(text[at - 1]) || delimiters.contains(pattern.front());
    const bool ends = end == text.size() || delimiters.contains(text[end]) || delimiters.contains(pattern.back());
    if (starts && ends) return true;
  }
  return false;
}

constexpr std::string_view kDirectoryDelimiters = "/";
constexpr std::string_view kDomainDelimiters = "./?:";

std::string_view trim(std::string_view text, std::string_view characters) {
  const std::size_t first = text.find_first_not_of(characters);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(characters) - first + 1);
}

}  // namespace

std::string_view match_kind_name(MatchKind kind) { return kMatchNames[static_cast<std::size_t>(kind)]; }

std::optional<MatchKind> find_match_kind(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kMatchNames); ++i) {
    if (kMatchNames[i] == name) return static_cast<MatchKind>(i);
  }
  return std::nullopt;
}

std::optional<IntegerOperator> find_integer_operator(std::string_view word) {
  constexpr std::string_view kNames[] = {"eq", "ge", "gt", "le", "lt"};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == word) return static_cast<IntegerOperator>(i);
  }
  return std::nullopt;
}

// The matrix of manual 7.1.
bool can_match(MatchKind kind, Type sample) {
  if (sample == Type::any) return true;
  switch (kind) {
    case MatchKind::boolean: return sample == Type::boolean || sample == Type::integer || sample == Type::string;
    case MatchKind::integer: return sample < Type::ipv6 || sample == Type::ipv6 || sample == Type::string;
    case MatchKind::ip: return sample != Type::boolean && sample != Type::integer && sample != Type::method;
    case MatchKind::bin: return sample >= Type::string;
    default: return true;
  }
}

std::optional<MatchKind> default_match(Type type) {
  switch (type) {
    case Type::boolean: return MatchKind::boolean;
    case Type::integer: return MatchKind::integer;
    case Type::address:
    case Type::ipv4:
    case Type::ipv6: return MatchKind::ip;
    case Type::string:
    case Type::method: return MatchKind::str;
    default: return std::nullopt;
  }
}

std::size_t PatternSet::TextHash::operator()(std::string_view text) const {
  return XXH3_64bits(text.data(), text.size());
}

Result<void> PatternSet::add_integer(std::string_view pattern, IntegerOperator op) {
  const auto read = [this](std::string_view text) { return versions_ ? read_version(text) : read_whole(text); };
  const std::string_view wanted = versions_ ? "a version such as 3.1, or a range such as 3:3.3"
                                            : "an integer such as 80, or a range such as 1024:65535";
  const auto wrong = [&] { return fail(fmt::format("'{}' is not {}", pattern, wanted)); };
  const std::size_t colon = pattern.find(':');
  std::int64_t low = kLowest;
  std::int64_t high = kHighest;
  const std::string_view first = pattern.substr(0, colon);
  const std::string_view last = colon == std::string_view::npos ? first : pattern.substr(colon + 1);
  if (pattern.empty() || pattern == ":") return wrong();
  if (!first.empty()) {
    const auto value = read(first);
    if (!value) return wrong();
    low = *value;
  }
  if (!last.empty()) {
    const auto value = read(last);
    if (!value) return wrong();
    high = *value;
  }
  if (low > high) return fail(fmt::format("the range '{}' is empty: its first bound is the larger one", pattern));
  if (op != IntegerOperator::eq && colon != std::string_view::npos) {
    return fail(fmt::format("the range '{}' cannot follow a comparison operator", pattern));
  }
  switch (op) {
    case IntegerOperator::eq: break;
    case IntegerOperator::ge: high = kHighest; break;
    case IntegerOperator::le: low = kLowest; break;
    case IntegerOperator::gt:
      if (low == kHighest) return {};  // nothing is greater
      ++low;
      high = kHighest;
      break;
    case IntegerOperator::lt:
      if (high == kLowest) return {};
      --high;
      low = kLowest;
      break;
  }
  integers_.push_back({low, high});
  return {};
}

Result<void> PatternSet::add_address(std::string_view pattern) {
  const std::size_t slash = pattern.find('/');
  const std::string host(pattern.substr(0, slash));
  const bool has_mask = slash != std::string_view::npos;
  const std::string mask_text(has_mask ? pattern.substr(slash + 1) : std::string_view());
  const auto bits = read_whole(mask_text);
  if (const auto address = read_ipv4(host)) {
    std::uint32_t mask = 0xffffffffU;
    if (has_mask) {
      in_addr dotted;
      if (bits && *bits >= 0 && *bits <= 32) {
        mask = *bits == 0 ? 0 : 0xffffffffU << (32 - *bits);
      } else if (inet_pton(AF_INET, mask_text.c_str(), &dotted) == 1) {
        mask = ntohl(dotted.s_addr);
        if ((~mask & (~mask + 1)) != 0) return fail(fmt::format("the mask of '{}' has holes", pattern));
      } else {
        return fail(fmt::format("'{}' is not an IPv4 mask: 0 to 32 or 255.255.255.0", mask_text));
      }
    }
    ipv4_.push_back({*address & mask, *address | static_cast<std::uint32_t>(~mask)});
    return {};
  }
  AddressInterval range{};
  if (inet_pton(AF_INET6, host.c_str(), range.low.data()) != 1) {
    return fail(fmt::format("'{}' is not an address or network such as 192.168.0.0/16 or 2001:db8::/32{}", pattern,
                            host.find_first_not_of("0123456789abcdefABCDEF.:") == std::string::npos
                                ? ""
                                : "; host names are not resolved here"));
  }
  if (has_mask && (!bits || *bits < 0 || *bits > 128)) {
    return fail(fmt::format("'{}' is not an IPv6 mask: 0 to 128", mask_text));
  }
  range.high = range.low;
  for (std::size_t bit = has_mask ? static_cast<std::size_t>(*bits) : 128; bit < 128; ++bit) {
    const auto flag = static_cast<unsigned char>(0x80U >> (bit % 8));
    range.low[bit / 8] = static_cast<unsigned char>(range.low[bit / 8] & ~flag);
    range.high[bit / 8] = static_cast<unsigned char>(range.high[bit / 8] | flag);
  }
  ipv6_.push_back(range);
  return {};
}

Result<void> PatternSet::add(std::string_view pattern, Options options) {
  ++size_;
  if (is_numeric(kind_)) return add_integer(pattern, options.op);
  if (kind_ == MatchKind::ip) return add_address(pattern);
  if (kind_ == MatchKind::reg) {
    auto regex = Regex::compile(pattern, options.ignore_case);
    if (!regex) return weir::unexpected<Error>(regex.error());
    regexes_.push_back(std::move(*regex));
    return {};
  }
  if (kind_ == MatchKind::bin) {
    auto bytes = from_hex(pattern);
    if (!bytes) return fail(fmt::format("'{}' is not an even number of hexadecimal digits", pattern));
    exact_.list.push_back(std::move(*bytes));
    return {};
  }
  if (kind_ == MatchKind::dir) pattern = trim(pattern, kDirectoryDelimiters);
  if (kind_ == MatchKind::dom) pattern = trim(pattern, kDomainDelimiters);
  if (options.ignore_case) {
    lowered_.list.push_back(lowered(pattern));
  } else {
    exact_.list.emplace_back(pattern);
  }
  return {};
}

void PatternSet::finish() {
  sort_and_merge(integers_, std::less<>());
  sort_and_merge(ipv4_, std::less<>());
  index_ipv4();
  sort_and_merge(ipv6_, std::less<>());
  for (Texts* texts : {&exact_, &lowered_}) {
    std::sort(texts->list.begin(), texts->list.end());
    texts->list.erase(std::unique(texts->list.begin(), texts->list.end()), texts->list.end());
    const bool hashed =
        kind_ == MatchKind::str || kind_ == MatchKind::bin || kind_ == MatchKind::beg || kind_ == MatchKind::end;
    // Few patterns are compared one after the other: no hash to compute.
    if (!hashed || texts->list.size() <= 4) continue;
    auto index = std::make_unique<TextIndex>();
    for (const std::string& text : texts->list) index->lengths.push_back(text.size());
    std::sort(index->lengths.begin(), index->lengths.end());
    index->lengths.erase(std::unique(index->lengths.begin(), index->lengths.end()), index->lengths.end());
    index->set.insert(texts->list.begin(), texts->list.end());
    texts->index = std::move(index);
  }
}

// A long list is cut into as many stretches of addresses as it has intervals, so that a search begins, and mostly ends,
// at one or two of them: a binary search through a thousand networks costs more than the rest of the rule.
void PatternSet::index_ipv4() {
  constexpr std::size_t kFew = 8;
  if (ipv4_.size() <= kFew) return;
  const std::uint32_t width = ipv4_.back().low - ipv4_.front().low;
  while ((width >> ipv4_shift_) >= ipv4_.size()) ++ipv4_shift_;
  std::uint32_t at = 0;
  for (std::uint64_t stretch = 0; stretch <= (width >> ipv4_shift_); ++stretch) {
    const std::uint64_t first = ipv4_.front().low + (stretch << ipv4_shift_);
    while (at + 1 < ipv4_.size() && ipv4_[at + 1].low <= first) ++at;
    ipv4_starts_.push_back(at);
  }
  ipv4_starts_.push_back(static_cast<std::uint32_t>(ipv4_.size() - 1));
}

bool PatternSet::in_ipv4(std::uint32_t address) const {
  if (ipv4_starts_.empty()) return contains_ipv4(ipv4_, address);
  if (address < ipv4_.front().low) return false;
  if (address >= ipv4_.back().low) return address <= ipv4_.back().high;
  const std::uint32_t stretch = (address - ipv4_.front().low) >> ipv4_shift_;
  // The last interval that begins at or before the address is one of [low, high].
  const Ipv4Interval* low = &ipv4_[ipv4_starts_[stretch]];
  const Ipv4Interval* high = &ipv4_[ipv4_starts_[stretch + 1]];
  constexpr std::ptrdiff_t kFew = 8;
  while (high - low > kFew) {
    const Ipv4Interval* middle = low + (high - low + 1) / 2;
    if (middle->low <= address)
      low = middle;
    else
      high = middle - 1;
  }
  // Where networks lie evenly it is the last but one: walking back is less than halving.
  while (high != low && high->low > address) --high;
  return high->low <= address && address <= high->high;
}

bool PatternSet::matches_ipv4(std::uint32_t address) const {
  if (in_ipv4(address)) return true;
  return !ipv6_.empty() && contains_mapped(ipv6_, address);
}

bool PatternSet::is_one_of_few(std::string_view text) const {
  for (const std::string& one : lowered_.list)
    if (equals_lowered(text, one)) return true;
  return !exact_.list.empty() && is_among(exact_.list, text);
}

bool PatternSet::matches_integer(std::int64_t value) const { return contains(integers_, value); }

// Manual 7.1.6: an IPv6 sample also meets IPv4 patterns when it carries an IPv4 address, an IPv4 sample meets IPv6
// patterns as ::ffff:a.b.c.d.
bool PatternSet::matches_address(const Sample& sample) const {
  if (sample.type() == Type::ipv4) return matches_ipv4(sample.as_ipv4());
  const in6_addr six = sample.as_ipv6();
  const auto four = ipv4_.empty() ? std::nullopt : embedded_ipv4(six);
  if (four && in_ipv4(*four)) return true;
  Address bytes;
  std::memcpy(bytes.data(), &six, sizeof six);
  return contains(ipv6_, bytes);
}

bool PatternSet::matches_text(std::string_view text, const Texts& texts) const {
  if (texts.list.empty()) return false;
  if (texts.index != nullptr) {
    const TextIndex& index = *texts.index;
    if (kind_ == MatchKind::str || kind_ == MatchKind::bin) return index.set.contains(text);
    for (const std::size_t length : index.lengths) {
      if (length > text.size()) return false;
      const std::string_view part =
          kind_ == MatchKind::beg ? text.substr(0, length) : text.substr(text.size() - length);
      if (index.set.contains(part)) return true;
    }
    return false;
  }
  for (const std::string& pattern : texts.list) {
    bool found = false;
    switch (kind_) {
      case MatchKind::beg: found = text.starts_with(pattern); break;
      case MatchKind::end: found = text.ends_with(pattern); break;
      case MatchKind::sub: found = text.contains(pattern); break;
      case MatchKind::dir: found = contains_between(text, pattern, kDirectoryDelimiters); break;
      case MatchKind::dom: found = contains_between(text, pattern, kDomainDelimiters); break;
      default: found = text == pattern; break;
    }
    if (found) return true;
  }
  return false;
}

bool PatternSet::matches(const Sample& sample, Arena& arena) const {
  switch (kind_) {
    case MatchKind::found: return true;
    case MatchKind::boolean: return sample.as_boolean();
    case MatchKind::integer: return matches_integer(sample.as_integer());
    case MatchKind::ip: return matches_address(sample);
    case MatchKind::len: return matches_integer(static_cast<std::int64_t>(sample.text().size()));
    case MatchKind::reg:
      return std::any_of(regexes_.begin(), regexes_.end(),
                         [&](const Regex& regex) { return regex.matches(sample.text()); });
    default: break;
  }
  if (matches_text(sample.text(), exact_)) return true;
  if (lowered_.list.empty()) return false;
  const std::size_t mark = arena.mark();
  const auto text = lowered_copy(sample.text(), arena);
  const bool found = text && matches_text(*text, lowered_);
  arena.rewind(mark);
  return found;
}

}  // namespace weir::sample
