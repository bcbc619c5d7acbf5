// `show info`: the process in one page.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "admin/command/tables.h"
#include "admin/field.h"
#include "admin/on_worker.h"
#include "admin/sockets.h"
#include "peers/group.h"
#include "proxy/process_state.h"

namespace weir::admin {
namespace {

// Positions are part of the typed format. Where a feature does not exist here the figure is what it truly is: 0.
constexpr FieldRow kFields[] = {
    {"Name", "POS", "the program"},
    {"Version", "POS", "its version"},
    {"Release_date", "POS", "date of the program"},
    {"Nbthread", "CGS", "worker threads"},
    {"Nbproc", "CGS", "processes, always 1"},
    {"Process_num", "KGP", "number of this process, always 1"},
    {"Pid", "SGP", "the system's number of this process"},
    {"Uptime", "MDP", "time since the start"},
    {"Uptime_sec", "MDP", "seconds since the start"},
    {"Memmax_MB", "CLP", "limit on memory in MB, 0 for none"},
    {"PoolAlloc_MB", "MGP", "memory taken from the system in MB"},
    {"PoolUsed_MB", "MGP", "memory in use in MB"},
    {"PoolFailed", "MCP", "requests for memory that failed"},
    {"Ulimit-n", "CLP", "limit on file descriptors"},
    {"Maxsock", "CLP", "limit on sockets"},
    {"Maxconn", "CLP", "limit on client connections now"},
    {"Hard_maxconn", "CLP", "limit on client connections as configured"},
    {"CurrConns", "MGP", "client connections now"},
    {"CumConns", "MCP", "client connections so far"},
    {"CumReq", "MCP", "requests so far"},
    {"MaxSslConns", "MMP", "limit on TLS connections, 0 for none"},
    {"CurrSslConns", "MGP", "TLS connections now"},
    {"CumSslConns", "MCP", "TLS connections so far"},
    {"Maxpipes", "CLP", "limit on pipes, 0 for a limit a thread"},
    {"PipesUsed", "MGP", "pipes in use"},
    {"PipesFree", "MGP", "pipes kept for use"},
    {"ConnRate", "MRP", "connections of the last second"},
    {"ConnRateLimit", "CLP", "limit on connections a second, 0 for none"},
    {"MaxConnRate", "MMP", "most connections any second had"},
    {"SessRate", "MRP", "sessions of the last second"},
    {"SessRateLimit", "CLP", "limit on sessions a second, 0 for none"},
    {"MaxSessRate", "MRP", "most sessions any second had"},
    {"SslRate", "MRP", "TLS connections of the last second"},
    {"SslRateLimit", "CLP", "limit on TLS connections a second, 0 for none"},
    {"MaxSslRate", "MMP", "most TLS connections any second had"},
    {"SslFrontendKeyRate", "MGP", "TLS keys made for clients in the last second"},
    {"SslFrontendMaxKeyRate", "MMP", "most TLS keys made for clients in a second"},
    {"SslFrontendSessionReuse_pct", "MGP", "percent of TLS sessions resumed"},
    {"SslBackendKeyRate", "MRP", "TLS keys made with servers in the last second"},
    {"SslBackendMaxKeyRate", "MMP", "most TLS keys made with servers in a second"},
    {"SslCacheLookups", "MCP", "lookups in the TLS session cache"},
    {"SslCacheMisses", "MCP", "of them in vain"},
    {"CompressBpsIn", "MRP", "bytes a second given to compression"},
    {"CompressBpsOut", "MRP", "bytes a second compression made"},
    {"CompressBpsRateLim", "CLP", "limit on bytes a second given to compression, 0 for none"},
    {"ZlibMemUsage", "MGP", "memory of compression in bytes"},
    {"MaxZlibMemUsage", "CLP", "limit on memory of compression in bytes, 0 for none"},
    {"Tasks", "MGP", "sessions, checks and other activities"},
    {"Run_queue", "MGP", "activities that wait to run"},
    {"Idle_pct", "MaP", "percent of the threads' time without work since this was last asked"},
    {"node", "COS", "name of this node"},
    {"description", "COS", "description of this node"},
    {"Stopping", "MGP", "1 during a soft stop"},
    {"Jobs", "MGP", "client connections and listeners"},
    {"Unstoppable Jobs", "MGP", "what a soft stop would not end"},
    {"Listeners", "MGP", "listening addresses"},
    {"ActivePeers", "MGP", "peers in touch"},
    {"ConnectedPeers", "MGP", "peers connected"},
    {"DroppedLogs", "MGP", "log lines dropped"},
    {"BusyPolling", "MGP", "1 if the threads never sleep"},
    {"FailedResolutions", "MGP", "DNS resolutions that failed"},
    {"TotalBytesOut", "MGP", "bytes sent to clients"},
    {"TotalSplicdedBytesOut", "MGP", "of them through pipes"},  // COMPAT: the name has always been misspelt
    {"BytesOutRate", "MRP", "bytes a second sent to clients, since this was last asked"},
    {"DebugCommandsIssued", "MGP", "debug commands given"},
    {"CumRecvLogs", "MCP", "log lines received for forwarding"},
    {"Build info", "POS", "the build"},
    {"Memmax_bytes", "CLP", "limit on memory in bytes, 0 for none"},
    {"PoolAlloc_bytes", "MGP", "memory taken from the system in bytes"},
    {"PoolUsed_bytes", "MGP", "memory in use in bytes"},
    {"Start_time_sec", "MDP", "when it started, in seconds since 1970"},
    {"Tainted", "SGP", "experimental features in use"},
};

constexpr std::string_view kReleaseDate = "2026/11/24";

class Page {
 public:
  Page() : fields_(kFields) {}
  void text(std::string_view name, std::string value) { fields_.text(place(name), std::move(value)); }
  void number(std::string_view name, std::unsigned_integral auto value) { fields_.number(place(name), value); }
  [[nodiscard]] const Fields& fields() const { return fields_; }
  Fields& fields() { return fields_; }

