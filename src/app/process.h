// The process: loads configurations, owns the engine, answers signals and the runtime socket's wishes.
//
// Its own loop, on the main thread, is the control thread: reading a file, applying it and waiting for workers happen
// here and never on a worker. Signals: SIGUSR2 reloads, SIGUSR1 stops softly (after `grace`), SIGTERM and SIGINT stop
// at once, SIGHUP logs the state of the servers. What the parent sees at the end is what HAProxy shows: a soft stop is
// 0; SIGTERM and SIGINT are death by that signal, or with -W, where a master would answer, 0 and 130.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/server.h"
#include "app/command_line.h"
#include "base/diagnostics.h"
#include "io/signals.h"
#include "io/worker.h"
#include "proxy/control.h"
#include "proxy/engine.h"
#include "proxy/http/service.h"
#include "proxy/keyword/load.h"
#include "update/service.h"

namespace weir::app {

class Process final : public proxy::Control {
 public:
  explicit Process(CommandLine line);
  ~Process() override;

  /// -c: the exit status.
  int check();
  /// Serves until told to stop; the exit status.
  int serve();

  void reload(Answer done) override;
  void plan_reload(std::vector<std::string> files, Answer done) override;
  void add_server(std::string backend, std::vector<std::string> words, Answer done) override;
  void remove_server(std::string backend, std::string server, Answer done) override;
  [[nodiscard]] std::vector<update::Status> updates() const override { return updates_->status(); }
  void update_now(std::string list, Answer done) override;
  [[nodiscard]] const std::string& startup_logs() const override { return startup_logs_; }
  proxy::Engine& engine() override { return engine_; }
  [[nodiscard]] const std::string& version() const override { return version_; }
  [[nodiscard]] std::vector<std::string> environment() const override {
    const std::scoped_lock guard(environment_lock_);
    return environment_;
  }
  [[nodiscard]] std::uint32_t max_sockets() const override { return max_sockets_; }

 private:
  std::optional<proxy::Config> load(const std::vector<std::string>& files, Diagnostics& diagnostics);
  bool start_engine(proxy::Config config);
  void end_former_processes() const;
  std::pair<bool, std::string> add_now(const std::string& backend, const std::vector<std::string>& words);
  std::pair<bool, std::string> remove_now(const std::string& backend, const std::string& server);
  std::pair<bool, std::string> apply_changed(const std::string& backend, std::shared_ptr<proxy::ProxyConfig> after);
  void report(const Diagnostics& diagnostics) const;
  bool start(proxy::Config config);
  Result<void> start_background(const proxy::GlobalConfig& global);
  void notify_systemd(const char* state) const;
  static void on_signal(void* process, int signal);
  void soft_stop();
  void stop_now(int signal = 0);
  [[nodiscard]] int end() const;
  std::pair<bool, std::string> reload_now();
  std::pair<bool, std::string> read_and_apply();
  std::pair<bool, std::string> plan_now(const std::vector<std::string>& files);
  void answer_on(io::Worker& worker, const Answer& done, std::pair<bool, std::string> answer);
  void watch_drain();
  void watch_logs();
  void watch_retired();
  void note_environment();
  void log_update(bool failure, const std::string& text);

  CommandLine line_;
  std::string version_;
  std::string startup_logs_;
  mutable std::mutex environment_lock_;  // workers ask, the control thread changes it
  std::vector<std::string> environment_;
  std::uint32_t max_sockets_ = 0;
  io::Worker loop_;
  std::unique_ptr<proxy::Service> statistics_;
  proxy::Engine engine_;
  io::Opener name_opener_;  // looks names up for updates, so that files do not wait for that
  std::unique_ptr<update::Service> updates_;
  std::unique_ptr<admin::Server> admin_;
  std::unique_ptr<io::Signals> signals_;
  io::Timer drain_timer_;
  io::Timer log_timer_;
  io::Timer retire_timer_;
  bool parts_left_ = false;
  io::Timer hard_stop_timer_;
  io::Timer grace_timer_;
  bool stopping_ = false;
  int ended_by_ = 0;  // the signal that ended it; 0: it ended by itself
};

}  // namespace weir::app
