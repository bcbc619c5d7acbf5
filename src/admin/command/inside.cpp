// Looks inside for those who know the program: threads, activity, descriptors, libraries, the machine.
//
// Each worker tells what it knows of itself; descriptors come a bounded number of sessions a visit, as in `show sess`.
// The manual promises no form for any of it. Manual: management 9.3.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "admin/activity.h"
#include "admin/command/tables.h"
#include "admin/descriptor_choice.h"
#include "admin/on_worker.h"
#include "admin/session.h"
#include "admin/session_text.h"
#include "base/loaded_objects.h"
#include "base/units.h"
#include "proxy/process_state.h"
#include "proxy/tcp/session.h"

namespace weir::admin {
namespace {

io::Task<std::vector<Activity>> all_activity(Call& call) {
  std::vector<Activity> all;
  for (const auto& context : call.worker.process->contexts) {
    proxy::WorkerContext* worker = context.get();
    const Activity one = co_await on_worker(*worker->io, [worker] { return activity_of(*worker); });
    all.push_back(one);
  }
  co_return all;
}

io::Task<void> show_threads(Call& call) {
  const std::vector<Activity> all = co_await all_activity(call);
  const auto end = std::back_inserter(call.out.text);
  for (std::size_t i = 0; i < all.size(); i++) {
    const Activity& one = all[i];
    fmt::format_to(end, "{} Thread {} : id={} cpu={} loops={} cpu_ms={}\n", i == call.worker.id() ? "*" : " ", i + 1,
                   one.thread, one.cpu, one.loops, one.cpu_ms);
    fmt::format_to(end, "             sessions={} tasks={} checks={} listeners={} buffers={} pipes={}\n", one.sessions,
                   one.tasks, one.checks, one.listeners, one.buffers, one.pipes);
  }
}

struct Metric {
  std::string_view name;
  std::uint64_t Activity::* value;
};
constexpr Metric kMetrics[] = {
    {"loops", &Activity::loops},         {"accepted", &Activity::accepted}, {"starved", &Activity::starved},
    {"sessions", &Activity::sessions},   {"tasks", &Activity::tasks},       {"checks", &Activity::checks},
    {"listeners", &Activity::listeners}, {"buffers", &Activity::buffers},   {"pipes", &Activity::pipes},
    {"cpu_ms", &Activity::cpu_ms},
};

void write_metric(std::string& out, const Metric& metric, const std::vector<Activity>& all, std::int64_t thread) {
  const auto end = std::back_inserter(out);
  std::uint64_t sum = 0;
  for (const Activity& one : all) sum += one.*metric.value;
  if (thread > 0) sum = all[static_cast<std::size_t>(thread) - 1].*metric.value;
  fmt::format_to(end, "{}: {}", metric.name, sum);
  if (thread < 0 && all.size() > 1) {
    out += " [";
    for (const Activity& one : all) fmt::format_to(end, " {}", one.*metric.value);
    out += " ]";
  }
  out += '\n';
}

io::Task<void> show_activity(Call& call) {
  const std::size_t threads = call.worker.process->contexts.size();
  const auto thread = call.words.empty() ? Result<std::int64_t>(-1)
                                         : parse_integer(call.word(0), -1, static_cast<std::int64_t>(threads));
  if (!thread) {
    call.error(fmt::format("The thread is a number from 1 to {}, 0 for their sum, -1 for all columns.\n", threads));
    co_return;
  }
  const std::vector<Activity> all = co_await all_activity(call);
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(call.worker.io->wall_now().time_since_epoch());
  fmt::format_to(std::back_inserter(call.out.text), "thread_id: {} (1..{})\ndate_now: {}.{:06}\n", call.worker.id() + 1,
                 threads, now.count() / 1'000'000, now.count() % 1'000'000);
  for (const Metric& metric : kMetrics) write_metric(call.out.text, metric, all, *thread);
}

constexpr std::uint32_t kSlotsAVisit = 512;

void write_listeners(std::string& out, const proxy::WorkerContext& worker, const DescriptorChoice& choice) {
  if (!choice.listeners) return;
  for (const auto& listener : worker.listeners) {
    if (!listener->acceptor || !choice.names(listener->acceptor->fd())) continue;
    const char* state = listener->acceptor->starved() ? "LIM" : listener->acceptor->paused() ? "FUL" : "RDY";
    fmt::format_to(std::back_inserter(out), "{:>7} : type=listener thread={} l.st={} fe={} addr={}\n",
                   listener->acceptor->fd(), worker.id() + 1, state, listener->frontend->config->name,
                   listener->state->address.to_string());
  }
}

void write_sides(std::string& out, const proxy::Session& session, const DescriptorChoice& choice) {
  const auto end = std::back_inserter(out);
  const auto side = [&](std::string_view type, int fd) {
    fmt::format_to(end, "{:>7} : type={} thread={} sess={:#x} fe={} be={} srv={}\n", fd, type, session.worker->id() + 1,
                   name_of(session).value(), session.frontend->config->name,
                   session.backend ? session.backend->config->name : "<NONE>",
                   session.target ? session.target->name : "<none>");
  };
  if (choice.clients && session.client.fd >= 0 && choice.names(session.client.fd)) side("front", session.client.fd);
  if (choice.servers && session.server.fd >= 0 && choice.names(session.server.fd)) side("back", session.server.fd);
  for (const proxy::Flow* flow : {&session.request, &session.response}) {
    if (!choice.pipes || flow->pipe == nullptr) continue;
    for (const int fd : {flow->pipe->reader.get(), flow->pipe->writer.get()})
      if (choice.names(fd)) side("pipe", fd);
  }
}

void write_resting(std::string& out, const proxy::RestingClient& client, const DescriptorChoice& choice) {
  if (!choice.clients || !choice.names(client.side.fd)) return;
  fmt::format_to(std::back_inserter(out), "{:>7} : type=front thread={} sess=(nil) fe={} be=<NONE> srv=<none>\n",
                 client.side.fd, client.worker->id() + 1, client.frontend->config->name);
}

// Sessions by their slots, then the clients that rest. False: there are more.
bool write_visit(std::string& out, proxy::WorkerContext& worker, const DescriptorChoice& choice, std::size_t from) {
  const std::uint32_t slots = worker.sessions.capacity();
  const std::size_t all = slots + worker.resting.count();
  const std::size_t end = std::min(all, from + kSlotsAVisit);
  for (std::size_t at = from; at < end; at++) {
    if (at >= slots)
      write_resting(out, worker.resting.at(at - slots), choice);
    else if (const proxy::Session* session = worker.sessions.at(static_cast<std::uint32_t>(at)); session != nullptr)
      write_sides(out, *session, choice);
  }
  return end == all;
}

io::Task<void> show_fd(Call& call) {
  const auto choice = parse_descriptor_choice(call.words);
  if (!choice) {
    call.error(choice.error().message);
    co_return;
  }
  for (const auto& context : call.worker.process->contexts) {
    proxy::WorkerContext* worker = context.get();
    std::size_t from = 0;
    for (bool more = true; more; from += kSlotsAVisit) {
      const std::string seen = co_await on_worker(*worker->io, [worker, from, wanted = *choice] {
        std::string text;
        if (from == 0) write_listeners(text, *worker, wanted);
        if (!write_visit(text, *worker, wanted, from)) text += '\0';
        return text;
      });
      more = seen.ends_with('\0');
      call.out.text.append(seen, 0, seen.size() - (more ? 1 : 0));
      const bool goes_on = co_await call.out.room();
      if (!goes_on) co_return;
    }
  }
}

void show_libs(Call& call) {
  for (const LoadedObject& object : loaded_objects())
    fmt::format_to(std::back_inserter(call.out.text), "0x{:012x}-0x{:012x} (0x{:07x}) {}\n", object.first, object.last,
                   object.last - object.first + 1, object.path);
}

void show_dev(Call& call) {
  const auto end = std::back_inserter(call.out.text);
  utsname system{};
  rlimit limit{};
  (void)::uname(&system);
  (void)::getrlimit(RLIMIT_NOFILE, &limit);
  fmt::format_to(end,
                 "Platform info\n  OS name: {}\n  OS release: {}\n  OS version: {}\n  OS architecture: {}\n"
                 "  node name: {}\n  cpus: {}\n",
                 system.sysname, system.release, system.version, system.machine, system.nodename,
                 ::sysconf(_SC_NPROCESSORS_ONLN));
  fmt::format_to(end, "Process info\n  pid: {}\n  uid: {}\n  gid: {}\n  threads: {}\n", ::getpid(), ::getuid(),
                 ::getgid(), call.worker.process->contexts.size());
  fmt::format_to(end, "  fd limit (soft): {}\n  fd limit (hard): {}\n", limit.rlim_cur, limit.rlim_max);
}

constexpr CliCommand kRows[] = {
    {.name = "show activity",
     .level = Level::operator_,
     .usage = "show activity [-1|0|thread_num]",
     .run = show_activity,
     .doc = "what the threads have done"},
    {.name = "show dev",
     .level = Level::operator_,
     .usage = "show dev",
     .answer = show_dev,
     .doc = "the machine and the process, for developers"},
    {.name = "show fd",
     .level = Level::operator_,
     .usage = "show fd [-!plcfbs]* [<fd>]",
     .run = show_fd,
     .doc = "descriptors of listeners, sessions and pipes"},
    {.name = "show libs",
     .level = Level::operator_,
     .usage = "show libs",
     .answer = show_libs,
     .doc = "libraries that are loaded, and where"},
    {.name = "show threads",
     .level = Level::operator_,
     .usage = "show threads",
     .run = show_threads,
     .doc = "the threads, each with what it has to do"},
};

}  // namespace

constinit const std::span<const CliCommand> inside_commands{kRows};

}  // namespace weir::admin
