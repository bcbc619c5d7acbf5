#include "sample/pattern_reference.h"

#include <fmt/format.h>
#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sample/pattern_file.h"

namespace weir::sample {

/// What was retired, on its way past all readers.
struct PatternReference::Round final : Reclaiming {
  std::shared_ptr<PatternReference> reference;
  Retired retired;
  Round(std::shared_ptr<PatternReference> of, Retired what) : reference(std::move(of)), retired(std::move(what)) {}
  void reclaim() override { reference->reclaim(retired); }
};

std::uint64_t PatternReference::hash_of_patterns(const std::vector<std::string>& patterns) {
  std::uint64_t hash = 0;
  for (const std::string& pattern : patterns) hash = XXH3_64bits_withSeed(pattern.data(), pattern.size(), hash + 1);
  return hash;
}

PatternReference::PatternReference(PatternSource source)
    : source_(std::move(source)),
      content_hash_(source_.content ? XXH3_64bits(source_.content->data(), source_.content->size())
                                    : hash_of_patterns(source_.patterns)) {}

PatternReference::~PatternReference() {
  retired_.free_all();
  delete current_.load(std::memory_order_relaxed);
}

std::unique_ptr<PatternGeneration> PatternReference::new_generation(std::uint32_t version) {
  auto made = std::make_unique<PatternGeneration>(version, next_place_, 0);
  for (const ViewKind kind : kinds_) made->make_view(kind, false, retired_);
  return made;
}

// The entries of what was read. Keys come in groups, so that the lines of memory that they hash to are on their way
// before they are needed: half the time of a large file (map_bench).
void PatternReference::build() {
  if (current_.load(std::memory_order_relaxed) != nullptr) return;
  const std::string_view content = source_.content ? std::string_view(*source_.content) : std::string_view();
  const auto lines = static_cast<std::size_t>(std::ranges::count(content, '\n'));
  auto made = std::make_unique<PatternGeneration>(0, next_place_, lines + 1 > 64 ? lines + 1 : 0);
  struct Waiting {
    PatternLine line;
    std::uint32_t hash;
  };
  std::array<Waiting, 16> group;
  std::size_t count = 0;
  const auto add_group = [&] {
    for (const Waiting& one : std::span(group).first(count)) {
      const std::optional<std::string_view> value = source_.two_columns ? std::optional(one.line.value) : std::nullopt;
      made->add(next_place_++, one.hash, one.line.key, value, retired_);
    }
    count = 0;
  };
  each_pattern_line(content, [&](std::string_view line, std::size_t) {
    const PatternLine cut = source_.two_columns ? split_pattern_line(line) : PatternLine{line, {}};
    group[count] = {cut, key_hash(cut.key)};
    made->keys().prefetch(group[count].hash);
    if (++count == group.size()) add_group();
    return true;
  });
  add_group();
  for (const std::string& pattern : source_.patterns)
    made->add(next_place_++, key_hash(pattern), pattern, std::nullopt, retired_);
  for (const ViewKind kind : kinds_) made->make_view(kind, false, retired_);
  current_.store(made.release(), std::memory_order_release);
}

// "file:line", as long as the content is there to count in.
std::string PatternReference::where(const PatternEntry& entry) const {
  const EntryOrder& order = current_.load(std::memory_order_relaxed)->order();
  std::size_t before = 0;
  for (const PatternEntry* one = order.next(0); one != nullptr && one != &entry; one = order.next(one->place + 1))
    ++before;
  std::size_t found = 0;
  if (source_.content == nullptr) return source_.name;
  each_pattern_line(*source_.content, [&](std::string_view, std::size_t number) {
    found = number;
    return before-- != 0;
  });
  return found == 0 ? source_.name : fmt::format("{}:{}", source_.name, found);
}

Result<void> PatternReference::use_as_map(ViewKind kind, MapOutput output) {
  const Guard guard(lock_);
  build();
  PatternGeneration& current = *current_.load(std::memory_order_relaxed);
  const bool known = std::ranges::find(kinds_, kind) != kinds_.end();
  if (const PatternEntry* const wrong = known ? nullptr : current.make_view(kind, true, retired_))
    return fail(fmt::format("{}: {}", where(*wrong), check_pattern(kind, wrong->key()).error().message));
  bool& checked = output == MapOutput::integer ? integers_ : addresses_;
  if ((output == MapOutput::integer || output == MapOutput::address) && !checked) {
    for (const PatternEntry* entry = current.order().next(0); entry != nullptr;
         entry = current.order().next(entry->place + 1)) {
      const std::string_view value = entry->value.load(std::memory_order_relaxed)->text();
      if (parse_output(value, output)) continue;
      return fail(
          fmt::format("{}: '{}' is no {}", where(*entry), value, output == MapOutput::integer ? "integer" : "address"));
    }
    checked = true;
  }
  if (known) return {};
  if (kind.match == MatchKind::reg && !changed_.load(std::memory_order_relaxed)) current.compile_view(kind);
  kinds_.push_back(kind);
  for (const auto& [version, prepared] : prepared_) prepared->make_view(kind, false, retired_);
  return {};
}

void PatternReference::prepare_to_find(ViewKind kind) {
  const Guard guard(lock_);
  build();
  if (!takes_patterns(kind.match) || std::ranges::find(kinds_, kind) != kinds_.end()) return;
  current_.load(std::memory_order_relaxed)->make_view(kind, false, retired_);
  kinds_.push_back(kind);
  for (const auto& [version, prepared] : prepared_) prepared->make_view(kind, false, retired_);
}

void PatternReference::use_as_acl(const std::shared_ptr<PatternSet>& acl) {
  {
    const Guard guard(lock_);
    std::erase_if(acls_, [](const auto& one) { return one.expired(); });
    acls_.push_back(acl);
  }
  if (changed_.load(std::memory_order_acquire)) acl->follow_sources();
}

void PatternReference::forget_content() {
  // Small ones are kept: most lists never change, and building all of them would cost every start something.
  constexpr std::size_t kSmall = std::size_t{1} << 20;
  const Guard guard(lock_);
  if (source_.content && source_.content->size() > kSmall) build();
  if (current_.load(std::memory_order_relaxed) == nullptr) return;
  source_.content = nullptr;
  source_.patterns = {};
}

// Before the first change. Marked first, so that an ACL that is being read meanwhile does not miss it; the lists are
// built without this one's lock, for an ACL has others too.
void PatternReference::about_to_change() {
  if (changed_.load(std::memory_order_acquire)) return;
  std::vector<std::weak_ptr<PatternSet>> acls;
  {
    const Guard guard(lock_);
    build();
    acls = acls_;
    changed_.store(true, std::memory_order_release);
  }
  for (const auto& one : acls)
    if (const auto acl = one.lock()) acl->follow_sources();
}

// What is retired goes once all readers turned; meanwhile the rest waits for the next round.
void PatternReference::let_go() {
  std::unique_lock guard(lock_);
  if (waiting_ || retired_.empty()) return;
  waiting_ = true;
  auto round = std::make_unique<Round>(shared_from_this(), std::move(retired_));
  guard.unlock();
  after_readers(std::move(round));
}

void PatternReference::reclaim(Retired& retired) {
  {
    const Guard guard(lock_);
    retired.free_all();
    waiting_ = false;
  }
  let_go();
}

PatternGeneration* PatternReference::generation(std::uint32_t version) const {
  PatternGeneration* const current = current_.load(std::memory_order_relaxed);
  if (version == current->version) return current;
  const auto at = prepared_.find(version);
  return at == prepared_.end() ? nullptr : at->second.get();
}

Result<void> PatternReference::check(std::string_view key, std::optional<std::string_view> value) const {
  for (const ViewKind kind : kinds_)
    if (auto good = check_pattern(kind, key); !good) return good;
  return value ? check_value(*value) : Result<void>{};
}

Result<void> PatternReference::check_value(std::string_view value) const {
  if ((integers_ && !parse_output(value, MapOutput::integer)) ||
      (addresses_ && !parse_output(value, MapOutput::address)))
    return fail(fmt::format("unable to parse '{}'", value));
  return {};
}

namespace {
auto full() { return fail(fmt::format("the list is full: {} entries", PatternReference::kMostEntries)); }
}  // namespace

Result<PatternReference::Outcome> PatternReference::add(std::string_view key, std::optional<std::string_view> value,
                                                        Version version) {
  about_to_change();
  {
    const Guard guard(lock_);
    if (auto good = check(key, value); !good) return weir::unexpected<Error>(good.error());
    PatternGeneration* into = current_.load(std::memory_order_relaxed);
    if (version && *version != into->version) {
      if (static_cast<std::int32_t>(*version - next_version_) > 0) return Outcome::in_the_future;
      if (static_cast<std::int32_t>(*version - into->version) < 0) return Outcome::out_of_range;
      auto& prepared = prepared_[*version];
      if (!prepared) prepared = new_generation(*version);
      into = prepared.get();
    }
    if (into->order().size() >= kMostEntries) return full();
    into->add(next_place_++, key_hash(key), key,
              two_columns() ? std::optional(value.value_or(std::string_view())) : std::nullopt, retired_);
  }
  let_go();
  return Outcome::done;
}

PatternReference::Outcome PatternReference::remove(std::string_view key) {
  about_to_change();
  {
    const Guard guard(lock_);
    PatternGeneration& current = *current_.load(std::memory_order_relaxed);
    const std::uint32_t hash = key_hash(key);
    PatternEntry* entry = current.keys().find(hash, key);
    if (entry == nullptr) return Outcome::not_found;
    // Those behind the first one before it: each is then taken out in one step.
    while (PatternEntry* const behind = entry->next_equal) current.remove(*behind, retired_);
    current.remove(*entry, retired_);
  }
  let_go();
  return Outcome::done;
}

PatternEntry* PatternReference::entry_at(std::uint64_t place, PatternGeneration*& of) const {
  of = current_.load(std::memory_order_relaxed);
  if (PatternEntry* const entry = of->order().at(place)) return entry;
  for (const auto& [version, prepared] : prepared_) {
    of = prepared.get();
    if (PatternEntry* const entry = of->order().at(place)) return entry;
  }
  return nullptr;
}

PatternReference::Outcome PatternReference::remove_at(std::uint64_t place) {
  about_to_change();
  {
    const Guard guard(lock_);
    PatternGeneration* of = nullptr;
    PatternEntry* const entry = entry_at(place, of);
    if (entry == nullptr) return Outcome::not_found;
    of->remove(*entry, retired_);
  }
  let_go();
  return Outcome::done;
}

Result<PatternReference::Outcome> PatternReference::set(std::string_view key, std::string_view value) {
  about_to_change();
  {
    const Guard guard(lock_);
    if (auto good = check_value(value); !good) return weir::unexpected<Error>(good.error());
    PatternGeneration& current = *current_.load(std::memory_order_relaxed);
    PatternEntry* entry = current.keys().find(key_hash(key), key);
    if (entry == nullptr) return Outcome::not_found;
    if (!two_columns()) return Outcome::done;
    for (; entry != nullptr; entry = entry->next_equal) current.set(*entry, value, retired_);
  }
  let_go();
  return Outcome::done;
}

Result<PatternReference::Outcome> PatternReference::set_at(std::uint64_t place, std::string_view value) {
  about_to_change();
  {
    const Guard guard(lock_);
    if (auto good = check_value(value); !good) return weir::unexpected<Error>(good.error());
    PatternGeneration* of = nullptr;
    PatternEntry* const entry = entry_at(place, of);
    if (entry == nullptr) return Outcome::not_found;
    if (two_columns()) of->set(*entry, value, retired_);
  }
  let_go();
  return Outcome::done;
}

Result<PatternReference::Outcome> PatternReference::put(std::string_view key, std::optional<std::string_view> value) {
  about_to_change();
  {
    const Guard guard(lock_);
    PatternGeneration& current = *current_.load(std::memory_order_relaxed);
    const std::uint32_t hash = key_hash(key);
    PatternEntry* entry = current.keys().find(hash, key);
    if (entry != nullptr && !value) return Outcome::done;
    if (auto good = check(key, value); !good) return weir::unexpected<Error>(good.error());
    if (entry == nullptr) {
      if (current.order().size() >= kMostEntries) return full();
      current.add(next_place_++, hash, key, value, retired_);
    }
    for (; entry != nullptr; entry = entry->next_equal) current.set(*entry, *value, retired_);
  }
  let_go();
  return Outcome::done;
}

void PatternReference::exchange_current(std::unique_ptr<PatternGeneration> next) {
  retire(std::unique_ptr<PatternGeneration>(current_.exchange(next.release(), std::memory_order_acq_rel)));
}

// Behind what was retired of it before.
void PatternReference::retire(std::unique_ptr<PatternGeneration> old) {
  retired_.add([](void*, void* object, std::size_t) { delete static_cast<PatternGeneration*>(object); }, nullptr,
               old.release());
}

void PatternReference::clear(Version version) {
  about_to_change();
  {
    const Guard guard(lock_);
    const std::uint32_t current = current_.load(std::memory_order_relaxed)->version;
    if (!version || *version == current) {
      exchange_current(new_generation(current));
    } else if (const auto at = prepared_.find(*version); at != prepared_.end()) {
      retire(std::move(at->second));
      prepared_.erase(at);
    }
  }
  let_go();
}

std::uint32_t PatternReference::prepare() {
  const Guard guard(lock_);
  return ++next_version_;
}

PatternReference::Outcome PatternReference::commit(std::uint32_t version) {
  about_to_change();
  {
    const Guard guard(lock_);
    const std::uint32_t current = current_.load(std::memory_order_relaxed)->version;
    if (static_cast<std::int32_t>(version - current) <= 0 || static_cast<std::int32_t>(version - next_version_) > 0)
      return Outcome::out_of_range;
    auto at = prepared_.find(version);
    exchange_current(at == prepared_.end() ? new_generation(version) : std::move(at->second));
    drop_prepared(version);
  }
  let_go();
  return Outcome::done;
}

// Those up to the one that became the current one.
void PatternReference::drop_prepared(std::uint32_t version) {
  for (auto at = prepared_.begin(); at != prepared_.end();) {
    if (static_cast<std::int32_t>(at->first - version) > 0) {
      ++at;
      continue;
    }
    if (at->second) retire(std::move(at->second));
    at = prepared_.erase(at);
  }
}

std::size_t PatternReference::entries_in_source() const {
  std::size_t count = source_.patterns.size();
  if (source_.content)
    each_pattern_line(*source_.content, [&](std::string_view, std::size_t) {
      ++count;
      return true;
    });
  return count;
}

PatternReference::Facts PatternReference::facts() {
  const Guard guard(lock_);
  if (current_.load(std::memory_order_relaxed) == nullptr)
    return {.current_version = 0, .next_version = next_version_, .entries = entries_in_source()};
  const PatternGeneration& current = *current_.load(std::memory_order_relaxed);
  Facts facts{.current_version = current.version, .next_version = next_version_, .entries = current.order().size()};
  for (const auto& [version, prepared] : prepared_) facts.entries += prepared->order().size();
  return facts;
}

}  // namespace weir::sample
