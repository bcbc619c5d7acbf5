#include "proto/http/framing.h"

#include "proto/http/text.h"

namespace weir::proto::http {
namespace {

struct ViolationRow {
  std::uint16_t status;
  const char* text;
};
// COMPAT: what is too large, or too much, is a 400 as the manual says of tune.bufsize and tune.http.maxhdr.
constexpr ViolationRow kViolations[] = {
    {200, "no violation"},
    {400, "invalid method"},
    {400, "invalid request target"},
    {400, "invalid version"},
    {400, "invalid status"},
    {400, "invalid field name"},
    {400, "invalid byte in a field value"},
    {400, "invalid line"},
    {400, "invalid or contradictory Content-Length"},
    {400, "invalid Transfer-Encoding"},
    {400, "invalid or contradictory Host"},
    {400, "invalid chunk"},
    {400, "invalid trailer"},
    {400, "invalid Upgrade"},
    {413, "a payload with a method of HTTP/1.0 that has none"},
    {501, "unsupported transfer coding"},
    {400, "too many fields"},
    {400, "head too large"},
    {505, "unsupported version"},
};
static_assert(std::size(kViolations) == static_cast<std::size_t>(Violation::unsupported_version) + 1);

// Above this, what a body's position is counted in could wrap.
constexpr std::uint64_t kMaxLength = (std::uint64_t{1} << 63) - 1;

/// One decimal number, digits only.
bool read_length(std::string_view text, std::uint64_t& length) {
  if (text.empty()) return false;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (kMaxLength - digit) / 10) return false;
    value = value * 10 + digit;
  }
  length = value;
  return true;
}

/// What the fields that matter here say, collected in one walk.
struct Said {
  bool has_length = false;
  std::uint64_t length = 0;
  Field* coding_field = nullptr;  // the first Transfer-Encoding
  std::uint32_t codings = 0;
  std::uint32_t chunked = 0;
  bool chunked_last = false;
  bool close = false;
  bool keep_alive = false;
  bool upgrade_token = false;
  bool upgrade_field = false;
  bool websocket = false;
  bool websocket_key = false;
  bool websocket_accept = false;
  bool expect_continue = false;
  Violation violation = Violation::none;
};

