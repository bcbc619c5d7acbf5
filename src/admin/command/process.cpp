// Commands about the process: its version, its environment, its configuration.
#include <fmt/format.h>

#include <coroutine>
#include <ctime>
#include <iterator>
#include <memory>

#include "admin/command/tables.h"
#include "admin/lookup.h"
#include "admin/session.h"
#include "base/units.h"

namespace weir::admin {
namespace {

void show_version(Call& call) {
  call.out.text += call.control.version();
  call.out.text += '\n';
}

io::Task<void> show_env(Call& call) {
  bool found = false;
  for (const std::string& entry : call.control.environment()) {
    if (!call.words.empty() && entry.substr(0, entry.find('=')) != call.word(0)) continue;
    found = true;
    call.out.text += entry;
    call.out.text += '\n';
    const bool goes_on = co_await call.out.room();
    if (!goes_on) co_return;
  }
  if (!found && !call.words.empty()) call.out.text += "Variable not found\n";
}

bool known_proxy(const proxy::Plan& plan, std::string_view word) {
  if (plan.frontend(word) || plan.backend(word)) return true;
  const auto id = parse_integer(word, -1, 0xffffffffLL);
  if (!id) return false;
  if (*id == -1) return true;
  for (const proxy::ProxyPlan& proxy : plan.proxies)
    if (proxy.config().id == *id) return true;
  return false;
}

// What is captured are HTTP/1 messages that break the protocol; weir relays bytes and reads none.
void show_errors(Call& call) {
  if (!call.words.empty() && !known_proxy(*call.worker.plan, call.word(0))) {
    call.out.text += "No such proxy.\n";
    return;
  }
  const auto now = call.worker.io->wall_now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<Milliseconds>(now).count();
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  char date[32];
  (void)std::strftime(date, sizeof date, "%d/%b/%Y:%H:%M:%S", &local);
  fmt::format_to(std::back_inserter(call.out.text), "Total events captured on [{}.{:03}] : 0\n", date, ms % 1000);
}

// Waits for the control thread's answer, which comes on this worker. The coroutine may be gone by then.
class Answered {
 public:
  struct State {
    bool done = false;
    bool ok = false;
    std::string text;
    std::coroutine_handle<> waiter;
  };
  Answered() : state_(std::make_shared<State>()) {}
  Answered(const Answered&) = delete;
  Answered& operator=(const Answered&) = delete;
  ~Answered() { state_->waiter = {}; }

  [[nodiscard]] proxy::Control::Answer callback() {
    return [state = state_](bool ok, std::string text) {
      state->ok = ok;
      state->text = std::move(text);
      state->done = true;
      if (state->waiter) std::exchange(state->waiter, {}).resume();
    };
  }
  [[nodiscard]] bool await_ready() const { return state_->done; }
  void await_suspend(std::coroutine_handle<> waiter) { state_->waiter = waiter; }
  State await_resume() { return std::move(*state_); }

 private:
  std::shared_ptr<State> state_;
};

void append_lines(std::string& out, const std::string& text) {
  out += text;
  if (!text.empty() && !text.ends_with('\n')) out += '\n';
}

io::Task<void> reload(Call& call) {
  Answered answered;
  call.control.reload(answered.callback());
  const Answered::State answer = co_await answered;
  append_lines(call.out.text, answer.text);
}

io::Task<void> plan_reload(Call& call) {
  Answered answered;
  call.control.plan_reload({call.words.begin(), call.words.end()}, answered.callback());
  const Answered::State answer = co_await answered;
  append_lines(call.out.text, answer.text);
}

constexpr CliCommand kRows[] = {
    {.name = "reload",
     .level = Level::admin,
     .usage = "reload",
     .run = reload,
     .doc = "read the configuration again and apply what changed"},
    {.name = "reload plan",
     .level = Level::admin,
     .usage = "reload plan [<file>]*",
     .run = plan_reload,
     .doc = "what a reload would change, without doing it"},
    {.name = "show env",
     .level = Level::operator_,
     .usage = "show env [<name>]",
     .run = show_env,
     .doc = "environment variables of the process"},
    {.name = "show errors",
     .level = Level::operator_,
     .usage = "show errors [<iid>|<proxy>] [request|response]",
     .answer = show_errors,
     .doc = "captured protocol errors"},
    {.name = "show version", .usage = "show version", .answer = show_version, .doc = "version of the process"},
};

}  // namespace

constinit const std::span<const CliCommand> process_commands{kRows};

}  // namespace weir::admin
