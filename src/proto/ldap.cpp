#include "proto/ldap.h"

namespace weir::proto::ldap {
namespace {

using Kind = BindAnswer::Kind;

constexpr unsigned char kSequence = 0x30;
constexpr unsigned char kInteger = 0x02;
constexpr unsigned char kEnumerated = 0x0a;
constexpr unsigned char kBindResponse = 0x61;  // [APPLICATION 1], constructed
constexpr std::size_t kMaxLength = 8192;       // no bind response comes near it

/// One element: tag, length, contents. What is not yet there is no mistake.
struct Element {
  Kind kind = Kind::incomplete;
  std::string_view contents;  // what of it is there
  std::string_view rest;
};

unsigned byte(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

// RFC 4511, 5.1: lengths are definite, in the short or the long form.
Element element(std::string_view bytes, unsigned char tag) {
  if (bytes.empty()) return {};
  if (byte(bytes, 0) != tag) return {Kind::malformed, {}, {}};
  if (bytes.size() < 2) return {};
  std::size_t length = byte(bytes, 1);
  std::size_t start = 2;
  if (length >= 0x80) {
    const std::size_t octets = length - 0x80;
    if (octets == 0 || octets > 4) return {Kind::malformed, {}, {}};
    if (bytes.size() < 2 + octets) return {};
    length = 0;
    for (std::size_t i = 0; i < octets; i++) length = length << 8U | byte(bytes, 2 + i);
    start += octets;
  }
  if (length == 0 || length > kMaxLength) return {Kind::malformed, {}, {}};
  if (bytes.size() < start + length) return {Kind::incomplete, bytes.substr(start), {}};
  return {Kind::complete, bytes.substr(start, length), bytes.substr(start + length)};
}

BindAnswer malformed() { return {Kind::malformed, 0}; }

unsigned number(std::string_view octets) {
  unsigned value = 0;
  for (const char c : octets.substr(0, 4)) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

std::string bind_request() {
  using namespace std::string_view_literals;
  return std::string(
      "\x30\x0c"      // LDAPMessage
      "\x02\x01\x01"  // messageID 1
      "\x60\x07"      // BindRequest
      "\x02\x01\x03"  // version 3
      "\x04\x00"      // name: none
      "\x80\x00"sv);  // simple: no password
}

// What has arrived of the message is judged as far as it goes, so that another protocol's text is refused at once.
BindAnswer parse_bind_answer(std::string_view bytes) {
  const Element message = element(bytes, kSequence);
  if (message.kind == Kind::malformed) return malformed();
  const bool whole = message.kind == Kind::complete;
  const auto wait = [&] { return whole ? malformed() : BindAnswer{}; };
  const Element id = element(message.contents, kInteger);
  if (id.kind == Kind::malformed) return malformed();
  if (id.kind == Kind::incomplete) return wait();
  if (number(id.contents) != 1 || id.contents.size() > 4) return malformed();
  const Element response = element(id.rest, kBindResponse);
  if (response.kind == Kind::malformed) return malformed();
  const Element result = element(response.contents, kEnumerated);
  if (result.kind == Kind::malformed) return malformed();
  if (!whole || response.kind != Kind::complete || result.kind != Kind::complete) return wait();
  if (result.contents.size() > 4) return malformed();
  return {Kind::complete, number(result.contents)};
}

}  // namespace weir::proto::ldap
