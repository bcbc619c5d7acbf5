#include "proxy/http/cookie.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "proto/http/cookie.h"
#include "proxy/http/phases.h"
#include "proxy/tcp/extras.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;
using How = CookieSettings::How;

// Dates in a cookie: quarters of a minute would do, it is four seconds; 30 bits in five digits. COMPAT: observed
// on 2.6.
constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::int64_t kUnit = 4;
constexpr std::size_t kDateDigits = 5;
constexpr std::int64_t kFuture = 86'400;  // manual: what is further ahead is no date
constexpr std::size_t kDynamicDigits = 16;

std::int64_t seconds_now(const Session& session) {
  return std::chrono::duration_cast<std::chrono::seconds>(session.worker->io->wall_now().time_since_epoch()).count();
}

std::string written_date(std::int64_t seconds) {
  std::int64_t units = (seconds + kUnit - 1) / kUnit;
  std::string text(kDateDigits, 'A');
  for (std::size_t i = kDateDigits; i-- > 0; units /= 64) text[i] = kDigits[static_cast<std::size_t>(units % 64)];
  return text;
}

// 0: there is none.
std::int64_t read_date(std::string_view text) {
  if (text.size() < kDateDigits) return 0;
  std::int64_t units = 0;
  for (std::size_t i = 0; i < kDateDigits; i++) {
    const std::size_t digit = kDigits.find(text[i]);
    if (digit == kDigits.npos) return 0;
    units = units * 64 + static_cast<std::int64_t>(digit);
  }
  return units * kUnit;
}

struct Told {
  std::string_view id;
  std::int64_t last = 0;
  std::int64_t first = 0;
};

Told taken_apart(const CookieSettings& settings, std::string_view value) {
  Told told{.id = value};
  if (settings.how == How::prefix) {
    told.id = value.substr(0, value.find('~'));
    return told;
  }
  if (settings.how != How::insert || (settings.max_idle == 0 && settings.max_life == 0)) return told;
  const std::size_t bar = value.find('|');
  told.id = value.substr(0, bar);
  if (bar == value.npos) return told;
  const std::string_view dates = value.substr(bar + 1);
  told.last = read_date(dates);
  if (const std::size_t next = dates.find('|'); next != dates.npos) told.first = read_date(dates.substr(next + 1));
  return told;
}

// 'E' too long ago, 'O' since too long or from the future; 0: good.
char age_letter(const CookieSettings& settings, const Told& told, std::int64_t now) {
  if (settings.max_idle != 0 && told.last != 0) {
    if (told.last > now + kFuture || now - told.last > settings.max_idle) return 'E';
  }
  if (settings.max_life != 0 && told.first != 0) {
    if (told.first > now + kFuture || now - told.first > settings.max_life) return 'O';
  }
  return 0;
}

std::string_view cookie_of(const ServerState& server) { return server.config->cookie; }

std::uint64_t dynamic_id(std::string_view key, const SocketAddress& address) {
  // The address and the port, four bytes each, or sixteen and four, and then the key. COMPAT: observed on 2.6.
  std::string bytes;
  if (address.family() == AddressFamily::ipv4) {
    const std::uint32_t network = __builtin_bswap32(address.ipv4_host_order());
    bytes.append(reinterpret_cast<const char*>(&network), sizeof network);
  } else {
    const in6_addr network = address.ipv6_address();
    bytes.append(reinterpret_cast<const char*>(&network), sizeof network);
  }
  const std::uint32_t port = address.port();
  bytes.append(reinterpret_cast<const char*>(&port), sizeof port);
  bytes.append(key);
  return XXH64(bytes.data(), bytes.size(), 0);
}

// What dynamic_cookie() wrote.
std::optional<std::uint64_t> read_dynamic_id(std::string_view id) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number, 16);
  if (error != std::errc() || end != id.data() + id.size() || id.size() != kDynamicDigits) return std::nullopt;
  return std::ranges::any_of(id, [](char c) { return c >= 'A' && c <= 'F'; }) ? std::nullopt : std::optional(number);
}

std::shared_ptr<ServerState> server_with_cookie(BackendState& backend, const HttpSettings& settings,
                                                std::string_view id) {
  if (id.empty()) return nullptr;
  const std::scoped_lock guard(backend.lock);
  const auto dynamic = backend.dynamic_cookie.value_or(settings.cookie.dynamic) ? read_dynamic_id(id) : std::nullopt;
  const std::string& key = backend.dynamic_cookie_key ? *backend.dynamic_cookie_key : settings.dynamic_cookie_key;
  for (const auto& server : backend.servers) {
    if (cookie_of(*server) == id) return server;
    if (dynamic && cookie_of(*server).empty() && server->address.is_inet() &&
        dynamic_id(key, server->address) == *dynamic)
      return server;
  }
  return nullptr;
}

