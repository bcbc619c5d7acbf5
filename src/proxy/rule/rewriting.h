// What actions that rewrite heads have in common: the head of their side, names that match, and a rewrite that failed.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/http/head.h"
#include "proxy/http/exchange.h"
#include "proxy/process_state.h"
#include "proxy/rule/rule.h"
#include "proxy/tcp/session.h"
#include "proxy/worker_context.h"
#include "sample/context.h"

namespace weir::proxy {

[[nodiscard]] inline proto::http::Head& head_of(Session& session, const sample::Context& context) {
  return context.in_response ? session.http->response : session.http->request;
}

/// Counted; strict-mode says whether it ends the exchange.
inline Verdict failed_rewrite(Session& session) {
  const std::uint16_t worker = session.worker->id();
  session.frontend->state->counters[worker].failed_rewrites.add();
  if (session.backend) session.backend->state->counters[worker].failed_rewrites.add();
  return session.http->strict_rewrites ? Verdict::failed : Verdict::next;
}

/// `-m`: how a field's name is compared, whatever its case.
enum class NameMatch : std::uint8_t { str, beg, end, sub };
inline constexpr std::string_view kNameMatches[] = {"str", "beg", "end", "sub"};
[[nodiscard]] bool matches_name(std::string_view name, std::string_view wanted, NameMatch match);

}  // namespace weir::proxy
