// `capture request header`, `capture response header`, `capture cookie`: what the log shows of heads.
//
// Request captures are taken before any rule, response captures before the response's rules. The texts are bounded by
// their lines' `len` and live in the session's extras until the request is over. Manual: 8.8, capture.
#include "proxy/http/phases.h"
#include "proxy/tcp/extras.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

// The last field of that name: the one that a later proxy has added.
const Field* last_of(const Head& head, const std::string& name) {
  const FieldName wanted(name);
  const Field* last = nullptr;
  for (const Field* field = head.find(wanted); field != nullptr; field = head.find(wanted, head.index_of(field) + 1))
    last = field;
  return last;
}

void capture(const Head& head, const std::vector<CaptureSlot>& slots, SessionExtras::Captures& into) {
  for (std::size_t i = 0; i < slots.size(); i++) {
    if (slots[i].header.empty()) continue;  // a rule fills it
    if (const Field* field = last_of(head, slots[i].header))
      SessionExtras::keep(into, i, field->value.substr(0, slots[i].length));
  }
}

bool has_headers(const std::vector<CaptureSlot>& slots) {
  return std::ranges::any_of(slots, [](const CaptureSlot& slot) { return !slot.header.empty(); });
}

}  // namespace

void capture_request(Session& session) {
  const auto& slots = session.frontend->config->request_captures;
  if (has_headers(slots)) capture(session.http->request, slots, extras(session).request_captures);
}

void capture_response(Session& session) {
  const auto& slots = session.frontend->config->response_captures;
  if (has_headers(slots)) capture(session.http->response, slots, extras(session).response_captures);
}

}  // namespace weir::proxy
