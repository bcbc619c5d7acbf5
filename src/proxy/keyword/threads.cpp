// How many workers there are, in which groups, and on which CPUs. Manual: 3.1.
#include <fmt/format.h>

#include "proxy/keyword/build.h"
#include "proxy/keyword/global_rows.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using namespace global_rows;

constexpr std::int64_t kMostThreads = 256;

template <unsigned GlobalConfig::* Member>
void threads(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto value = args.expect_integer("the number of threads", 1, kMostThreads))
    context.target<GlobalConfig>().*Member = static_cast<unsigned>(*value);
}

void thread_groups(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto value = args.expect_integer("the number of groups", 1, kMostThreadGroups))
    context.target<GlobalConfig>().thread_groups.count = static_cast<unsigned>(*value);
}

void max_threads_per_group(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto value = args.expect_integer("the number of threads", 1, kMostThreadsInGroup))
    context.target<GlobalConfig>().thread_groups.most_in_group = static_cast<unsigned>(*value);
}

void thread_group(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto group = args.expect_integer("the group", 1, kMostThreadGroups);
  if (!group) return;
  std::vector<NumberSet> members;
  while (const Word* word = args.next()) {
    const auto set = parse_number_set(word->text, kMostThreads);
    if (!set) {
      args.error_at(word->at, fmt::format("'{}' is no range of threads: {}", word->text, set.error().message));
      return;
    }
    members.push_back(*set);
  }
  auto& groups = context.target<GlobalConfig>().thread_groups.members;
  if (members.empty())
    groups.erase(static_cast<unsigned>(*group));
  else
    groups[static_cast<unsigned>(*group)] = std::move(members);
}

void cpu_map(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  CpuMapLine map;
  const Word& threads = *args.next();
  map.at = threads.at;
  if (const auto read = parse_cpu_map_threads(threads.text, map); !read) {
    args.error_at(threads.at, fmt::format("'{}' names no threads: {}", threads.text, read.error().message));
    return;
  }
  while (const Word* word = args.next()) {
    if (const auto read = parse_cpu_set(word->text, map.cpus); !read) {
      args.error_at(word->at, fmt::format("'{}' names no CPUs: {}", word->text, read.error().message));
      return;
    }
  }
  const unsigned counted = map.counted().size();
  if (map.automatic && counted != map.cpus.size()) {
    context
        .error(threads, fmt::format("'auto:' gives each its own CPU, and here are {} for {}", map.cpus.size(), counted))
        .hint = "name as many CPUs as threads";
    return;
  }
  context.target<GlobalConfig>().cpu_map.push_back(std::move(map));
}

constexpr KeywordRow kRows[] = {
    {.name = "cpu-map",
     .sections = in::global,
     .arguments = "[auto:]<group>[/<threads>] <cpus>[,...] [...]",
     .min_args = 2,
     .max_args = config::kAnyArgs,
     .parse = cpu_map,
     .doc = "On which CPUs threads may run.",
     .example = "cpu-map auto:1/1-4 0-3"},
    one("max-threads-per-group", "<number>", max_threads_per_group,
        "How many threads a group has when 'thread-groups' does not say how many groups there are.",
        "max-threads-per-group 16"),
    one("nbthread", "<number>", threads<&GlobalConfig::threads>,
        "How many workers there are; without it one for each CPU the process may use.", "nbthread 4"),
    {.name = "thread-group",
     .sections = in::global,
     .arguments = "<group> [<threads> ...]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = thread_group,
     .doc = "Which threads a group has; the others go to the groups that name none.",
     .example = "thread-group 1 1-4"},
    one("thread-groups", "<number>", thread_groups,
        "In how many groups the threads are numbered, for 'cpu-map' and the word 'thread' of bind lines.",
        "thread-groups 2"),
    one("thread-hard-limit", "<number>", threads<&GlobalConfig::thread_hard_limit>,
        "The most workers there are, whatever 'nbthread' or the machine says.", "thread-hard-limit 8"),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> thread_keywords{kRows};

}  // namespace weir::proxy
