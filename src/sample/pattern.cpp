#include "sample/pattern.h"

#include <fmt/format.h>
#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sample/pattern_parse.h"
#include "sample/pattern_reference.h"
#include "sample/pieces.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

constexpr std::string_view kMatchNames[] = {"found", "bool", "int", "ip",  "bin", "len", "str",
                                            "beg",   "sub",  "dir", "dom", "end", "reg"};

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

}  // namespace

std::string_view match_kind_name(MatchKind kind) { return kMatchNames[static_cast<std::size_t>(kind)]; }

std::optional<MatchKind> find_match_kind(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kMatchNames); ++i) {
    if (kMatchNames[i] == name) return static_cast<MatchKind>(i);
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

Result<void> PatternSet::add_address(std::string_view pattern) {
  const auto network = parse_network(pattern);
  if (!network) return weir::unexpected<Error>(network.error());
  if (network->ipv4) {
    const std::uint32_t rest = network->length == 96 ? 0xffffffffU : ~(0xffffffffU << (128 - network->length));
    const std::uint32_t low = network->ipv4_address();
    ipv4_.push_back({low, low | (network->length == 128 ? 0 : rest)});
    return {};
  }
  AddressInterval range{network->bytes, network->bytes};
  for (std::size_t bit = network->length; bit < 128; ++bit)
    range.high[bit / 8] = static_cast<unsigned char>(range.high[bit / 8] | (0x80U >> (bit % 8)));
  ipv6_.push_back(range);
  return {};
}

Result<void> PatternSet::add(std::string_view pattern, Options options) {
  ++size_;
  if (is_numeric(kind_)) {
    const auto interval = parse_integers(pattern, options.op, versions_);
    if (!interval) return weir::unexpected<Error>(interval.error());
    if (!interval->empty()) integers_.push_back({interval->low, interval->high});
    return {};
  }
  if (kind_ == MatchKind::ip) return add_address(pattern);
  if (kind_ == MatchKind::reg) {
    auto regex = Regex::compile(pattern, options.ignore_case);
    if (!regex) return weir::unexpected<Error>(regex.error());
    regexes_.push_back(std::move(*regex));
    expressions_.push_back({std::string(pattern), options.ignore_case});
    return {};
  }
  if (kind_ == MatchKind::bin) {
    auto bytes = from_hex(pattern);
    if (!bytes) return fail(fmt::format("'{}' is not an even number of hexadecimal digits", pattern));
    exact_.list.push_back(std::move(*bytes));
    return {};
  }
  pattern = without_delimiters(kind_, pattern);
  if (options.ignore_case) {
    lowered_.list.push_back(lowered(pattern));
  } else {
    exact_.list.emplace_back(pattern);
  }
  return {};
}

void PatternSet::index_regexes() {
  std::vector<RegexIndex::Expression> all;
  for (std::size_t i = 0; i < regexes_.size(); ++i)
    all.push_back({expressions_[i].pattern, expressions_[i].ignore_case, regexes_[i]});
  regex_index_ = RegexIndex::build(all);
  expressions_ = {};
}

void PatternSet::finish() {
  index_regexes();
  sort_and_merge(integers_, std::less<>());
  sort_and_merge(ipv4_, std::less<>());
  index_ipv4();
  sort_and_merge(ipv6_, std::less<>());
  for (Texts* texts : {&exact_, &lowered_}) {
    std::sort(texts->list.begin(), texts->list.end());
    texts->list.erase(std::unique(texts->list.begin(), texts->list.end()), texts->list.end());
    if (kind_ == MatchKind::sub)
      texts->parts = SubstringIndex::build(std::vector<std::string_view>(texts->list.begin(), texts->list.end()));
    // Few patterns are compared one after the other: no hash to compute.
    if (kind_ == MatchKind::sub || texts->list.size() <= 4) continue;
    auto index = std::make_unique<TextIndex>();
    const bool pieces = kind_ == MatchKind::dir || kind_ == MatchKind::dom;
    for (const std::string& text : texts->list)
      index->lengths.push_back(pieces ? components(text, delimiters_of(kind_)) : text.size());
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
  if (texts.parts != nullptr) return texts.parts->is_any_in(text);
  if (texts.index != nullptr) {
    const TextIndex& index = *texts.index;
    if (kind_ == MatchKind::str || kind_ == MatchKind::bin) return index.set.contains(text);
    const auto known = [&](std::string_view part) { return index.set.contains(part); };
    const bool pieces = kind_ == MatchKind::dir || kind_ == MatchKind::dom;
    for (const std::size_t length : index.lengths) {
      if (pieces) {
        if (any_piece(text, delimiters_of(kind_), static_cast<std::uint32_t>(length), known)) return true;
        continue;
      }
      if (length > text.size()) return false;
      const std::string_view part =
          kind_ == MatchKind::beg ? text.substr(0, length) : text.substr(text.size() - length);
      if (known(part)) return true;
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

PatternSet::~PatternSet() = default;

void PatternSet::add_source(std::shared_ptr<PatternReference> list, ViewKind kind) {
  const auto same = [&](const Source& source) { return source.list == list && source.kind == kind; };
  if (std::ranges::none_of(sources_, same)) sources_.push_back({std::move(list), kind});
}

void PatternSet::follow_sources() {
  if (follows_sources()) return;
  for (const Source& source : sources_) source.list->prepare_to_find(source.kind);
  follows_.store(true, std::memory_order_release);
}

bool PatternSet::matches_sources(const Sample& sample, Arena& arena) const {
  return std::ranges::any_of(
      sources_, [&](const Source& source) { return source.list->find(source.kind, sample, arena) != nullptr; });
}

bool PatternSet::matches(const Sample& sample, Arena& arena) const {
  if (follows_sources() && takes_patterns(kind_)) return matches_sources(sample, arena);
  switch (kind_) {
    case MatchKind::found: return true;
    case MatchKind::boolean: return sample.as_boolean();
    case MatchKind::integer: return matches_integer(sample.as_integer());
    case MatchKind::ip: return matches_address(sample);
    case MatchKind::len: return matches_integer(static_cast<std::int64_t>(sample.text().size()));
    case MatchKind::reg:
      if (regex_index_ != nullptr) return regex_index_->is_any_in(sample.text());
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
