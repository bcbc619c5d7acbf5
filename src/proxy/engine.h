// The engine: what runs, and the one door through which a configuration becomes what runs.
//
// start() makes the workers and the first plan; apply() turns another configuration into the difference to what runs
// and installs it on every worker. It happens in two steps: prepare() does all that can fail (sockets, log targets)
// and writes only into a Draft; commit() swaps the draft in and cannot fail. So a configuration is taken whole or not
// at all. Called by one thread at a time, the control thread or one it waits for, which is no worker.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/hand_over.h"
#include "io/opener.h"
#include "log/sink.h"
#include "proxy/health_events.h"
#include "proxy/listener.h"
#include "proxy/model.h"
#include "proxy/plan.h"
#include "proxy/process_state.h"
#include "proxy/worker_context.h"
#include "sample/registry.h"

namespace weir::proxy {

/// Counts workers in; the control thread waits for all of them.
class Gathering {
 public:
  explicit Gathering(std::size_t expected) : missing_(expected) {}
  void arrive() {
    const std::scoped_lock guard(mutex_);
    if (--missing_ == 0) all_here_.notify_all();
  }
  void wait() {
    std::unique_lock guard(mutex_);
    all_here_.wait(guard, [this] { return missing_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_here_;
  std::size_t missing_;
};

class Engine {
 public:
  explicit Engine(const sample::Registry& registry) : registry_(registry) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  /// Builds workers, listeners and the first plan. Nothing is accepted before run(). The error is for a person.
  Result<void> start(Config config);
  /// Gives servers the state of a former process, where backends ask for it. Between start() and run(). What is wrong
  /// with the files, in sentences; nothing of it stops a start.
  std::vector<std::string> restore_servers();
  /// Starts the worker threads.
  Result<void> run();
  /// Takes over another configuration; the error names what cannot be done, and nothing has changed then.
  Result<void> apply(Config config);
  /// Listeners stop, sessions go on; drained() tells when the last one ended.
  void soft_stop();
  [[nodiscard]] bool drained() const;
  /// Ends all sessions and threads.
  void stop();

  /// Sockets of a former process (-x), used before any is opened; until start() has ended. Before start().
  void inherit(io::InheritedSockets sockets) { inherited_ = std::move(sockets); }
  [[nodiscard]] io::InheritedSockets& inherited() { return inherited_; }
  /// A former process (-sf) will teach this one what its tables hold. Before start().
  void follow_another() { follows_another_ = true; }

  [[nodiscard]] ProcessState& process() { return process_; }
  [[nodiscard]] io::Opener& opener() { return opener_; }
  [[nodiscard]] const sample::Registry& registry() const { return registry_; }
  /// The control thread's view; workers have their own.
  [[nodiscard]] const std::shared_ptr<const Plan>& plan() const { return plan_; }
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] log::Sinks& sinks() { return sinks_; }
  /// Frees removed parts whose last session has ended; true while some are left. For the control thread, now and then.
  bool free_retired();

  /// Runs `function` on every worker and waits until all have. Not from a worker.
  template <class F>
  void on_every_worker(F function);

 private:
  template <class T>
  using Named = std::map<std::string, std::shared_ptr<T>, std::less<>>;

  /// An address of the wanted configuration: kept, or with sockets that were opened for it.
  struct WantedListener {
    std::shared_ptr<ListenerState> state;
    std::shared_ptr<ListenerState> replaces;  // whose sockets it takes over; itself when nothing but limits changed
    std::string frontend;
    const BindConfig* bind = nullptr;
    std::vector<io::Fd> surplus;  // inherited ones beyond one per worker: somebody must accept from them
    std::vector<io::Fd> sockets;  // one per worker, some none; empty when it takes over running ones
  };
  using WantedListeners = std::map<std::string, WantedListener>;

  /// A peers section that runs.
  struct RunningGroup {
    std::shared_ptr<peers::Group> group;
    peers::PeerBind bind;
    std::string local_peer;
  };
  using Groups = std::map<std::string, RunningGroup, std::less<>>;
  /// One of the wanted configuration; with a socket, unless it keeps the one it has.
  struct WantedGroup {
    peers::PeersConfig config;
    std::shared_ptr<peers::Group> group;
    LogPlan log;
    io::Fd socket;
    bool keeps_socket = false;
  };

  /// What apply() prepares beside what runs. Dropping it changes nothing; committing it cannot fail.
  struct Draft {
    std::shared_ptr<Plan> plan;
    WantedListeners listeners;
    Named<FrontendState> frontends;
    Named<BackendState> backends;
    Named<stick::StickTable> tables;
    std::vector<WantedGroup> groups;
    std::vector<std::pair<std::shared_ptr<stick::StickTable>, std::shared_ptr<stick::StickTable>>> moves;  // to, from
  };

  Result<void> prepare(const Config& config, Draft& draft);
  void commit(Draft& draft, Config config);
  Result<void> want_listeners(const Config& config, WantedListeners& wanted);
  void match_listeners(WantedListeners& wanted) const;
  Result<void> open_sockets(WantedListener& wanted, const GlobalConfig& global);
  /// Targets and, where any has one, their profiles out of `profiles`.
  Result<void> add_targets(LogPlan& log, const std::vector<log::TargetConfig>& targets, const LogProfiles& profiles,
                           const GlobalConfig& global);
  Result<LogPlan> make_log(const ProxyConfig& proxy, const GlobalConfig& global, bool frontend);
  Result<LogPlan> make_fcgi_log(const ProxyConfig& proxy, const GlobalConfig& global);
  Result<LogPlan> make_peers_log(const peers::PeersConfig& section, const GlobalConfig& global);
  Result<void> want_groups(const Config& config, Draft& draft);
  void run_groups(Draft& draft);
  void hand_down_tables();
  Result<void> build_plan(const Config& config, Draft& draft);
  Result<std::shared_ptr<FrontendPlan>> make_frontend(const Draft& draft, const Config& config,
                                                      const std::shared_ptr<ProxyConfig>& proxy);
  Result<std::shared_ptr<BackendPlan>> make_backend(const Draft& draft, const Config& config,
                                                    const std::shared_ptr<ProxyConfig>& proxy);
  Result<void> bind_names(Draft& draft, const Config& config);
  Result<void> add_frontend(Draft& draft, const Config& config, const std::shared_ptr<ProxyConfig>& proxy);
  Result<void> add_backend(Draft& draft, const Config& config, const std::shared_ptr<ProxyConfig>& proxy);
  void join_tables(Draft& draft, const Config& config);
  void update_backend(BackendState& state, const std::shared_ptr<const ProxyConfig>& config);
  void install(const std::shared_ptr<const Plan>& plan, WantedListeners& wanted, bool tables_moved);
  void set_variables(const GlobalConfig& global);
  void share_surplus(const std::shared_ptr<const Plan>& plan, WantedListeners& wanted);
  void restart_checks(const Plan& plan);
  void supersede(const Plan& next);
  template <class Offset>
  void restart(ServerState& server, std::shared_ptr<const check::CheckConfig>& running,
               std::shared_ptr<const check::CheckConfig> wanted, Offset& offset, CheckLine which);
  void retire();
  void end_removed_parts(std::optional<Milliseconds> after);
  void forward_rings();

  const sample::Registry& registry_;
  ProcessState process_;
  io::Opener opener_;
  io::InheritedSockets inherited_;
  log::Sinks sinks_;
  Config config_;
  std::shared_ptr<const Plan> plan_;
  std::uint64_t next_plan_ = 1;
  Named<ListenerState> listeners_;
  Named<FrontendState> frontends_;
  Named<BackendState> backends_;
  std::vector<std::shared_ptr<BackendState>> retired_;  // no plan names them; sessions are still on them
  // What earlier plans were made of, while a session or a worker uses it: freed here, never by a worker, which has
  // better things to do than to take a configuration apart.
  std::vector<std::shared_ptr<const void>> superseded_;
  Named<stick::StickTable> tables_;
  Groups groups_;
  std::size_t next_group_ = 0;
  bool follows_another_ = false;
  std::vector<std::shared_ptr<const void>> removed_;  // by the running commit: frontends, backends, servers
  bool running_ = false;
};

template <class F>
void Engine::on_every_worker(F function) {
  if (!running_) {
    for (const auto& context : process_.contexts) function(*context);
    return;
  }
  Gathering gathering(process_.contexts.size());
  for (const auto& context : process_.contexts) {
    WorkerContext* worker = context.get();
    worker->io->post([worker, &function, &gathering] {
      function(*worker);
      gathering.arrive();
    });
  }
  gathering.wait();
}

}  // namespace weir::proxy
