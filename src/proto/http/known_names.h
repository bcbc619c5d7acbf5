// The names of fields that are recognised: a perfect hash, which the compiler checks.
//
// The length and three letters tell the names apart, whatever their case. Each stands in its slot, padded with zeros to
// 32 bytes, so that a parser that holds a name in vector registers compares it there.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "proto/http/head.h"

namespace weir::proto::http {

struct alignas(32) KnownName {
  std::array<char, 30> name{};
  std::uint8_t size = 0;  // 0: an empty slot
  FieldId id = FieldId::other;
};
static_assert(sizeof(KnownName) == 32);
inline constexpr std::size_t kLongestKnownName = 25;
inline constexpr std::size_t kKnownSlots = 64;

/// Where a name of `size` bytes, at least 1, stands if it is known.
constexpr std::size_t known_slot(const char* name, std::size_t size) {
  const auto letter = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(name[i]) | 0x20);
  };
  return (size + letter(0) * 7 + letter(size - 1) * 21 + letter(size / 2) * 15) % kKnownSlots;
}

namespace detail {
struct NameAndId {
  std::string_view name;
  FieldId id;
};
inline constexpr NameAndId kNames[] = {
    {"accept-encoding", FieldId::accept_encoding},
    {"authorization", FieldId::authorization},
    {"cache-control", FieldId::cache_control},
    {"connection", FieldId::connection},
    {"content-encoding", FieldId::content_encoding},
    {"content-length", FieldId::content_length},
    {"content-type", FieldId::content_type},
    {"cookie", FieldId::cookie},
    {"date", FieldId::date},
    {"expect", FieldId::expect},
    {"forwarded", FieldId::forwarded},
    {"host", FieldId::host},
    {"keep-alive", FieldId::keep_alive},
    {"location", FieldId::location},
    {"origin", FieldId::origin},
    {"proxy-authenticate", FieldId::proxy_authenticate},
    {"proxy-authorization", FieldId::proxy_authorization},
    {"proxy-connection", FieldId::proxy_connection},
    {"referer", FieldId::referer},
    {"sec-websocket-accept", FieldId::sec_websocket_accept},
    {"sec-websocket-key", FieldId::sec_websocket_key},
    {"set-cookie", FieldId::set_cookie},
    {"strict-transport-security", FieldId::strict_transport_security},
    {"te", FieldId::te},
    {"trailer", FieldId::trailer},
    {"transfer-encoding", FieldId::transfer_encoding},
    {"upgrade", FieldId::upgrade},
    {"user-agent", FieldId::user_agent},
    {"vary", FieldId::vary},
    {"www-authenticate", FieldId::www_authenticate},
    {"x-forwarded-for", FieldId::x_forwarded_for},
};
}  // namespace detail

inline constexpr std::array<KnownName, kKnownSlots> kKnownNames = [] {
  std::array<KnownName, kKnownSlots> slots{};
  for (const detail::NameAndId& one : detail::kNames) {
    KnownName& slot = slots[known_slot(one.name.data(), one.name.size())];
    std::copy(one.name.begin(), one.name.end(), slot.name.begin());
    slot.size = static_cast<std::uint8_t>(one.name.size());
    slot.id = one.id;
  }
  return slots;
}();
static_assert(std::ranges::count(kKnownNames, 0, &KnownName::size) == kKnownSlots - std::size(detail::kNames),
              "two names share a slot: choose other factors");

}  // namespace weir::proto::http