/// RFC 9110 8.6: the same length said twice, in one field or several, is said once from here on; RFC 9112 6.3: two that
/// differ are refused.
void take_length(Said& said, Field& field) {
  std::string_view rest = field.value;
  std::string_view first;
  while (true) {
    const std::size_t comma = rest.find(',');
    const std::string_view element = trimmed(rest.substr(0, comma));
    std::uint64_t length = 0;
    // No empty elements: "3," is no number followed by anything a sender can have meant.
    if (!read_length(element, length) || (said.has_length && length != said.length)) {
      said.violation = Violation::bad_length;
      return;
    }
    if (said.has_length && first.empty()) field.removed = true;
    if (first.empty()) first = element;
    said.has_length = true;
    said.length = length;
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  field.value = first;
}

void take_codings(Said& said, Field& field) {
  ListWalk list(field.value);
  for (std::string_view coding; list.next(coding);) {
    ++said.codings;
    said.chunked_last = same_name(coding, "chunked");
    if (said.chunked_last) ++said.chunked;
  }
  if (said.coding_field == nullptr) {
    said.coding_field = &field;
  } else {
    field.removed = true;
  }
}

/// Keeps what is not about this connection's life: "close, x-a" becomes "x-a". The kept elements are slices: the first
/// stays in its place, and more of them become fields of their own, which is the same (RFC 9110 5.3).
void take_connection(Said& said, Head& head, std::size_t index) {
  Field& field = head.fields()[index];
  const std::string_view value = field.value;
  bool own = false;    // says close or keep-alive
  bool other = false;  // says something else
  ListWalk list(value);
  for (std::string_view token; list.next(token);) {
    if (same_name(token, "close")) {
      said.close = own = true;
    } else if (same_name(token, "keep-alive")) {
      said.keep_alive = own = true;
    } else {
      other = true;
      if (same_name(token, "upgrade")) said.upgrade_token = true;
    }
  }
  if (!own && other) return;
  field.removed = true;
  if (!other) return;
  const std::string_view name = field.name;
  ListWalk again(value);
  for (std::string_view token; again.next(token);) {
    if (same_name(token, "close") || same_name(token, "keep-alive")) continue;
    if (field.removed) {
      field.value = token;
      field.removed = false;
    } else if (!head.add(name, FieldId::connection, token)) {
      said.violation = Violation::too_many_fields;
    }
  }
}

/// RFC 9110 10.1.4: it is for the next hop only; what may be passed on is that trailers are welcome.
void take_te(Field& field) {
  ListWalk list(field.value);
  for (std::string_view element; list.next(element);) {
    if (!same_name(element, "trailers")) continue;
    field.value = element;
    return;
  }
  field.removed = true;
}

void take_upgrade(Said& said, const Field& field) {
  said.upgrade_field = said.upgrade_field || !field.value.empty();
  ListWalk list(field.value);
  for (std::string_view protocol; list.next(protocol);) {
    if (same_name(protocol, "websocket")) said.websocket = true;
  }
}

/// The fields that walk() looks at, as bits.
constexpr std::uint64_t kFramingFields = [] {
  std::uint64_t bits = 0;
  for (const FieldId id :
       {FieldId::content_length, FieldId::transfer_encoding, FieldId::connection, FieldId::te, FieldId::upgrade,
        FieldId::sec_websocket_key, FieldId::sec_websocket_accept, FieldId::expect})
    bits |= std::uint64_t{1} << static_cast<unsigned>(id);
  return bits;
}();

Said walk(Head& head) {
  Said said;
  const std::size_t count = head.fields().size();  // what take_connection adds needs no second look
  for (std::size_t i = 0; i < count && said.violation == Violation::none; ++i) {
    Field& field = head.fields()[i];
    if ((kFramingFields >> static_cast<unsigned>(field.id) & 1) == 0 || field.removed) continue;
    switch (field.id) {
      case FieldId::content_length: take_length(said, field); break;
      case FieldId::transfer_encoding: take_codings(said, field); break;
      case FieldId::connection: take_connection(said, head, i); break;
      case FieldId::te:
        if (head.is_request) take_te(field);
        break;
      case FieldId::upgrade: take_upgrade(said, field); break;
      case FieldId::sec_websocket_key: said.websocket_key = true; break;
      case FieldId::sec_websocket_accept: said.websocket_accept = true; break;
      case FieldId::expect:
        said.expect_continue = said.expect_continue || same_name(field.value, "100-continue");
        break;
      default: break;
    }
  }
  return said;
}

/// Whether Transfer-Encoding frames the message, which it then does alone. RFC 9112 6.1, 6.3.
bool settle_coding(Head& head, Said& said, Framing& framing, bool lenient) {
  if (said.coding_field == nullptr) return false;
  const auto refuse = [&](Violation violation) {
    framing.violation = violation;
    return false;
  };
  if (head.version != Version::http11) return refuse(Violation::bad_coding);
  if (said.codings == 0 && lenient) {
    said.coding_field->removed = true;
    framing.close_after = true;
    head.remove_all(FieldId::content_length);
    return false;
  }
  if (said.codings == 0 || !said.chunked_last) return refuse(Violation::bad_coding);
  if (said.chunked > 1 && !lenient) return refuse(Violation::bad_coding);
  if (said.chunked != said.codings) return refuse(Violation::unsupported_coding);
  said.coding_field->value = "chunked";
  if (said.has_length) {
    head.remove_all(FieldId::content_length);
    framing.close_after = true;
  }
  framing.kind = BodyKind::chunked;
  return true;
}

void set_persistence(const Head& head, const Said& said, Framing& framing) {
  framing.connection_close = said.close;
  framing.keep_alive = !said.close && (head.version != Version::http10 || said.keep_alive);
}

void drop_body_fields(Head& head) {
  head.remove_all(FieldId::content_length);
  head.remove_all(FieldId::transfer_encoding);
}

/// RFC 9112 6.3, 1 to 3: responses that end with their head, whatever their fields say.
bool ends_with_head(const Head& head, Method method) {
  return method == Method::head || head.status < 200 || head.status == 204 || head.status == 304;
}

void frame_switch(const Said& said, const FramingOptions& options, Framing& framing) {
  framing.kind = BodyKind::tunnel;
  framing.keep_alive = false;
  framing.upgrade = said.upgrade_token && said.upgrade_field && options.upgrade_asked;
  const bool accepted = !said.websocket || said.websocket_accept || options.accept_unsafe;
  if (!framing.upgrade || !accepted) framing.violation = Violation::bad_upgrade;
}

}  // namespace

