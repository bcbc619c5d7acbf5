// The check loop and the kinds of checks that need no script.
#include "check/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "check/exchange.h"
#include "check/external.h"
#include "check/probe.h"
#include "check/script.h"
#include "io/worker.h"
#include "proto/rdp.h"

namespace weir::check {
namespace {

namespace rdp = proto::rdp;

io::Task<Stage> connect_only(Exchange& exchange, const CheckConfig& config, const SocketAddress& server) {
  const Route route = default_route(config, server);
  const Stage stage = co_await exchange.open(route);
  co_return stage;
}

Stage judge(const rdp::ConnectionConfirm& confirm) {
  if (!confirm.up())
    return {Status::l7rsp, fmt::format("RDP negotiation refused: {}", rdp::failure_name(confirm.failure))};
  switch (confirm.kind) {
    case rdp::ConfirmKind::plain: return {Status::l7ok, "RDP, standard security"};
    case rdp::ConfirmKind::accepted: return {Status::l7ok, fmt::format("RDP, selected protocol {}", confirm.protocol)};
    case rdp::ConfirmKind::refused: return {Status::l7ok, fmt::format("RDP, {}", rdp::failure_name(confirm.failure))};
  }
  return {};
}

// A real X.224 negotiation: a hung host's kernel accepts connections, its RDP service does not answer.
io::Task<Stage> negotiate_rdp(Exchange& exchange, const CheckConfig& config, const SocketAddress& server) {
  Route route = default_route(config, server);
  route.linger = true;  // the service logs a reset as an error of its own
  const Stage opened = co_await exchange.open(route);
  if (!passed(opened.status)) co_return opened;
  std::array<char, 64> packet;
  rdp::RequestFields fields;
  fields.negotiation = rdp::NegotiationRequest{.flags = 0, .protocols = rdp::protocol::ssl | rdp::protocol::hybrid};
  const std::size_t size = rdp::write_connection_request(fields, packet);
  const std::string_view request(packet.data(), size);
  const Moved sent = co_await exchange.send(request);
  if (sent == Moved::timed_out) co_return Stage{Status::l7tout, "RDP connection request could not be sent"};
  if (sent != Moved::ok) co_return Stage{Status::l7rsp, exchange.failure()};
  for (;;) {
    const Moved moved = co_await exchange.receive();
    if (moved == Moved::timed_out) co_return Stage{Status::l7tout, "no RDP connection confirm"};
    if (moved == Moved::failed) co_return Stage{Status::l7rsp, exchange.failure()};
    if (moved == Moved::ended) co_return Stage{Status::l7rsp, "connection closed before an RDP connection confirm"};
    const rdp::ConfirmParse parsed = rdp::parse_connection_confirm(exchange.received());
    if (parsed.outcome == rdp::Outcome::not_rdp)
      co_return Stage{Status::l7rsp, "the answer is no RDP connection confirm"};
    if (parsed.outcome == rdp::Outcome::complete) co_return judge(parsed.confirm);
  }
}

}  // namespace

io::Task<CheckResult> check_once(const CheckConfig& config, const SocketAddress& server, std::uint32_t sessions,
                                 sample::ProcessVariables* variables) {
  if (config.kind == Kind::external) {
    CheckResult result = co_await run_external(config, server, sessions);
    co_return result;
  }
  Exchange exchange(config, io::Worker::current());
  if (config.kind == Kind::tcp_check && !config.steps.empty()) {
    CheckResult result = co_await run_script(exchange, config, server, variables);
    co_return result;
  }
  if (is_probe(config.kind)) {
    CheckResult result = co_await run_probe(exchange, config, server);
    co_return result;
  }
  Stage stage;
  if (config.kind == Kind::rdp) {
    stage = co_await negotiate_rdp(exchange, config, server);
  } else {
    stage = co_await connect_only(exchange, config, server);
  }
  CheckResult result{.status = stage.status, .info = std::move(stage.info), .duration = exchange.elapsed()};
  co_await exchange.finish();
  co_return result;
}

io::Task<void> run_checks(std::shared_ptr<const CheckConfig> config, CheckSink sink, Milliseconds first_delay) {
  io::Worker& worker = io::Worker::current();
  co_await io::sleep_for(worker, first_delay);
  for (;;) {
    const SocketAddress server = sink.address(sink.object);
    if (server.family() != AddressFamily::none && sink.enabled(sink.object)) {
      sink.started(sink.object);
      const CheckResult result = co_await check_once(
          *config, server, sink.sessions != nullptr ? sink.sessions(sink.object) : 0, sink.variables);
      sink.finished(sink.object, result);
    }
    const Milliseconds wait = std::max(sink.interval(sink.object), Milliseconds(1));
    co_await io::sleep_for(worker, wait);
  }
}

}  // namespace weir::check
