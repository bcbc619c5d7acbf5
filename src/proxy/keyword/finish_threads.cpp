#include "proxy/keyword/finish_threads.h"

#include <fmt/format.h>

namespace weir::proxy {
namespace {

void choose_workers(const ThreadLayout& layout, unsigned threads, BindConfig& bind, Diagnostics& diagnostics) {
  if (bind.threads.empty()) return;
  for (unsigned thread = 0; thread < threads; thread++)
    for (const ThreadChoice& choice : bind.threads)
      if (layout.selects(choice, thread)) {
        bind.workers.push_back(static_cast<std::uint16_t>(thread));
        break;
      }
  if (bind.workers.empty())
    diagnostics.error(bind.at, "no thread of this process is among those of 'thread'").hint = fmt::format(
        "there are threads 1 to {} in {} group{}", threads, layout.groups(), layout.groups() == 1 ? "" : "s");
  if (bind.workers.size() == threads) bind.workers.clear();
}

}  // namespace

void finish_threads(Config& config, Diagnostics& diagnostics) {
  GlobalConfig& global = config.global;
  const unsigned threads = thread_count(global.threads, global.thread_hard_limit);
  const auto layout = ThreadLayout::make(global.thread_groups, threads);
  if (!layout) {
    diagnostics.error({}, fmt::format("the groups of {} threads: {}", threads, layout.error().message)).hint =
        "'thread-group <group> <threads>' says which threads a group has";
    return;
  }
  global.group_of_thread.clear();
  for (unsigned thread = 0; thread < threads; thread++) global.group_of_thread.push_back(layout->group_of(thread));
  global.cpus.clear();
  if (!global.cpu_map.empty()) global.cpus = layout->place(global.cpu_map);
  for (const auto& proxy : config.proxies)
    for (BindConfig& bind : proxy->binds) choose_workers(*layout, threads, bind, diagnostics);
}

}  // namespace weir::proxy