 private:
  static std::size_t place(std::string_view name) {
    const auto found =
        std::find_if(std::begin(kFields), std::end(kFields), [&](const FieldRow& row) { return row.name == name; });
    WEIR_ASSERT(found != std::end(kFields));
    return static_cast<std::size_t>(found - std::begin(kFields));
  }
  Fields fields_;
};

// What only its own worker knows.
struct WorkerFacts {
  std::size_t sessions = 0, activities = 0, pipes_used = 0, pipes_free = 0, listeners = 0;
};

WorkerFacts facts_of(proxy::WorkerContext& worker) {
  return {worker.sessions.live() + worker.resting.count(), worker.activities.size(), worker.io->pipes().in_use(),
          worker.io->pipes().cached(), worker.listeners.size()};
}

std::uint64_t cpu_microseconds() {
  rusage usage{};
  (void)::getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& t) {
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(t.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

// Measured between two questions; the first one measures since the start.
std::uint32_t idle_percent(Sockets& sockets, TimePoint started, TimePoint now, std::size_t threads) {
  const TimePoint since = sockets.cpu_asked == TimePoint{} ? started : sockets.cpu_asked;
  const std::uint64_t used = cpu_microseconds();
  const auto passed =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now - since).count()) * threads;
  const std::uint64_t busy = used - sockets.cpu_asked_us;
  sockets.cpu_asked = now;
  sockets.cpu_asked_us = used;
  if (passed == 0) return 100;
  return static_cast<std::uint32_t>(100 - std::min<std::uint64_t>(100, busy * 100 / passed));
}

void put_identity(Page& page, Call& call, const proxy::ProcessState& process) {
  const auto up = std::chrono::duration_cast<std::chrono::seconds>(call.worker.io->now() - process.started).count();
  const proxy::GlobalConfig& global = *call.worker.plan->global;
  page.text("Name", "weir");
  page.text("Version", call.control.version());
  page.text("Build info", call.control.version());
  page.text("Release_date", std::string(kReleaseDate));
  page.number("Nbthread", static_cast<std::uint32_t>(process.contexts.size()));
  page.number("Nbproc", 1U);
  page.number("Process_num", 1U);
  page.number("Pid", static_cast<std::uint32_t>(::getpid()));
  page.text("Uptime", fmt::format("{}d {}h{:02}m{:02}s", up / 86400, up / 3600 % 24, up / 60 % 60, up % 60));
  page.number("Uptime_sec", static_cast<std::uint32_t>(up));
  const auto wall = std::chrono::duration_cast<std::chrono::seconds>(process.started_wall.time_since_epoch()).count();
  page.number("Start_time_sec", static_cast<std::uint32_t>(wall));
  char host[256] = {};
  if (global.node.empty()) (void)::gethostname(host, sizeof host - 1);
  page.text("node", global.node.empty() ? host : global.node);
  if (!global.description.empty()) page.text("description", global.description);
  page.number("Stopping", process.stopping.load(std::memory_order_relaxed) ? 1U : 0U);
  page.text("Tainted", "0");
}

void put_limits(Page& page, Call& call, const proxy::ProcessState& process) {
  const proxy::GlobalConfig& global = *call.worker.plan->global;
  page.number("Ulimit-n", call.control.max_sockets());
  page.number("Maxsock", call.control.max_sockets());
  page.number("Maxconn", process.maxconn.load(std::memory_order_relaxed));
  page.number("Hard_maxconn", global.maxconn);
  page.number("Maxpipes", global.maxpipes);
  page.number("BusyPolling", global.busy_polling ? 1U : 0U);
  const struct mallinfo2 memory = ::mallinfo2();
  const std::uint64_t taken = memory.arena + memory.hblkhd, used = memory.uordblks + memory.hblkhd;
  page.number("PoolAlloc_bytes", taken);
  page.number("PoolUsed_bytes", used);
  page.number("PoolAlloc_MB", static_cast<std::uint32_t>(taken >> 20));
  page.number("PoolUsed_MB", static_cast<std::uint32_t>(used >> 20));
}

void put_traffic(Page& page, Call& call, const proxy::ProcessState& process) {
  const std::uint64_t now = call.worker.now_ms();
  page.number("CurrConns", process.connections.value());
  page.number("CumConns", static_cast<std::uint32_t>(process.total_connections.load(std::memory_order_relaxed)));
  page.number("CumReq", static_cast<std::uint32_t>(process.total_requests.load(std::memory_order_relaxed)));
  page.number("ConnRate", process.connection_rate.value(now));
  page.number("MaxConnRate", process.connection_rate.max());
  page.number("ConnRateLimit", process.most_connections_per_second.load(std::memory_order_relaxed));
  page.number("SessRateLimit", process.most_sessions_per_second.load(std::memory_order_relaxed));
  page.number("SessRate", process.session_rate.value(now));
  page.number("MaxSessRate", process.session_rate.max());
  std::uint64_t bytes = 0;
  for (const auto& frontend : call.worker.plan->frontends)
    bytes += frontend->state->counters.sum(&proxy::FrontendCounters::bytes_out);
  page.number("TotalBytesOut", bytes);
  page.number("DroppedLogs", static_cast<std::uint32_t>(call.control.engine().sinks().dropped()));
}

// These columns have 32 bits: what is more is shown as the most they hold, and a limit is never shown as none.
std::uint32_t bounded(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, UINT32_MAX));
}

