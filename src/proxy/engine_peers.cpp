// Peers sections that run: each on one worker, where a reload finds it and tells it what changed.
//
// What may fail, the listening socket, is opened before anything changes; a section that keeps its address keeps its
// socket and its links.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "peers/group.h"
#include "proxy/engine.h"

namespace weir::proxy {
namespace {

/// In the order that `show peers` numbers them in. COMPAT: observed on 2.6: the section's own from the last to the
/// first, then those of proxies as they stand in the files.
std::vector<peers::TableOfGroup> tables_of(const std::string& section, const stick::TableRegistry& tables) {
  std::vector<peers::TableOfGroup> out;
  for (const auto& [name, table] : tables.all()) {
    const stick::TableConfig& config = table->config();
    if (config.peers != section) continue;
    out.push_back({table, config.write_to.empty() ? nullptr : tables.share(config.write_to)});
  }
  std::ranges::sort(out, {}, [&](const peers::TableOfGroup& one) {
    const stick::TableConfig& config = one.table->config();
    const bool own = config.name.starts_with(section + "/");
    const auto line = std::int64_t{config.at.line};
    return std::tuple(!own, config.at.file, own ? -line : line, config.name);
  });
  return out;
}

}  // namespace

Result<LogPlan> Engine::make_peers_log(const peers::PeersConfig& section, const GlobalConfig& global) {
  LogPlan log;
  if (section.log_global)
    if (auto added = add_targets(log, global.logs, global.log_profiles, global); !added)
      return unexpected(added.error());
  if (auto added = add_targets(log, section.logs, global.log_profiles, global); !added)
    return unexpected(added.error());
  log.tag = global.log_tag;
  return log;
}

Result<void> Engine::want_groups(const Config& config, Draft& draft) {
  for (const peers::PeersConfig& section : config.peers) {
    if (!section.usable) continue;
    auto log = make_peers_log(section, config.global);
    if (!log) return fail(fmt::format("peers '{}': {}", section.name, log.error().message));
    WantedGroup wanted{.config = section, .log = std::move(*log)};
    const auto running = groups_.find(section.name);
    const bool same_name = running != groups_.end() && running->second.local_peer == section.local_peer;
    if (same_name) wanted.group = running->second.group;
    if (same_name && running->second.bind == *section.bind) {
      wanted.keeps_socket = true;
    } else {
      const SocketAddress& address = section.local()->address;
      auto inherited = inherited_.take(address, section.bind->options);
      auto socket = inherited.empty() ? opener_.listen(address, section.bind->options)
                                      : Result<io::Fd>(std::move(inherited.front()));
      if (!socket) return fail(fmt::format("peers '{}': {}", section.name, socket.error().message));
      wanted.socket = std::move(*socket);
    }
    if (!wanted.group) {
      WorkerContext& worker = *process_.contexts[next_group_++ % process_.contexts.size()];
      wanted.group = std::make_shared<peers::Group>(*worker.io, worker.activities, section.name);
      if (follows_another_ && !running_) wanted.group->wait_for_former_process();
    }
    draft.plan->groups.push_back(wanted.group);
    draft.groups.push_back(std::move(wanted));
  }
  return {};
}

void Engine::run_groups(Draft& draft) {
  Groups next;
  for (WantedGroup& wanted : draft.groups) {
    next.emplace(wanted.config.name, RunningGroup{wanted.group, *wanted.config.bind, wanted.config.local_peer});
    // Each group's news come in order, for its worker takes posts in order.
    wanted.group->worker().post([group = wanted.group, config = wanted.config, keeps = wanted.keeps_socket,
                                 tables = tables_of(wanted.config.name, draft.plan->tables), log = wanted.log,
                                 context = process_.contexts[wanted.group->worker().id()].get(),
                                 socket = std::move(wanted.socket)]() mutable {
      group->report_to([context, log](log::Level level, std::string_view text) {
        context->emit(log, {.level = level, .message = text});
      });
      group->configure(config, tables);
      if (!keeps) group->listen_on(std::move(socket));
    });
  }
  for (const auto& [name, running] : groups_) {
    const auto same = next.find(name);
    if (same != next.end() && same->second.group == running.group) continue;
    running.group->worker().post([group = running.group] { group->shut(); });
  }
  groups_ = std::move(next);
}

// What a process knows it teaches the one that follows, if there is one, before it ends.
bool Engine::drained() const {
  const auto teaches = [](const auto& running) { return running.second.group->handing_down(); };
  return process_.connections.value() == 0 && std::ranges::none_of(groups_, teaches);
}

void Engine::hand_down_tables() {
  for (const auto& [name, running] : groups_) {
    running.group->begin_handing_down();
    running.group->worker().post([group = running.group] { group->hand_down(); });
  }
}

}  // namespace weir::proxy
