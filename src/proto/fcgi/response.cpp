#include "proto/fcgi/response.h"

#include "proto/http/text.h"

namespace weir::proto::fcgi {
namespace {

using http::Head;
using http::Violation;

constexpr std::uint16_t kFound = 302;

/// "404 Not Found" or "404". Below 200 there is nothing that a program could say: 1xx are a connection's own.
bool read_status(std::string_view text, Head& head) {
  if (text.size() < 3 || (text.size() > 3 && text[3] != ' ')) return false;
  std::uint16_t status = 0;
  for (const char c : text.substr(0, 3)) {
    if (!http::is_digit(c)) return false;
    status = static_cast<std::uint16_t>(status * 10 + (c - '0'));
  }
  if (status < 200) return false;
  head.status = status;
  head.reason = http::trimmed(text.substr(3));
  return true;
}

Violation settle(Head& head) {
  head.version = http::Version::http11;
  head.status = 0;
  const http::FieldName name("status");
  for (http::Field* field = head.find(name); field != nullptr; field = head.find(name, head.index_of(field) + 1)) {
    if (!field->value.empty() && !read_status(field->value, head)) return Violation::bad_status;
    field->removed = true;
  }
  if (head.status == 0) {
    const bool elsewhere = head.find(http::FieldId::location) != nullptr;
    head.status = elsewhere ? kFound : 200;
    head.reason = elsewhere ? "Found" : "OK";
  }
  // RFC 3875 6.3.4: no fields about the connection. A coding would say that the body is something else than it is.
  if (head.find(http::FieldId::transfer_encoding) != nullptr) return Violation::unsupported_coding;
  head.remove_all(http::FieldId::connection);
  head.remove_all(http::FieldId::keep_alive);
  head.remove_all(http::FieldId::upgrade);
  return Violation::none;
}

}  // namespace

http1::HeadResult parse_answer(std::span<char> bytes, std::size_t& scanned, const http1::HeadOptions& options,
                               Head& out) {
  http1::HeadResult result = http1::parse_fields(bytes, scanned, options, out);
  if (result.kind != http1::HeadResult::Kind::complete) return result;
  if (const Violation wrong = settle(out); wrong != Violation::none)
    return {.kind = http1::HeadResult::Kind::violation, .violation = wrong, .at = result.size};
  return result;
}

}  // namespace weir::proto::fcgi
