#include "proxy/log_profile.h"

#include <algorithm>

#include "proxy/plan.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kOrigins[] = {
    "unspec",       "sess_error",   "sess_killed", "txn_accept",   "txn_request",
    "txn_connect",  "txn_response", "txn_close",   "tcp-req-conn", "tcp-req-sess",
    "tcp-req-cont", "tcp-res-cont", "http-req",    "http-res",     "http-after-res",
};
constexpr std::string_view kSteps[] = {
    "accept",       "request",      "connect",      "response",     "close",    "error",    "any",
    "tcp-req-conn", "tcp-req-sess", "tcp-req-cont", "tcp-res-cont", "http-req", "http-res", "http-after-res",
};
static_assert(std::size(kSteps) == kLogSteps);

// More precise words win over `any`, as a whole. An end that was an error is `error` first; where the proxy has no
// error-log-format it is an end like others as well.
const LogProfile::Step* words_of(const LogProfile& profile, const LogPlan& log, LogStep step, bool normal) {
  if (!normal && profile.at_step(LogStep::error).written) return &profile.at_step(LogStep::error);
  const bool by_step = normal || log.errors == nullptr;
  if (by_step && profile.at_step(step).written) return &profile.at_step(step);
  return profile.at_step(LogStep::any).written ? &profile.at_step(LogStep::any) : nullptr;
}

}  // namespace

std::string_view name_of(LogOrigin origin) { return kOrigins[static_cast<std::size_t>(origin)]; }

std::span<const std::string_view> log_step_names() { return kSteps; }

LogStep step_of(LogOrigin origin) {
  switch (origin) {
    case LogOrigin::unspec: return LogStep::any;
    case LogOrigin::sess_error:
    case LogOrigin::sess_killed: return LogStep::error;
    case LogOrigin::txn_accept: return LogStep::accept;
    case LogOrigin::txn_request: return LogStep::request;
    case LogOrigin::txn_connect: return LogStep::connect;
    case LogOrigin::txn_response: return LogStep::response;
    case LogOrigin::txn_close: return LogStep::close;
    case LogOrigin::tcp_req_conn: return LogStep::tcp_req_conn;
    case LogOrigin::tcp_req_sess: return LogStep::tcp_req_sess;
    case LogOrigin::tcp_req_cont: return LogStep::tcp_req_cont;
    case LogOrigin::tcp_res_cont: return LogStep::tcp_res_cont;
    case LogOrigin::http_req: return LogStep::http_req;
    case LogOrigin::http_res: return LogStep::http_res;
    case LogOrigin::http_after_res: return LogStep::http_after_res;
  }
  return LogStep::any;
}

std::shared_ptr<const LogProfile> find_profile(const LogProfiles& profiles, std::string_view name) {
  const auto found = std::ranges::find_if(profiles, [&](const auto& profile) { return profile->name == name; });
  return found == profiles.end() ? nullptr : *found;
}

LogWording wording_of(const LogPlan& log, const LogProfile* profile, LogStep step, bool normal) {
  LogWording wording{.tag = log.tag};
  if (step == LogStep::error)  // of a session that was none yet: its line is short
    wording.format = log.errors.get();
  else
    wording = {.format = !normal && log.errors ? log.errors.get() : log.format.get(),
               .structured = log.structured.get(),
               .tag = log.tag};
  if (profile == nullptr) return wording;
  if (!profile->tag.empty()) wording.tag = profile->tag;
  const LogProfile::Step* words = words_of(*profile, log, step, normal);
  if (words == nullptr) return wording;
  wording.drop = words->drop;
  if (words->format.program) wording.format = words->format.program.get();
  if (words->structured.program) wording.structured = words->structured.program.get();
  return wording;
}

}  // namespace weir::proxy
