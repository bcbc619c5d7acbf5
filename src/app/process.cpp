#include "app/process.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "admin/statistics/page.h"
#include "app/grants.h"
#include "app/keywords.h"
#include "app/load_options.h"
#include "app/privileges.h"
#include "app/running_process.h"
#include "app/version.h"
#include "base/loaded_objects.h"
#include "base/outside.h"
#include "proxy/plan_difference.h"

namespace weir::app {
namespace {

constexpr Milliseconds kDrainPoll{50};
constexpr Milliseconds kLogPoll{1000};
constexpr Milliseconds kRetirePoll{1000};
constexpr Milliseconds kHandOverPatience{5000};

// Runs `work` on a thread of its own and waits for its end. The allocator keeps some freed blocks of every size for
// each thread; after a reload they lie all over the heap and pin its pages. Those of a thread that ends go back.
template <class F>
void on_passing_thread(F work) {
  std::thread(std::ref(work)).join();
}

io::Opener* outside_opener = nullptr;
io::Opener* outside_names = nullptr;

// "cannot open '/x': no such file or directory" in the words of libc alone, which is what callers expect.
std::string word_of_the_system(std::string_view message) {
  const std::size_t end = message.rfind("': ");
  std::string word(end == message.npos ? message : message.substr(end + 3));
  if (!word.empty()) word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
  return word;
}

// From now on files, users and hosts are those outside of the chroot, with the rights that this process no longer has.
void look_outside_through(io::Opener& opener, io::Opener& names) {
  outside_opener = &opener;
  outside_names = &names;
  set_outside({[](const std::string& path) -> Result<int> {
                 auto fd = outside_opener->open_file(path, io::OpenMode::read);
                 if (!fd) return fail(word_of_the_system(fd.error().message));
                 return fd->release();
               },
               [](Lookup kind, const std::string& name) { return outside_names->look_up(kind, name); }});
}

}  // namespace

Process::Process(CommandLine line)
    : line_(std::move(line)),
      version_(kReportedVersion),
      statistics_(admin::make_statistics_page(version_)),
      engine_(sample_registry()) {
  engine_.process().statistics = statistics_.get();
  updates_ = std::make_unique<update::Service>(
      loop_, engine_.opener(), [this](bool failure, const std::string& text) { log_update(failure, text); });
}

Process::~Process() { set_outside(direct_outside()); }

std::optional<proxy::Config> Process::load(const std::vector<std::string>& files, Diagnostics& diagnostics) {
  proxy::LoadOptions options = load_options(line_);
  options.files = files;
  options.running = engine_.config().references.get();
  std::optional<proxy::Config> config = proxy::load_config(options, diagnostics);
  if (line_.zero_warning && diagnostics.warnings() != 0) {
    diagnostics.error({}, "warnings are errors here (-dW)");
    return std::nullopt;
  }
  if (!config) return config;
  if (line_.maxconn) config->global.maxconn = *line_.maxconn;
  for (const auto& proxy : config->proxies)
    if (line_.proxy_maxconn && proxy->is_frontend() && !proxy->settings.maxconn)
      proxy->settings.maxconn = line_.proxy_maxconn;
  if (!line_.pidfile.empty()) config->global.pidfile = line_.pidfile;
  config->global.daemon = (config->global.daemon || line_.daemon) && !line_.foreground;
  config->global.no_splice = config->global.no_splice || line_.no_splice;
  config->global.no_reuseport = config->global.no_reuseport || line_.no_reuseport;
  config->global.quiet = (config->global.quiet || line_.quiet) && !line_.verbose;
  return config;
}

void Process::report(const Diagnostics& diagnostics) const {
  const Severity least = line_.quiet ? Severity::alert : line_.diagnostic ? Severity::diag : Severity::notice;
  const std::string text = diagnostics.render(least);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

namespace {

void say_notices(const CommandLine& line) {
  if (line.quiet) return;
  for (const std::string& notice : line.notices) std::fprintf(stderr, "notice: %s\n", notice.c_str());
}

// As soon as the configuration is read, so that what it loads is among them.
void list_libraries(const CommandLine& line) {
  if (!line.libraries) return;
  if (!line.quiet) std::printf("List of loaded object files:\n");
  for (const LoadedObject& object : loaded_objects())
    if (object.path.find('/') != std::string::npos) std::printf("%s\n", object.path.c_str());
  std::fflush(stdout);
}

}  // namespace

int Process::check() {
  say_notices(line_);
  Diagnostics diagnostics;
  const std::optional<proxy::Config> config = load(line_.files, diagnostics);
  report(diagnostics);
  if (!config) {
    std::fprintf(stderr, "Fatal errors found in configuration.\n");
    return 1;
  }
  if (config->proxies.empty() && config->peers.empty() && config->global.stats_sockets.empty()) {
    std::fprintf(stderr, "error: the configuration has no proxy: nothing would be served\n");
    return 2;
  }
  if (line_.plan) {
    std::fputs(ask_running_process(*config, line_.files).c_str(), stdout);
    return 0;
  }
  list_libraries(line_);
  if (!line_.quiet) std::printf("Configuration file is valid\n");
  return 0;
}

int Process::serve() {
  say_notices(line_);
  Diagnostics diagnostics;
  std::optional<proxy::Config> config = load(line_.files, diagnostics);
  report(diagnostics);
  if (!config) {
    std::fprintf(stderr, "Fatal errors found in configuration.\n");
    return 1;
  }
  if (config->proxies.empty() && config->global.stats_sockets.empty()) {
    std::fprintf(stderr, "error: the configuration has no proxy: nothing would be served\n");
    return 2;
  }
  startup_logs_ = diagnostics.render(Severity::warning);
  list_libraries(line_);
  if (!start(std::move(*config))) return 1;
  end_former_processes();
  loop_.run();
  admin_.reset();
  engine_.stop();
  updates_.reset();  // after those who may look at it
  engine_.opener().stop();
  name_opener_.leave();
  return end();
}

int Process::end() const {
  if (line_.master_worker) return ended_by_ == SIGINT ? 128 + SIGINT : 0;
  if (ended_by_ == 0) return 0;
  std::fflush(nullptr);
  std::signal(ended_by_, SIG_DFL);
  std::raise(ended_by_);
  io::unblock_all_signals();  // it ends here
  return 128 + ended_by_;
}

Result<void> Process::start_background(const proxy::GlobalConfig& global) {
  // The opener keeps the privileges that are dropped now; it has none of our threads, so it forks before them.
  const bool drops =
      !global.chroot.empty() || !global.user.empty() || !global.group.empty() || global.uid || global.gid;
  if (drops) {
    if (auto opened = engine_.opener().start(); !opened) return opened;
    const bool names = std::ranges::any_of(engine_.config().updates.updates, [](const update::UpdateConfig& one) {
      return !one.local && !one.url.literal;
    });
    if (names)
      if (auto opened = name_opener_.start(); !opened) return opened;
    look_outside_through(engine_.opener(), names ? name_opener_ : engine_.opener());
  }
  return drop_privileges(global);
}

// Sockets of the former process first: what it listens on is not opened a second time.
bool Process::start_engine(proxy::Config config) {
  const auto failed = [](const std::string& reason) {
    std::fprintf(stderr, "error: %s\n", reason.c_str());
    return false;
  };
  if (!line_.sockets_from.empty() && line_.sockets_from != "/dev/null") {
    const auto from = parse_address(line_.sockets_from);
    if (!from || !from->address.is_unix()) return failed(fmt::format("-x: '{}' is no Unix socket", line_.sockets_from));
    auto inherited = io::InheritedSockets::ask(from->address, kHandOverPatience);
    if (!inherited) return failed(fmt::format("-x: {}", inherited.error().message));
    engine_.inherit(std::move(*inherited));
  }
  if (!line_.finish.empty()) engine_.follow_another();
  if (auto started = engine_.start(std::move(config)); !started) return failed(started.error().message);
  for (const std::string& problem : engine_.restore_servers()) {
    startup_logs_ += "warning: " + problem + "\n";
    if (!line_.quiet) std::fprintf(stderr, "warning: %s\n", problem.c_str());
  }
  return true;
}

// Manual, -sf and -st: only now is there somebody to take over.
void Process::end_former_processes() const {
  for (const int pid : line_.finish) (void)::kill(pid, SIGUSR1);
  for (const int pid : line_.terminate) (void)::kill(pid, SIGTERM);
}

bool Process::start(proxy::Config config) {
  const auto failed = [](const std::string& reason) {
    std::fprintf(stderr, "error: %s\n", reason.c_str());
    return false;
  };
  const proxy::GlobalConfig global = config.global;
  Background background;
  if (global.daemon)
    if (auto entered = background.enter(); !entered) return failed(entered.error().message);
  // Small blocks that were freed join their neighbours at once: plans that die leave whole pages to give back.
  ::mallopt(M_MXFAST, 0);
  io::block_signals({SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTTIN, SIGTTOU});
  auto descriptors = settle_descriptors(config.global);
  if (!descriptors) return failed(descriptors.error().message);
  max_sockets_ = *descriptors;
  begin_start(global);
  engine_.process().quiet = config.global.quiet || config.global.daemon;
  if (!start_engine(std::move(config))) return false;
  updates_->prepare(engine_.config().updates, nullptr);
  note_environment();
  retire_timer_.set([](void* object) { static_cast<Process*>(object)->watch_retired(); }, this);
  admin_ = std::make_unique<admin::Server>(*this);
  if (auto opened = admin_->serve(engine_.config().global); !opened) return failed(opened.error().message);
  engine_.inherited().clear();
  if (!global.pidfile.empty())
    if (auto written = write_pidfile(global.pidfile); !written) return failed(written.error().message);
  if (auto changed = start_background(global); !changed) return failed(changed.error().message);
  if (auto granted = settle_grants(global, max_sockets_); !granted) return failed(granted.error().message);
  auto signals = io::Signals::open(
      loop_.reactor(), {SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTTIN, SIGTTOU}, on_signal, this);
  if (!signals) return failed(signals.error().message);
  signals_ = std::move(*signals);
  updates_->run(engine_.config().updates);
  if (auto running = engine_.run(); !running) return failed(running.error().message);
  background.ready(line_.debug);
  log_timer_.set([](void* object) { static_cast<Process*>(object)->watch_logs(); }, this);
  if (engine_.opener().running()) watch_logs();
  notify_systemd("READY=1");
  return true;
}

void Process::notify_systemd(const char* state) const {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
  const SocketAddress address = path[0] == '@' ? SocketAddress::abstract(path + 1) : SocketAddress::unix_path(path);
  const auto socket = io::connect_datagram(address);
  if (socket) (void)::send(socket->get(), state, std::strlen(state), MSG_NOSIGNAL);
}

void Process::on_signal(void* object, int signal) {
  Process& process = *static_cast<Process*>(object);
  switch (signal) {
    case SIGUSR2: {
      std::fprintf(stderr, "%s\n", process.reload_now().second.c_str());
      return;
    }
    case SIGUSR1: process.soft_stop(); return;
    case SIGHUP: process.admin_->log_state(); return;
    case SIGQUIT: process.admin_->dump_and_flush_pools(); return;
    case SIGTERM: process.stop_now(SIGTERM); return;
    case SIGINT: process.stop_now(SIGINT); return;
    default: return;  // SIGTTIN and SIGTTOU paused listeners for a second process, which there never is
  }
}

// Receivers of log sockets that restarted outside of the chroot are found again through the opener, or not at all.
void Process::watch_logs() {
  engine_.sinks().reconnect_lost();
  loop_.timers().arm(log_timer_, loop_.now() + kLogPoll);
}

void Process::watch_drain() {
  if (engine_.drained()) {
    stop_now();
    return;
  }
  loop_.timers().arm(drain_timer_, loop_.now() + kDrainPoll);
}

// Manual, SIGUSR1: listeners close after `grace`, sessions end by themselves or at `hard-stop-after`.
void Process::soft_stop() {
  if (stopping_) return;
  stopping_ = true;
  notify_systemd("STOPPING=1");
  const proxy::GlobalConfig& global = engine_.config().global;
  const auto stop_listening = [](void* object) {
    Process& process = *static_cast<Process*>(object);
    process.engine_.soft_stop();
    process.watch_drain();
  };
  drain_timer_.set([](void* object) { static_cast<Process*>(object)->watch_drain(); }, this);
  hard_stop_timer_.set([](void* object) { static_cast<Process*>(object)->stop_now(); }, this);
  grace_timer_.set(stop_listening, this);
  if (global.hard_stop_after && global.hard_stop_after->count() != 0)
    loop_.timers().arm(hard_stop_timer_,
                       loop_.now() + global.grace.value_or(Milliseconds(0)) + *global.hard_stop_after);
  if (global.grace && global.grace->count() != 0)
    loop_.timers().arm(grace_timer_, loop_.now() + *global.grace);
  else
    stop_listening(this);
}

void Process::stop_now(int signal) {
  ended_by_ = signal;
  loop_.stop();
}

std::pair<bool, std::string> Process::reload_now() {
  std::pair<bool, std::string> answer;
  on_passing_thread([&] { answer = read_and_apply(); });
  if (answer.first) updates_->run(engine_.config().updates);
  watch_retired();
  return answer;
}

std::pair<bool, std::string> Process::read_and_apply() {
  if (stopping_) return {false, "weir is stopping: no reload"};
  Diagnostics diagnostics;
  std::optional<proxy::Config> config = load(line_.files, diagnostics);
  if (!config)
    return {false, diagnostics.render() + "Reload refused: the configuration has errors; nothing was changed."};
  const proxy::PlanDifference difference = proxy::compare(engine_.config(), *config, engine_);
  if (!difference.refused.empty())
    return {false,
            fmt::format("Reload refused: {} cannot change while weir runs; nothing was changed.", difference.refused)};
  const auto refused = [](const Error& why) {
    return std::pair(false, fmt::format("Reload refused: {}; nothing was changed.", why.message));
  };
  if (auto descriptors = settle_descriptors(config->global); !descriptors) return refused(descriptors.error());
  if (auto opened = admin_->serve(config->global); !opened) return refused(opened.error());
  updates_->prepare(config->updates, engine_.config().references.get());
  if (auto applied = engine_.apply(std::move(*config)); !applied) {
    (void)admin_->serve(engine_.config().global);
    return refused(applied.error());
  }
  note_environment();
  return {true, diagnostics.render(Severity::warning) + difference.text() + "Reload done."};
}

std::pair<bool, std::string> Process::plan_now(const std::vector<std::string>& files) {
  Diagnostics diagnostics;
  const std::optional<proxy::Config> config = load(files.empty() ? line_.files : files, diagnostics);
  if (!config) return {false, diagnostics.render() + "The configuration has errors: a reload would change nothing."};
  const proxy::PlanDifference difference = proxy::compare(engine_.config(), *config, engine_);
  std::string text = difference.text();
  if (!difference.refused.empty())
    text += fmt::format("A reload would be refused: {} cannot change while weir runs.\n", difference.refused);
  return {difference.refused.empty(), text};
}

// Into the log of the process, which workers write.
void Process::log_update(bool failure, const std::string& text) {
  proxy::WorkerContext* const worker = engine_.process().contexts.front().get();
  worker->io->post([worker, failure, text] {
    if (worker->plan)
      worker->emit(worker->plan->log, {.level = failure ? log::Level::warning : log::Level::notice, .message = text});
  });
}

void Process::update_now(std::string list, Answer done) {
  io::Worker& worker = io::Worker::current();
  loop_.post([this, &worker, wanted = std::move(list), asked = std::move(done)] {
    updates_->ask_now(
        wanted, [this, &worker, asked](bool ok, std::string text) { answer_on(worker, asked, {ok, std::move(text)}); });
  });
}

void Process::watch_retired() {
  // Once more after the last one: what workers let go of meanwhile is given back too.
  bool left = false;
  on_passing_thread([&] { left = engine_.free_retired(); });
  // Old plans die in pieces between what lives: give the pages back.
  ::malloc_trim(0);
  if (left || parts_left_) loop_.timers().arm(retire_timer_, loop_.now() + kRetirePoll);
  parts_left_ = left;
}

void Process::note_environment() {
  const std::scoped_lock guard(environment_lock_);
  environment_ = engine_.config().environment;
}

void Process::answer_on(io::Worker& worker, const Answer& done, std::pair<bool, std::string> answer) {
  worker.post([done, answered = std::move(answer)] { done(answered.first, answered.second); });
}

void Process::reload(Answer done) {
  io::Worker& worker = io::Worker::current();
  loop_.post([this, &worker, asked = std::move(done)] { answer_on(worker, asked, reload_now()); });
}

void Process::plan_reload(std::vector<std::string> files, Answer done) {
  io::Worker& worker = io::Worker::current();
  loop_.post([this, &worker, wanted = std::move(files), asked = std::move(done)] {
    answer_on(worker, asked, plan_now(wanted));
  });
}

}  // namespace weir::app
