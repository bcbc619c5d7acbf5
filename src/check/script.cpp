// The tcp-check interpreter.
//
// The wording of what went wrong, the step's number (comments count) and which status a finished ruleset reports were
// observed from outside on HAProxy 2.6; patterns are shown as written, where that program prints raw bytes.
#include "check/script.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "check/pattern.h"
#include "check/variable_step.h"
#include "io/worker.h"

namespace weir::check {
namespace {

/// One run: what the steps share.
struct Run {
  Exchange& exchange;
  const CheckConfig& config;
  const SocketAddress& server;
  sample::ProcessVariables* process_variables;
  std::size_t index = 0;                           // of the current step
  std::unique_ptr<sample::Arena> arena = nullptr;  // made by the first format or expression
  std::unique_ptr<sample::Variables> variables = nullptr;

  [[nodiscard]] const Step& step() const { return config.steps[index]; }
  /// The step's own, or that of a comment line before it; such a line also covers expects that follow each other.
  [[nodiscard]] std::string_view comment() const {
    if (!step().comment.empty()) return step().comment;
    for (std::size_t i = index; i > 0; i--) {
      const Step& before = config.steps[i - 1];
      if (before.kind == StepKind::comment) return before.comment;
      if (before.kind != StepKind::expect || step().kind != StepKind::expect) break;
    }
    return {};
  }
};

/// Calls `evaluate` with a context that shows the connection and what was received.
template <class F>
void with_context(Run& run, F&& evaluate) {
  if (run.arena == nullptr) run.arena = std::make_unique<sample::Arena>();
  run.arena->reset();
  const SocketAddress local = run.exchange.local_address();
  const sample::ConnectionFacts server{.source = &local,
                                       .destination = &run.exchange.peer(),
                                       .accepted = {},
                                       .endpoint_name = run.config.names.server,
                                       .endpoint_id = run.config.names.server_id,
                                       .proxy_name = run.config.names.backend,
                                       .proxy_id = run.config.names.backend_id};
  const sample::Payload response{.bytes = run.exchange.received(), .closed = true};
  sample::Context context{.arena = *run.arena};
  context.server = &server;
  context.response = &response;
  context.in_response = true;
  context.final = true;
  context.variables = &run.variables;
  context.process_variables = run.process_variables;
  context.now = run.exchange.worker().now();
  context.wall_now = run.exchange.worker().wall_now();
  evaluate(context);
}

std::string expand(Run& run, const sample::LogFormat& format) {
  std::string text(run.exchange.worker().buffers().buffer_size(), '\0');
  with_context(run, [&](sample::Context& context) { text.resize(format.format(context, text)); });
  return text;
}

std::optional<std::int64_t> number(Run& run, const sample::Expression& expression) {
  std::optional<std::int64_t> value;
  with_context(run, [&](sample::Context& context) {
    sample::Sample sample;
    if (expression.evaluate(context, sample) != sample::FetchStatus::ok) return;
    // Digits in bytes count as a number, which no other place grants them: "220" of a banner becomes a code.
    if (sample.type() == sample::Type::binary) sample = sample::Sample::string(sample.text());
    if (sample::cast(sample, sample::Type::integer, context.arena)) value = sample.as_integer();
  });
  return value;
}

/// "Connection refused at step 1 of tcp-check (connect port 1) comment: 'x'"
std::string located(const Run& run, std::string_view what) {
  std::string text = fmt::format("{} at step {} of tcp-check ({})", what, run.index + 1, describe(run.step()));
  if (const auto comment = run.comment(); !comment.empty()) text += fmt::format(" comment: '{}'", comment);
  return text;
}

Stage stopped(const Run& run, Moved moved, Status timeout, Status broken) {
  if (moved == Moved::timed_out) return {timeout, located(run, "")};
  return {broken, located(run, run.exchange.failure())};
}

io::Task<Stage> connect(Run& run) {
  const ConnectStep& wanted = run.step().connect;
  Route route = default_route(run.config, run.server);
  if (wanted.address.family() != AddressFamily::none) {
    const std::uint16_t port = route.address.port();
    route.address = wanted.address;
    if (route.address.is_inet() && route.address.port() == 0) route.address.set_port(port);
  }
  std::int64_t port = wanted.port;
  if (!wanted.port_expression.empty()) {
    // A value that is not there leaves the check's own port.
    const auto given = number(run, wanted.port_expression);
    port = given.value_or(0);
    if (given && (port < 1 || port > 65535)) co_return Stage{Status::sockerr, located(run, "no valid port")};
  }
  if (port != 0 && route.address.is_inet()) route.address.set_port(static_cast<std::uint16_t>(port));
  route.tls = wanted.tls || (wanted.server_defaults && run.config.tls);
  if (!wanted.sni.empty())
    route.sni = wanted.sni;
  else if (!wanted.server_defaults)
    route.sni.clear();
  if (!wanted.alpn.empty()) route.alpn = wanted.alpn;
  route.header = wanted.send_proxy || (wanted.server_defaults && run.config.header.always);
  route.linger = wanted.linger;
  Stage stage = co_await run.exchange.open(route);
  if (!passed(stage.status)) stage.info = located(run, stage.info);
  co_return stage;
}

io::Task<Stage> send(Run& run) {
  const SendStep& wanted = run.step().send;
  std::string expanded;
  if (wanted.format != nullptr) {
    expanded = expand(run, *wanted.format);
    if (wanted.hex) {
      auto bytes = parse_hex(expanded);
      if (!bytes)
        co_return Stage{Status::l7rsp,
                        fmt::format("tcp-check send : failed to build log-format string at step {}", run.index + 1)};
      expanded = std::move(*bytes);
    }
  }
  // A new question: the answer to the last one is not searched again.
  run.exchange.forget_received();
  const std::string_view bytes = wanted.format != nullptr ? std::string_view(expanded) : std::string_view(wanted.data);
  const Moved moved = co_await run.exchange.send(bytes);
  if (moved != Moved::ok) co_return stopped(run, moved, Status::l7tout, Status::l7rsp);
  co_return Stage{Status::l7ok};
}

Stage mismatch(Run& run, bool empty) {
  const ExpectStep& wanted = run.step().expect;
  const auto comment = run.comment();
  if (empty) {
    std::string text = fmt::format("TCPCHK got an empty response at step {}", run.index + 1);
    if (!comment.empty()) text += fmt::format(" comment: '{}'", comment);
    return {wanted.error_status, std::move(text)};
  }
  std::string text =
      wanted.on_error != nullptr
          ? expand(run, *wanted.on_error)
          : fmt::format("TCPCHK {} {} at step {}", wanted.negate ? "matched unwanted content" : "did not match content",
                        wanted.pattern->content(), run.index + 1);
  if (!comment.empty()) text += fmt::format(" comment: {}", comment);
  return {wanted.error_status, std::move(text)};
}

io::Task<Stage> expect(Run& run) {
  const ExpectStep& wanted = run.step().expect;
  std::string expanded;
  if (wanted.pattern->format() != nullptr) {
    expanded = expand(run, *wanted.pattern->format());
    if (wanted.pattern->kind() == PatternKind::binary_lf && !parse_hex(expanded))
      co_return Stage{Status::l7rsp, "Failed to parse hexastring resulting of eval of a log-format string"};
  }
  // COMPAT: min-recv holds for exact texts as for expressions: `min-recv 12 ! string x` looks at 12 bytes.
  const std::size_t least = wanted.min_recv < 0 ? 0 : static_cast<std::size_t>(wanted.min_recv);
  for (;;) {
    const std::string& received = run.exchange.received();
    const bool last = run.exchange.ended();
    const bool enough = last || received.size() >= least;
    if (received.empty() && last) co_return mismatch(run, true);
    if (!received.empty() && enough) {
      const bool found = wanted.pattern->matches(received, expanded);
      // What was found stays found. What was not may still come, wanted or unwanted, unless min-recv made this the
      // answer.
      if (found || last || wanted.min_recv >= 0)
        co_return found != wanted.negate ? Stage{wanted.ok_status} : mismatch(run, false);
    }
    const Moved moved = co_await run.exchange.receive();
    if (moved == Moved::timed_out || moved == Moved::failed)
      co_return stopped(run, moved, wanted.timeout_status, wanted.error_status);
  }
}

// Other results show none, whatever status-code says.
bool has_code(Status status) { return status == Status::l7ok || status == Status::l7okc || status == Status::l7sts; }

CheckResult finished(Run& run, const Stage& stage, const Step* last) {
  CheckResult result;
  result.status = stage.status;
  const ExpectStep* expected = last != nullptr && last->kind == StepKind::expect ? &last->expect : nullptr;
  if (last == nullptr)  // no step but comments and variables
    result.info = stage.info;
  else if (passed(stage.status) && stage.info.empty())
    result.info = expected != nullptr && expected->on_success != nullptr ? expand(run, *expected->on_success)
                                                                         : std::string("(tcp-check)");
  else
    result.info = stage.info;
  if (has_code(result.status)) {
    result.code = 0;
    if (expected != nullptr && !expected->status_code.empty())
      if (const auto code = number(run, expected->status_code)) result.code = static_cast<int>(*code);
  }
  result.duration = run.exchange.elapsed();
  return result;
}

}  // namespace

io::Task<CheckResult> run_script(Exchange& exchange, const CheckConfig& config, const SocketAddress& server,
                                 sample::ProcessVariables* variables) {
  Run run{.exchange = exchange, .config = config, .server = server, .process_variables = variables};
  Stage stage{Status::l4ok};
  const Step* last = nullptr;
  if (!begins_with_connect(config.steps)) {
    const Route route = default_route(config, server);
    stage = co_await exchange.open(route);
    if (!passed(stage.status)) {
      stage.info += " at initial connection step of tcp-check";
      co_return finished(run, stage, last);
    }
  }
  for (run.index = 0; run.index < config.steps.size(); run.index++) {
    const Step& step = config.steps[run.index];
    if (step.kind == StepKind::comment) continue;
    if (step.kind == StepKind::variable) {
      with_context(run, [&](sample::Context& context) { step.variable->apply(context); });
      continue;
    }
    last = &step;
    switch (step.kind) {
      case StepKind::connect: stage = co_await connect(run); break;
      case StepKind::send: stage = co_await send(run); break;
      case StepKind::expect: stage = co_await expect(run); break;
      case StepKind::comment:
      case StepKind::variable: break;
    }
    if (!passed(stage.status)) break;
  }
  CheckResult result = finished(run, stage, last);
  co_await exchange.finish();
  co_return result;
}

}  // namespace weir::check
