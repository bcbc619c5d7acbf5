#include "proxy/rule/rule_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <utility>

namespace weir::proxy {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::size_t kApart = 128 / sizeof(RuleCount) + 1;  // two workers never write into one cache line

// A rule of the same text in the same list; of several the first is the first.
std::vector<std::uint32_t> places_of(const RuleLines& lines, const RuleLines& among) {
  using Name = std::pair<RuleList, std::string_view>;
  std::multimap<Name, std::uint32_t> known;  // equal names keep their order
  for (std::uint32_t i = 0; i < among.size(); i++) known.emplace(Name(among[i].list, among[i].text), i);
  std::vector<std::uint32_t> places;
  for (const RuleLine& line : lines) {
    const auto found = known.lower_bound(Name(line.list, line.text));
    const bool there = found != known.end() && found->first == Name(line.list, line.text);
    places.push_back(there ? found->second : kNone);
    if (there) known.erase(found);
  }
  return places;
}

void add(RuleUse& to, const RuleUse& more) {
  to.asked += more.asked;
  to.held += more.held;
}

}  // namespace

RuleCounts::RuleCounts(unsigned workers, Lines lines, FileNames files)
    : rules_(lines->size()),
      workers_(workers),
      stride_(lines->empty() ? 0 : lines->size() + kApart),
      cells_(std::make_unique<RuleCount[]>(workers * stride_)),
      lines_(std::move(lines)),
      files_(std::move(files)),
      more_(rules_) {}

// Ends are read before beginnings, which were written first: no walk seems to have ended that did not begin.
std::vector<RuleUse> RuleCounts::counted_here() const {
  std::vector<RuleUse> uses(rules_);
  std::vector<std::uint64_t> ended(rules_);
  for (unsigned worker = 0; worker < workers_; worker++)
    for (std::size_t i = 0; i < rules_; i++) ended[i] += of(worker)[i].ended.value();
  std::atomic_thread_fence(std::memory_order_acquire);
  for (unsigned worker = 0; worker < workers_; worker++)
    for (std::size_t i = 0; i < rules_; i++) {
      uses[i].asked += of(worker)[i].begun.value();
      uses[i].held += of(worker)[i].held.value();
    }
  std::uint64_t walking[kRuleLists] = {};
  for (std::size_t i = 0; i < rules_; i++) {
    std::uint64_t& list = walking[static_cast<std::size_t>((*lines_)[i].list)];
    uses[i].asked = list += uses[i].asked;
    list -= ended[i];
  }
  return uses;
}

std::vector<RuleUse> RuleCounts::read_locked() const {
  std::vector<RuleUse> uses = counted_here();
  for (std::size_t i = 0; i < rules_; i++) add(uses[i], more_[i]);
  if (!before_) return uses;
  const std::vector<RuleUse> earlier = before_->read();
  for (std::size_t i = 0; i < rules_; i++)
    if (place_before_[i] != kNone) add(uses[i], earlier[place_before_[i]]);
  return uses;
}

std::vector<RuleUse> RuleCounts::read() const {
  const std::scoped_lock guard(lock_);
  return read_locked();
}

void RuleCounts::clear() {
  const std::scoped_lock guard(lock_);
  const std::vector<RuleUse> uses = read_locked();
  for (std::size_t i = 0; i < rules_; i++) {
    more_[i].asked -= uses[i].asked;
    more_[i].held -= uses[i].held;
  }
}

// Once no session counts there any more, the chain is one link shorter.
void RuleCounts::fold() {
  const std::scoped_lock guard(lock_);
  if (!before_) return;
  before_->fold();
  if (before_.use_count() != 1) return;
  const std::vector<RuleUse> earlier = before_->read();
  for (std::size_t i = 0; i < rules_; i++)
    if (place_before_[i] != kNone) add(more_[i], earlier[place_before_[i]]);
  before_.reset();
}

void RuleCounts::follow(std::shared_ptr<RuleCounts> before) {
  before->fold();
  const Lines there = before->lines();
  const std::scoped_lock guard(lock_);
  place_before_ = places_of(*lines_, *there);
  before_ = std::move(before);
}

void RuleCounts::stand_at(Lines lines, FileNames files) {
  const std::scoped_lock guard(lock_);
  if (lines->size() != rules_) return;
  lines_ = std::move(lines);
  files_ = std::move(files);
}

void RuleCounts::stand_with(const RuleCounts& others) {
  Lines lines = others.lines();
  FileNames files;
  {
    const std::scoped_lock guard(others.lock_);
    files = others.files_;
  }
  stand_at(std::move(lines), std::move(files));
}

RuleCounts::Lines RuleCounts::lines() const {
  const std::scoped_lock guard(lock_);
  return lines_;
}

std::string RuleCounts::place(std::uint32_t number) const {
  SourcePosition at;
  {
    const std::scoped_lock guard(lock_);
    if (number < rules_) at = (*lines_)[number].at;
  }
  return place(at);
}

std::string RuleCounts::place(const SourcePosition& at) const {
  const std::scoped_lock guard(lock_);
  const std::string_view file = files_ && at.file < files_->size() ? std::string_view((*files_)[at.file]) : "?";
  return fmt::format("{}:{}", file, at.line);
}

}  // namespace weir::proxy