// What the server is called in cookies; empty: it has no cookie.
std::string name_of(Session& session) {
  const HttpSettings& http = session.backend->config->settings.http;
  if (!session.target_config->cookie.empty()) return session.target_config->cookie;
  BackendState& backend = *session.backend->state;
  if (!backend.cookies_changed.load(std::memory_order_acquire))
    return http.cookie.dynamic ? dynamic_cookie(http.dynamic_cookie_key, session.facts.server) : std::string();
  const std::scoped_lock guard(backend.lock);
  if (!backend.dynamic_cookie.value_or(http.cookie.dynamic)) return {};
  return dynamic_cookie(backend.dynamic_cookie_key.value_or(http.dynamic_cookie_key), session.facts.server);
}

// The field without the bytes [from, to) and the separator that goes with them.
bool cut_from_field(HttpExchange& exchange, Field& field, std::string_view cookie) {
  const auto from = static_cast<std::size_t>(cookie.data() - field.value.data());
  std::string_view before = field.value.substr(0, from);
  std::string_view after = field.value.substr(from + cookie.size());
  while (!after.empty() && (after.front() == ' ' || after.front() == ';')) after.remove_prefix(1);
  while (!before.empty() && (before.back() == ' ' || before.back() == ';')) before.remove_suffix(1);
  if (before.empty() && after.empty()) {
    field.removed = true;
    return true;
  }
  const std::string joined =
      before.empty() || after.empty() ? fmt::format("{}{}", before, after) : fmt::format("{}; {}", before, after);
  const auto kept = exchange.texts.copy(joined);
  if (!kept) return false;
  field.value = *kept;
  return true;
}

bool take_prefix_off(HttpExchange& exchange, Field& field, std::string_view value) {
  const std::size_t mark = value.find('~');
  if (mark == value.npos) return true;
  const auto from = static_cast<std::size_t>(value.data() - field.value.data());
  const auto kept =
      exchange.texts.copy(fmt::format("{}{}", field.value.substr(0, from), field.value.substr(from + mark + 1)));
  if (!kept) return false;
  field.value = *kept;
  return true;
}

// The pair as it stands in the field, from the name to the value's end.
std::string_view whole_pair(const Cookie& cookie) {
  return {cookie.name.data(), static_cast<std::size_t>(cookie.value.data() + cookie.value.size() - cookie.name.data())};
}

struct Judged {
  std::shared_ptr<ServerState> server;
  char letter = 'N';
};

Judged judge(Session& session, std::string_view value) {
  HttpExchange& exchange = *session.http;
  const HttpSettings& http = session.backend->config->settings.http;
  const Told told = taken_apart(http.cookie, value);
  BackendState& backend = *session.backend->state;
  auto server = server_with_cookie(backend, http, told.id);
  if (server == nullptr) return {nullptr, 'I'};
  if (const char old = age_letter(http.cookie, told, seconds_now(session))) return {nullptr, old};
  exchange.cookie_first = told.first;
  const std::scoped_lock guard(backend.lock);
  const bool usable = backend.may_be_given(*server, session.backend->config->settings.persist || session.force_persist);
  return {server, usable && server->health.usable_by_persistence() ? 'V' : 'D'};
}

// --- the answer ---

bool adds_cookie(const Session& session, bool server_set_it) {
  const CookieSettings& settings = session.backend->config->settings.http.cookie;
  const HttpExchange& exchange = *session.http;
  if (settings.how != How::insert || (settings.preserve && server_set_it)) return false;
  if (settings.postonly && exchange.request_method != Method::post) return false;
  if (exchange.cookie_in != 'V' || exchange.cookie_server != session.target) return true;
  return settings.max_idle != 0 || settings.max_life != 0;
}

std::string inserted(Session& session) {
  const CookieSettings& settings = session.backend->config->settings.http.cookie;
  const std::string name = name_of(session);
  if (name.empty()) return settings.name + "=; Expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/";
  std::string text = fmt::format("{}={}", settings.name, name);
  if (settings.max_idle != 0 || settings.max_life != 0) {
    const std::int64_t now = seconds_now(session);
    text += '|' + written_date(now);
    if (settings.max_life != 0) {
      const std::int64_t first = session.http->cookie_first;
      text += '|' + written_date(first != 0 && session.http->cookie_in == 'V' ? first : now);
    }
  }
  text += "; path=/";
  for (const std::string& domain : settings.domains) text += "; domain=" + domain;
  if (settings.httponly) text += "; HttpOnly";
  if (settings.secure) text += "; Secure";
  for (const std::string& attribute : settings.attributes) text += "; " + attribute;
  return text;
}

