#include "sample/reference_book.h"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sample/pattern_file.h"

namespace weir::sample {
namespace {

thread_local ReferenceReading* current_reading = nullptr;

/// Lines may be long: their hash stands for them. No file's name begins like this.
std::string line_key(std::string_view owner, std::string_view text) {
  const XXH128_hash_t whose = XXH3_128bits(owner.data(), owner.size());
  const XXH128_hash_t what = XXH3_128bits(text.data(), text.size());
  return fmt::format("\n{:016x}{:016x}{:016x}{:016x}", whose.high64, whose.low64, what.high64, what.low64);
}

}  // namespace

ReferenceBook::ReferenceBook(std::vector<BookEntry> entries) : entries_(std::move(entries)) {
  std::ranges::sort(entries_, {}, &BookEntry::id);
  for (std::size_t i = 0; i < entries_.size(); ++i) by_key_.emplace(entries_[i].key, i);
}

const BookEntry* ReferenceBook::find(std::string_view name) const {
  if (!name.starts_with('#')) {
    const auto at = by_key_.find(name);
    return at == by_key_.end() || entries_[at->second].list->name().empty() ? nullptr : &entries_[at->second];
  }
  name.remove_prefix(1);
  std::uint32_t id = 0;
  const auto [end, wrong] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (wrong != std::errc{} || end != name.data() + name.size()) return nullptr;
  const auto at = std::ranges::lower_bound(entries_, id, {}, &BookEntry::id);
  return at == entries_.end() || at->id != id ? nullptr : &*at;
}

std::shared_ptr<PatternReference> ReferenceBook::list_of(std::string_view key) const {
  const auto at = by_key_.find(key);
  return at == by_key_.end() ? nullptr : entries_[at->second].list;
}

ReferenceReading::ReferenceReading(const ReferenceBook* running, const Diagnostics* diagnostics)
    : before_(std::exchange(current_reading, this)), running_(running), diagnostics_(diagnostics) {}

ReferenceReading::~ReferenceReading() { current_reading = before_; }

ReferenceReading* ReferenceReading::current() { return current_reading; }

std::string ReferenceReading::place() const {
  return fmt::format("file '{}' line {}", diagnostics_ != nullptr ? diagnostics_->file_name(at_.file) : "", at_.line);
}

ReferenceReading::Draft* ReferenceReading::find(std::string_view key) {
  const auto at = by_key_.find(key);
  return at == by_key_.end() ? nullptr : at->second;
}

Result<ReferenceReading::Opened> ReferenceReading::open(std::string_view text, bool two_columns, User user) {
  const ListName name = parse_list_name(text);
  const std::string key(name.name);
  Draft* draft = find(key);
  if (draft == nullptr) {
    auto read = read_pattern_file(text);
    if (!read) return weir::unexpected<Error>(read.error());
    if (static_cast<std::size_t>(std::ranges::count(*read, '\n')) >= PatternReference::kMostEntries)
      return fail(fmt::format("'{}' has more than {} lines", key, PatternReference::kMostEntries));
    auto made = std::make_unique<Draft>();
    made->content = std::make_shared<const std::string>(std::move(*read));
    made->entry.key = key;
    auto list = running_ != nullptr ? running_->list_of(key) : nullptr;
    const std::uint64_t hash = XXH3_64bits(made->content->data(), made->content->size());
    if (list == nullptr || list->content_hash() != hash || list->two_columns() != two_columns)
      list = std::make_shared<PatternReference>(
          PatternSource{.name = key, .content = made->content, .patterns = {}, .two_columns = two_columns});
    made->entry.list = std::move(list);
    made->entry.description = name.is_virtual ? fmt::format("pattern loaded from virtual file '{}' used", key)
                                              : fmt::format("pattern loaded from file '{}' used", key);
    draft = made.get();
    by_key_.emplace(key, draft);
    by_list_.emplace(draft->entry.list.get(), draft);
    drafts_.push_back(std::move(made));
  }
  if (draft->entry.list->two_columns() != two_columns)
    return fail(fmt::format("'{}' is used with {}", key,
                            two_columns          ? "one column by an ACL; with -M it takes the first of two"
                            : user == User::rule ? "two columns, keys and values: 'set-map' and 'del-map' change those"
                                                 : "two columns, keys and values; an ACL needs -M with it"));
  // COMPAT: observed on 2.6: an ACL with -M counts as a map here, and rules are not told.
  if (user != User::rule)
    draft->entry.description +=
        fmt::format("{} by {} at {}", draft->users++ == 0 ? "" : ",", two_columns ? "map" : "acl", place());
  draft->entry.map = draft->entry.map || two_columns;
  draft->entry.acl = draft->entry.acl || user == User::acl || !two_columns;
  return Opened{draft->entry.list, draft->content};
}

Result<std::shared_ptr<PatternReference>> ReferenceReading::acl_line(AclLine line) {
  std::string key = line_key(line.owner, line.text);
  if (line.predefined) {
    if (const Draft* const known = find(key)) return known->entry.list;
  } else {
    key += fmt::format("\n{}", same_lines_[key]++);
  }
  const auto taken = [&](const auto& draft) { return draft->id == line.id; };
  if (line.id && std::ranges::any_of(drafts_, taken))
    return fail(fmt::format("the id {} is taken by another ACL", *line.id));
  auto made = std::make_unique<Draft>();
  made->id = line.id;
  auto list = running_ != nullptr ? running_->list_of(key) : nullptr;
  // What host names stand for may have changed.
  if (list == nullptr || list->content_hash() != PatternReference::hash_of_patterns(line.patterns))
    list = std::make_shared<PatternReference>(
        PatternSource{.name = {}, .content = nullptr, .patterns = std::move(line.patterns), .two_columns = false});
  made->entry.list = std::move(list);
  made->entry.acl = true;
  made->entry.description = fmt::format("acl '{}' {}", line.criterion, place());
  made->entry.key = key;
  by_key_.emplace(std::move(key), made.get());
  by_list_.emplace(made->entry.list.get(), made.get());
  drafts_.push_back(std::move(made));
  return drafts_.back()->entry.list;
}

void ReferenceReading::note(const PatternReference& list, ReferenceUse use) {
  const auto at = by_list_.find(&list);
  if (at == by_list_.end()) return;
  std::vector<ReferenceUse>& uses = at->second->entry.uses;
  if (std::ranges::find(uses, use) == uses.end()) uses.push_back(use);
}

std::shared_ptr<const ReferenceBook> ReferenceReading::finish() {
  std::vector<std::uint32_t> taken;
  for (const auto& draft : drafts_)
    if (draft->id) taken.push_back(*draft->id);
  std::ranges::sort(taken);
  std::uint32_t next = 0;
  std::vector<BookEntry> entries;
  for (const auto& draft : drafts_) {
    while (std::ranges::binary_search(taken, next)) ++next;
    draft->entry.id = draft->id ? *draft->id : next++;
    if (draft->users == 0 && draft->content) draft->entry.description += " by rules";
    draft->entry.list->forget_content();
    entries.push_back(std::move(draft->entry));
  }
  drafts_.clear();
  by_key_.clear();
  by_list_.clear();
  return std::make_shared<const ReferenceBook>(std::move(entries));
}

}  // namespace weir::sample
