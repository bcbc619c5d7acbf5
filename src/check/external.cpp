#include "check/external.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "io/child.h"
#include "io/worker.h"

namespace weir::check {
namespace {

constexpr std::string_view kNotUsed = "NOT_USED";

std::string address_of(const SocketAddress& server) { return server.is_unix() ? server.path() : server.host(); }
std::string port_of(const SocketAddress& server) { return server.is_unix() ? "" : fmt::format("{}", server.port()); }
std::string or_not_used(const std::string& text) { return text.empty() ? std::string(kNotUsed) : text; }

}  // namespace

std::vector<std::string> external_arguments(const CheckConfig& config, const SocketAddress& server) {
  const CommandWords& words = config.external;
  return {words.command, or_not_used(words.proxy_address), or_not_used(words.proxy_port), address_of(server),
          or_not_used(port_of(server))};
}

std::vector<std::string> external_environment(const CheckConfig& config, const SocketAddress& server,
                                              std::uint32_t sessions) {
  const CommandWords& words = config.external;
  std::vector<std::string> all;
  if (words.keep_environment)
    for (char** variable = environ; *variable != nullptr; variable++)
      if (words.path.empty() || !std::string_view(*variable).starts_with("PATH=")) all.emplace_back(*variable);
  const auto put = [&](std::string_view name, const std::string& value) {
    all.push_back(fmt::format("{}={}", name, value));
  };
  put("HAPROXY_PROXY_ADDR", words.proxy_address);
  put("HAPROXY_PROXY_ID", fmt::format("{}", config.names.backend_id));
  put("HAPROXY_PROXY_NAME", config.names.backend);
  put("HAPROXY_PROXY_PORT", words.proxy_port);
  put("HAPROXY_SERVER_ADDR", address_of(server));
  put("HAPROXY_SERVER_CURCONN", fmt::format("{}", sessions));
  put("HAPROXY_SERVER_ID", fmt::format("{}", config.names.server_id));
  put("HAPROXY_SERVER_MAXCONN", fmt::format("{}", words.server_maxconn));
  put("HAPROXY_SERVER_NAME", config.names.server);
  put("HAPROXY_SERVER_PORT", port_of(server));
  put("HAPROXY_SERVER_PROTO", "tcp");
  put("HAPROXY_SERVER_SSL", "0");
  if (!words.keep_environment || !words.path.empty()) put("PATH", words.path);
  return all;
}

io::Task<CheckResult> run_external(const CheckConfig& config, const SocketAddress& server, std::uint32_t sessions) {
  constexpr int kNotStarted = 255;
  constexpr int kKilled = -1;
  io::Worker& worker = io::Worker::current();
  const TimePoint begin = worker.now();
  CheckResult result;
  io::Child child(worker);
  const auto started = child.start(external_arguments(config, server), external_environment(config, server, sessions));
  if (!started) {
    result.status = Status::procerr;
    result.code = kNotStarted;
    if (const char* words = ::strerrordesc_np(started.error().os_error)) result.info = words;
    co_return result;
  }
  const auto end = co_await child.wait(begin + config.check_timeout.value_or(config.inter));
  result.duration = std::chrono::duration_cast<Milliseconds>(worker.now() - begin);
  if (!end) {
    result.status = end.error().kind == io::IoErrorKind::timeout ? Status::proctout : Status::procerr;
    result.code = 0;
    co_return result;
  }
  result.code = end->by_signal ? kKilled : end->status;
  result.status = !end->by_signal && end->status == 0 ? Status::procok : Status::procerr;
  co_return result;
}

}  // namespace weir::check