std::uint16_t status_of(Violation violation) { return kViolations[static_cast<std::size_t>(violation)].status; }
const char* violation_text(Violation violation) { return kViolations[static_cast<std::size_t>(violation)].text; }

Framing frame_request(Head& head, const FramingOptions& options) {
  Framing framing;
  Said said = walk(head);
  framing.violation = said.violation;
  if (framing.violation != Violation::none) return framing;
  set_persistence(head, said, framing);
  if (!settle_coding(head, said, framing, false)) {
    if (framing.violation != Violation::none) return framing;
    framing.length = said.length;
    framing.kind = said.length != 0 ? BodyKind::length : BodyKind::none;
  }
  if (head.method == Method::connect) {  // RFC 9110 9.3.6: no content
    drop_body_fields(head);
    framing.kind = BodyKind::none;
    framing.length = 0;
  }
  const bool has_body = framing.kind != BodyKind::none;
  if (head.version == Version::http10) {
    const bool bodyless = head.method == Method::get || head.method == Method::head || head.method == Method::delete_;
    if (has_body && bodyless && !options.payload_with_any_method) framing.violation = Violation::unsafe_payload;
    return framing;  // RFC 9110 7.8, 10.1.1: no Upgrade, no Expect
  }
  framing.expect_continue = said.expect_continue && has_body;
  // COMPAT: an Upgrade beside a body is not offered on: where the new protocol would begin is unclear to many.
  if (said.upgrade_field && has_body) head.remove_all(FieldId::upgrade);
  framing.upgrade = said.upgrade_token && said.upgrade_field && !has_body && head.method != Method::connect;
  if (framing.upgrade && said.websocket && !said.websocket_key && !options.accept_unsafe) {
    framing.violation = Violation::bad_upgrade;
  }
  return framing;
}

Framing frame_response(Head& head, Method method, const FramingOptions& options) {
  Framing framing;
  Said said = walk(head);
  framing.violation = said.violation;
  if (framing.violation != Violation::none) return framing;
  set_persistence(head, said, framing);
  if (head.status == 101) {
    drop_body_fields(head);
    frame_switch(said, options, framing);
    return framing;
  }
  const bool tunnel = method == Method::connect && head.status >= 200 && head.status < 300;
  // RFC 9110 8.6, 9.3.6, RFC 9112 6.1: these may not speak of a body.
  if (tunnel || head.status < 200 || head.status == 204) {
    drop_body_fields(head);
    framing.kind = tunnel ? BodyKind::tunnel : BodyKind::none;
    if (tunnel) framing.keep_alive = false;
    return framing;
  }
  if (!settle_coding(head, said, framing, options.accept_unsafe)) {
    if (framing.violation != Violation::none) return framing;
    if (said.has_length && said.coding_field == nullptr) {
      framing.length = said.length;
      framing.kind = said.length != 0 ? BodyKind::length : BodyKind::none;
    } else {
      framing.kind = BodyKind::until_close;
    }
  }
  if (ends_with_head(head, method)) {
    framing.kind = BodyKind::none;
    framing.length = 0;
  }
  if (framing.kind == BodyKind::until_close) framing.keep_alive = false;
  return framing;
}

}  // namespace weir::proto::http
