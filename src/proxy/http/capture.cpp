// `capture request header`, `capture response header`, `capture cookie`: what the log shows of heads.
//
// Request captures are taken before any rule, response captures before the response's rules. The texts are bounded by
// their lines' `len` and live in the session's extras until the request is over. Manual: 8.8, capture.
#include <algorithm>

#include "proto/http/cookie.h"
#include "proxy/http/phases.h"
#include "proxy/tcp/extras.h"
#include "proxy/worker_context.h"

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

// The first cookie whose name is, or begins with, what the line says ("ASP" and "ASPSESSIONID"; "JSESSIONID=" is
// exact).
bool is_captured(const CaptureSlot& slot, const Cookie& cookie) {
  const std::string_view wanted = slot.header;
  if (wanted.ends_with('=')) return cookie.name == wanted.substr(0, wanted.size() - 1);
  return cookie.name.starts_with(wanted);
}

std::string pair_of(const Session& session, const CaptureSlot& slot, const Cookie& cookie) {
  std::string text(cookie.name);
  text += '=';
  text += cookie.value;
  const std::size_t most = std::min(slot.length, session.worker->plan->global->capture_cookie_length);
  if (text.size() > most) text.resize(most);
  return text;
}

bool has_headers(const std::vector<CaptureSlot>& slots) {
  return std::ranges::any_of(slots, [](const CaptureSlot& slot) { return !slot.header.empty(); });
}

}  // namespace

void capture_request(Session& session) {
  const auto& slots = session.frontend->config->request_captures;
  if (has_headers(slots)) capture(session.http->request, slots, extras(session).request_captures);
  const CaptureSlot& cookie_slot = session.frontend->config->captured_cookie;
  if (cookie_slot.length == 0) return;
  for (const Field& field : session.http->request.fields()) {
    if (field.removed || field.id != FieldId::cookie) continue;
    CookieWalk walk(field.value);
    while (const auto cookie = walk.next()) {
      if (!is_captured(cookie_slot, *cookie)) continue;
      extras(session).request_cookie = pair_of(session, cookie_slot, *cookie);
      return;
    }
  }
}

void capture_response(Session& session) {
  const auto& slots = session.frontend->config->response_captures;
  if (has_headers(slots)) capture(session.http->response, slots, extras(session).response_captures);
  const CaptureSlot& cookie_slot = session.frontend->config->captured_cookie;
  if (cookie_slot.length == 0) return;
  for (const Field& field : session.http->response.fields()) {
    if (field.removed || field.id != FieldId::set_cookie) continue;
    const auto cookie = set_cookie(field.value);
    if (!cookie || !is_captured(cookie_slot, *cookie)) continue;
    extras(session).response_cookie = pair_of(session, cookie_slot, *cookie);
    return;
  }
}

}  // namespace weir::proxy
