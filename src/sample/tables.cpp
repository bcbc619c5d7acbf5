#include "sample/tables.h"

#include "sample/registry.h"

namespace weir::sample {
namespace {
constexpr AclKeyword kAclRows[] = {
    {.name = "payload", .fetch = "payload", .match = MatchKind::bin},
    {.name = "payload_lv", .fetch = "payload_lv", .match = MatchKind::bin},
    {.name = "req.payload", .fetch = "req.payload", .match = MatchKind::bin},
    {.name = "req.payload_lv", .fetch = "req.payload_lv", .match = MatchKind::bin},
    {.name = "req.rdp_cookie", .fetch = "req.rdp_cookie", .match = MatchKind::str},
    {.name = "req.rdp_cookie_cnt", .fetch = "req.rdp_cookie_cnt", .match = MatchKind::integer},
    {.name = "req.ssl_sni", .fetch = "req.ssl_sni", .match = MatchKind::str},
    {.name = "req.ssl_ver", .fetch = "req.ssl_ver", .match = MatchKind::integer, .versions = true},
    {.name = "req_rdp_cookie", .fetch = "req.rdp_cookie", .match = MatchKind::str},
    {.name = "req_rdp_cookie_cnt", .fetch = "req.rdp_cookie_cnt", .match = MatchKind::integer},
    {.name = "req_ssl_sni", .fetch = "req.ssl_sni", .match = MatchKind::str},
    {.name = "req_ssl_ver", .fetch = "req.ssl_ver", .match = MatchKind::integer, .versions = true},
    {.name = "res.payload", .fetch = "res.payload", .match = MatchKind::bin},
    {.name = "res.payload_lv", .fetch = "res.payload_lv", .match = MatchKind::bin},
};
}  // namespace

std::span<const std::span<const Fetch>> sample_fetches() {
  static const std::span<const Fetch> tables[] = {
      frontend_connection_fetches,
      acl_fetches,
      constant_fetches,
      connection_fetches,
      process_fetches,
      payload_fetches,
      rdp_fetches,
      tls_hello_fetches,
      variable_fetches,
      distcc_fetches,
      http_detection_fetches,
      http_field_fetches,
      http_cookie_fetches,
      http_target_fetches,
      http_message_fetches,
  };
  return tables;
}

std::span<const std::span<const Converter>> sample_converters() {
  static const std::span<const Converter> tables[] = {
      string_converters,   integer_converters,  address_converters, hash_converters,     rdp_converters,
      variable_converters, encoding_converters, host_converters,    message_converters,  text_converters,
      time_converters,     concat_converters,   json_converters,    language_converters, forwarded_converters,
      protobuf_converters, map_converters,      packet_converters,
  };
  return tables;
}

std::span<const std::span<const AclKeyword>> sample_acl_keywords() {
  static const std::span<const AclKeyword> tables[] = {kAclRows, http_acl_keywords};
  return tables;
}

}  // namespace weir::sample
