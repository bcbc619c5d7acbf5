// The engine: what runs, and the one door through which a configuration becomes what runs.
//
// start() makes the workers and the first plan; apply() turns another configuration into the difference to what runs
// and installs it on every worker. Everything that can fail happens before anything changes: sockets are opened and
// names resolved first, so a configuration is taken whole or not at all. Called by one thread at a time, the control
// thread, which is no worker.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/opener.h"
#include "log/sink.h"
#include "proxy/listener.h"
#include "proxy/model.h"
#include "proxy/plan.h"
#include "proxy/process_state.h"
#include "proxy/worker_context.h"
#include "sample/registry.h"

namespace weir::proxy {

class Engine {
 public:
  explicit Engine(const sample::Registry& registry) : registry_(registry) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  /// Builds workers, listeners and the first plan. Nothing is accepted before run(). The error is for a person.
  Result<void> start(Config config);
  /// Starts the worker threads.
  Result<void> run();
  /// Takes over another configuration; the error names what cannot be done, and nothing has changed then.
  Result<void> apply(Config config);
  /// Listeners stop, sessions go on; drained() tells when the last one ended.
  void soft_stop();
  [[nodiscard]] bool drained() const { return process_.connections.value() == 0; }
  /// Ends all sessions and threads.
  void stop();

  [[nodiscard]] ProcessState& process() { return process_; }
  [[nodiscard]] io::Opener& opener() { return opener_; }
  [[nodiscard]] const sample::Registry& registry() const { return registry_; }
  /// The control thread's view; workers have their own.
  [[nodiscard]] const std::shared_ptr<const Plan>& plan() const { return plan_; }
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] log::Sinks& sinks() { return sinks_; }
  [[nodiscard]] std::vector<std::string> retired() const;

  /// Runs `function` on every worker and waits until all have. Not from a worker.
  template <class F>
  void on_every_worker(F function);

 private:
  struct OpenedListener {
    std::shared_ptr<ListenerState> state;
    std::string frontend;
    std::vector<io::Fd> sockets;  // one per worker, or one for all
    bool fresh = false;
  };
  using ListenerKey = std::string;

  Result<void> open_listeners(const Config& config, std::map<ListenerKey, OpenedListener>& opened);
  Result<LogPlan> make_log(const ProxyConfig& proxy, const GlobalConfig& global, bool frontend);
  Result<std::shared_ptr<Plan>> build_plan(const Config& config);
  Result<void> add_frontend(Plan& plan, const Config& config, const std::shared_ptr<ProxyConfig>& proxy);
  Result<void> add_backend(Plan& plan, const Config& config, const std::shared_ptr<ProxyConfig>& proxy);
  Result<void> join_tables(Plan& plan, const Config& config);
  void update_backend(BackendState& state, const ProxyConfig& proxy, const Config& config);
  void install(const std::shared_ptr<const Plan>& plan, std::map<ListenerKey, OpenedListener>& opened);
  void restart_checks(const Plan& plan);
  void retire();
  void forward_rings();

  const sample::Registry& registry_;
  ProcessState process_;
  io::Opener opener_;
  log::Sinks sinks_;
  Config config_;
  std::shared_ptr<const Plan> plan_;
  std::uint64_t next_plan_ = 1;
  std::map<ListenerKey, std::shared_ptr<ListenerState>> listeners_;
  std::map<std::string, std::shared_ptr<FrontendState>, std::less<>> frontends_;
  std::map<std::string, std::shared_ptr<BackendState>, std::less<>> backends_;
  std::vector<std::shared_ptr<BackendState>> retired_;  // no plan names them; sessions are still on them
  std::map<std::string, std::shared_ptr<stick::StickTable>, std::less<>> tables_;
  bool running_ = false;
};

}  // namespace weir::proxy