void put_compression(Page& page, Call& call, const proxy::CompressionState& compression) {
  const std::uint64_t now = call.worker.now_ms();
  page.number("CompressBpsIn", compression.bytes_in.value(now));
  page.number("CompressBpsOut", compression.bytes_out.value(now));
  page.number("CompressBpsRateLim", bounded(compression.most_in_per_second.load(std::memory_order_relaxed)));
  page.number("ZlibMemUsage", bounded(compression.memory.load(std::memory_order_relaxed)));
  page.number("MaxZlibMemUsage", bounded(std::uint64_t{call.worker.plan->global->compression.megabytes} << 20U));
}

void put_peers(Page& page, const proxy::Plan& plan) {
  std::uint32_t active = 0, connected = 0;
  for (const auto& group : plan.groups) {
    active += group->active();
    connected += group->connected();
  }
  page.number("ActivePeers", active);
  page.number("ConnectedPeers", connected);
}

void put_absent_features(Page& page) {
  for (std::size_t i = 0; i < std::size(kFields); i++) {
    const FieldRow& row = kFields[i];
    if (row.name.empty() || page.fields().present(i) || row.name == "description") continue;
    const bool wide = row.name == "TotalSplicdedBytesOut" || row.name == "BytesOutRate";
    if (wide)
      page.fields().number(i, std::uint64_t{0});
    else
      page.fields().number(i, 0U);
  }
}

void write_plain(std::string& out, const Fields& fields, bool described) {
  for (std::size_t i = 0; i < fields.rows().size(); i++) {
    if (!fields.present(i)) continue;
    fmt::format_to(std::back_inserter(out), "{}: {}", fields.rows()[i].name, fields.value(i));
    if (described) fmt::format_to(std::back_inserter(out), ":\"{}\"", fields.rows()[i].doc);
    out += '\n';
  }
}

io::Task<void> show_info(Call& call) {
  proxy::ProcessState& process = call.control.engine().process();
  WorkerFacts all;
  for (const auto& context : process.contexts) {
    proxy::WorkerContext* worker = context.get();
    const WorkerFacts one = co_await on_worker(*worker->io, [worker] { return facts_of(*worker); });
    all.sessions += one.sessions;
    all.activities += one.activities;
    all.pipes_used += one.pipes_used;
    all.pipes_free += one.pipes_free;
    all.listeners = std::max(all.listeners, one.listeners);
  }
  Page page;
  put_identity(page, call, process);
  put_limits(page, call, process);
  put_traffic(page, call, process);
  put_compression(page, call, process.compression);
  Sockets& sockets = call.session.sockets;
  const std::size_t listeners = all.listeners + sockets.served.size();
  page.number("PipesUsed", static_cast<std::uint32_t>(all.pipes_used));
  page.number("PipesFree", static_cast<std::uint32_t>(all.pipes_free));
  page.number("Tasks", static_cast<std::uint32_t>(all.sessions + all.activities));
  page.number("Listeners", static_cast<std::uint32_t>(listeners));
  put_peers(page, *call.worker.plan);
  page.number("Jobs", static_cast<std::uint32_t>(all.sessions + sockets.sessions.size() + listeners));
  page.number("Idle_pct", idle_percent(sockets, process.started, call.worker.io->now(), process.contexts.size()));
  put_absent_features(page);
  const auto wants = [&](std::string_view word) { return std::ranges::find(call.words, word) != call.words.end(); };
  if (wants("json")) {
    write_json(call.out.text, page.fields(), nullptr);
    call.out.text += '\n';
  } else if (wants("typed")) {
    write_typed(call.out.text, page.fields(), nullptr, wants("desc"));
  } else {
    write_plain(call.out.text, page.fields(), wants("desc"));
  }
}

constexpr CliCommand kRows[] = {
    {.name = "show info",
     .usage = "show info [desc|json|typed|float]*",
     .run = show_info,
     .doc = "figures about the process"},
};

}  // namespace

constinit const std::span<const CliCommand> info_commands{kRows};

}  // namespace weir::admin
