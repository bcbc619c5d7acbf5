#include "proxy/thread_layout.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <thread>

#include "base/parts.h"
#include "base/units.h"

namespace weir::proxy {
namespace {

constexpr unsigned kMostCpus = CPU_SETSIZE;

Result<unsigned> parse_end(std::string_view text, unsigned least, unsigned most, unsigned absent) {
  if (text.empty()) return absent;
  const auto number = parse_integer(text, least, most);
  if (!number) return fail(fmt::format("'{}': {}", text, number.error().message));
  return static_cast<unsigned>(*number);
}

}  // namespace

unsigned NumberSet::size() const {
  unsigned count = 0;
  for (unsigned number = first; number <= last; number++) count += contains(number) ? 1U : 0U;
  return count;
}

Result<NumberSet> parse_number_set(std::string_view text, unsigned most) {
  NumberSet set{.last = most};
  if (text == "all") return set;
  if (text == "odd" || text == "even") {
    set.which = text == "odd" ? NumberSet::Which::odd : NumberSet::Which::even;
    return set;
  }
  if (text.empty()) return fail("a number, a range, 'all', 'odd' or 'even' is missing");
  const auto dash = text.find('-');
  const auto first = parse_end(text.substr(0, dash), 1, most, 1);
  if (!first) return unexpected(first.error());
  set.first = set.last = *first;
  if (dash != text.npos) {
    const auto last = parse_end(text.substr(dash + 1), 1, most, most);
    if (!last) return unexpected(last.error());
    set.last = *last;
    if (set.last < set.first) std::swap(set.first, set.last);
  }
  return set;
}

Result<void> parse_cpu_map_threads(std::string_view text, CpuMapLine& line) {
  if (text.starts_with("auto:")) {
    line.automatic = true;
    text.remove_prefix(5);
  }
  const auto slash = text.find('/');
  const auto groups = parse_number_set(text.substr(0, slash), kMostThreadsInGroup);
  if (!groups) return unexpected(groups.error());
  line.groups = *groups;
  line.threads = {.last = kMostThreadsInGroup};
  if (slash != text.npos) {
    const auto threads = parse_number_set(text.substr(slash + 1), kMostThreadsInGroup);
    if (!threads) return unexpected(threads.error());
    line.threads = *threads;
  }
  if (line.automatic && line.groups.size() > 1 && line.threads.size() > 1)
    return fail("'auto:' counts groups or threads, not both: one of the two must be a single number");
  return {};
}

Result<void> parse_cpu_set(std::string_view text, std::vector<unsigned>& cpus) {
  for (const std::string_view one : Parts(text, ',')) {
    const auto dash = one.find('-');
    if (one.empty() || dash == 0) return fail(fmt::format("'{}' is no set of CPUs", text));
    const auto first = parse_end(one.substr(0, dash), 0, kMostCpus - 1, 0);
    if (!first) return unexpected(first.error());
    unsigned last = *first;
    if (dash != one.npos) {
      const auto end = parse_end(one.substr(dash + 1), 0, kMostCpus - 1, kMostThreadsInGroup - 1);
      if (!end) return unexpected(end.error());
      last = *end;
    }
    for (unsigned cpu = std::min(*first, last); cpu <= std::max(*first, last); cpu++) cpus.push_back(cpu);
  }
  std::sort(cpus.begin(), cpus.end());
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  return {};
}

unsigned thread_count(unsigned written, unsigned limit) {
  unsigned count = written;
  if (count == 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    count = ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set))
                                                          : std::thread::hardware_concurrency();
  }
  if (limit != 0) count = std::min(count, limit);
  return std::max(count, 1U);
}

Result<ThreadLayout> ThreadLayout::make(const ThreadGroups& groups, unsigned threads) {
  ThreadLayout layout;
  layout.places_.resize(threads);
  const unsigned highest = groups.members.empty() ? 1 : groups.members.rbegin()->first;
  const unsigned needed = (threads + groups.most_in_group - 1) / groups.most_in_group;
  layout.groups_ = groups.count != 0 ? groups.count : std::max(highest, needed);
  if (highest > layout.groups_)
    return fail(fmt::format("group {} is defined and there are {}", highest, layout.groups_));
  std::vector<unsigned> sizes(layout.groups_ + 1, 0);
  for (const auto& [group, sets] : groups.members) {
    for (unsigned thread = 0; thread < threads; thread++) {
      if (std::none_of(sets.begin(), sets.end(), [&](const NumberSet& set) { return set.contains(thread + 1); }))
        continue;
      if (layout.places_[thread].group != 0)
        return fail(
            fmt::format("thread {} is in group {} and in group {}", thread + 1, layout.places_[thread].group, group));
      layout.places_[thread] = {group, ++sizes[group]};
    }
  }
  // The others go to the groups that name nobody, in equal runs.
  std::vector<unsigned> open;
  for (unsigned group = 1; group <= layout.groups_; group++)
    if (!groups.members.contains(group)) open.push_back(group);
  std::vector<unsigned> left;
  for (unsigned thread = 0; thread < threads; thread++)
    if (layout.places_[thread].group == 0) left.push_back(thread);
  if (!left.empty() && open.empty()) return fail(fmt::format("thread {} belongs to no group", left.front() + 1));
  for (std::size_t i = 0; i < left.size(); i++) {
    const unsigned group = open[i * open.size() / left.size()];
    layout.places_[left[i]] = {group, ++sizes[group]};
  }
  for (unsigned group = 1; group <= layout.groups_; group++)
    if (sizes[group] > kMostThreadsInGroup)
      return fail(
          fmt::format("group {} would have {} threads, {} is the most", group, sizes[group], kMostThreadsInGroup));
  return layout;
}

bool ThreadLayout::selects(const ThreadChoice& choice, unsigned thread) const {
  if (choice.group == 0) return choice.threads.contains(thread + 1);
  return group_of(thread) == choice.group && choice.threads.contains(place_of(thread));
}

std::vector<std::vector<unsigned>> ThreadLayout::place(const std::vector<CpuMapLine>& lines) const {
  std::vector<std::vector<unsigned>> cpus(places_.size());
  for (unsigned thread = 0; thread < places_.size(); thread++) {
    for (const CpuMapLine& line : lines) {
      if (!line.groups.contains(group_of(thread)) || !line.threads.contains(place_of(thread))) continue;
      if (!line.automatic) {
        cpus[thread] = line.cpus;
        continue;
      }
      const NumberSet& counted = line.counted();
      const unsigned number = line.counts_groups() ? group_of(thread) : place_of(thread);
      std::size_t before = 0;
      for (unsigned n = counted.first; n < number; n++) before += counted.contains(n) ? 1U : 0U;
      cpus[thread] = {line.cpus[before]};
    }
  }
  return cpus;
}

}  // namespace weir::proxy