// What a cache might keep although the answer now bears a cookie. COMPAT: observed on 2.6: only what says so itself.
bool is_cacheable(const Head& head) {
  for (const Field* field = head.find(FieldId::cache_control); field != nullptr;
       field = head.find(FieldId::cache_control, head.index_of(field) + 1)) {
    const std::string_view value = field->value;
    return !value.contains("no-cache") && !value.contains("no-store") && !value.contains("private");
  }
  return false;
}

// Rewrites or removes what the server itself set. True: it had set the cookie.
bool change_set_cookie(Session& session) {
  const CookieSettings& settings = session.backend->config->settings.http.cookie;
  HttpExchange& exchange = *session.http;
  const std::string name = name_of(session);
  bool found = false;
  for (Field& field : exchange.response.fields()) {
    if (field.removed || field.id != FieldId::set_cookie) continue;
    const auto cookie = set_cookie(field.value);
    if (!cookie || cookie->name != settings.name) continue;
    found = true;
    exchange.cookie_out = 'P';
    if (settings.how == How::insert || (settings.how == How::passive && settings.indirect)) {
      if (settings.preserve) continue;
      field.removed = true;
      exchange.cookie_out = 'D';
      continue;
    }
    if ((settings.how != How::rewrite && settings.how != How::prefix) || name.empty()) continue;
    const auto from = static_cast<std::size_t>(cookie->value.data() - field.value.data());
    const std::string_view rest = field.value.substr(settings.how == How::prefix ? from : from + cookie->value.size());
    const auto kept = exchange.texts.copy(
        fmt::format("{}{}{}{}", field.value.substr(0, from), name, settings.how == How::prefix ? "~" : "", rest));
    if (!kept) continue;
    field.value = *kept;
    exchange.cookie_out = 'R';
  }
  return found;
}

}  // namespace

std::string dynamic_cookie(std::string_view key, const SocketAddress& address) {
  return address.is_inet() ? fmt::format("{:0{}x}", dynamic_id(key, address), kDynamicDigits) : std::string();
}

std::shared_ptr<ServerState> server_of_cookie(Session& session) {
  HttpExchange& exchange = *session.http;
  const CookieSettings& settings = session.backend->config->settings.http.cookie;
  if (settings.name.empty() || !exchange.request_head_alive) return nullptr;
  if (exchange.cookie_in != '-') return exchange.cookie_server;  // another attempt: the cookie is gone from the head
  if (settings.how != How::passive || settings.indirect) exchange.cookie_out = 'N';
  Judged judged;
  bool any = false;
  for (Field& field : exchange.request.fields()) {
    if (field.removed || field.id != FieldId::cookie) continue;
    CookieWalk walk(field.value);
    while (const auto cookie = walk.next()) {
      if (cookie->name != settings.name) continue;
      if (!any || judged.server == nullptr) judged = judge(session, cookie->value);
      any = true;
      if (settings.how == How::insert && settings.indirect) {
        if (!cut_from_field(exchange, field, whole_pair(*cookie)) || field.removed) break;
        walk = CookieWalk(field.value);
      } else if (settings.how == How::prefix) {
        if (!take_prefix_off(exchange, field, cookie->value)) break;
        break;  // one is enough: the field has changed
      }
    }
  }
  exchange.cookie_in = judged.letter;
  exchange.cookie_server = judged.letter == 'V' || judged.letter == 'D' ? judged.server : nullptr;
  if (session.ignore_persist) return nullptr;
  return exchange.cookie_server;
}

void write_server_cookie(Session& session) {
  HttpExchange& exchange = *session.http;
  const CookieSettings& settings = session.backend->config->settings.http.cookie;
  if (settings.name.empty() || session.target == nullptr) return;
  const bool server_set_it = change_set_cookie(session);
  if (!adds_cookie(session, server_set_it)) return;
  const auto kept = exchange.texts.copy(inserted(session));
  if (!kept || !exchange.response.add("set-cookie", FieldId::set_cookie, *kept)) return;
  exchange.cookie_out = exchange.cookie_in == 'V' && exchange.cookie_server == session.target ? 'U' : 'I';
  if (settings.nocache && is_cacheable(exchange.response))
    exchange.response.add("cache-control", FieldId::cache_control, "private");
}

}  // namespace weir::proxy
