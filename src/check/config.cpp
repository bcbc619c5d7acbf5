// Check settings: what belongs together, and how long each part may take.
#include "check/config.h"

#include <algorithm>

namespace weir::check {

bool operator==(const CheckConfig& a, const CheckConfig& b) {
  return a.kind == b.kind && a.inter == b.inter && a.fastinter == b.fastinter && a.downinter == b.downinter &&
         a.check_timeout == b.check_timeout && a.connect_timeout == b.connect_timeout && a.rise == b.rise &&
         a.fall == b.fall && a.address == b.address && a.port == b.port && a.tls == b.tls &&
         a.tls_client == b.tls_client && a.sni == b.sni && a.alpn == b.alpn && a.header == b.header &&
         a.steps == b.steps && a.probe == b.probe && a.external == b.external && a.connect == b.connect &&
         a.names == b.names;
}

bool speaks_tls(const CheckConfig& config) {
  if (config.kind == Kind::external) return false;
  if (config.kind != Kind::tcp_check || !begins_with_connect(config.steps)) {
    if (config.tls) return true;
  }
  if (config.kind != Kind::tcp_check) return false;
  return std::ranges::any_of(config.steps, [&](const Step& step) {
    return step.kind == StepKind::connect && (step.connect.tls || (step.connect.server_defaults && config.tls));
  });
}

Result<void> complete(CheckConfig& config) {
  if (!speaks_tls(config)) return {};
  auto context = tls::ClientContext::create(config.tls_client);
  if (!context) return unexpected(context.error());
  config.tls_context = std::move(*context);
  return {};
}

CheckTimeouts timeouts(const CheckConfig& config) {
  if (!config.check_timeout) return {.connect = config.inter, .exchange = std::nullopt};
  const Milliseconds connect = config.connect_timeout ? std::min(*config.connect_timeout, config.inter) : config.inter;
  return {.connect = connect, .exchange = config.check_timeout};
}

Milliseconds start_offset(Milliseconds shortest_inter, std::size_t position, std::size_t count, Timeout max_spread) {
  if (count == 0) return Milliseconds(0);
  auto span = std::max(shortest_inter, Milliseconds(1000));
  if (max_spread) span = std::min(span, *max_spread);
  return Milliseconds(span.count() * static_cast<Milliseconds::rep>(position) / static_cast<Milliseconds::rep>(count));
}

}  // namespace weir::check
