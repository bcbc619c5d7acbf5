// Why a client's connection failed before it was a session, in numbers, names and words. Manual: fc_err, fc_err_name,
// fc_err_str.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::proxy {

/// The numbers are those of fc_err.
enum class ClientError : std::uint8_t {
  none = 0,
  proxy_empty = 11,
  proxy_abort = 12,
  proxy_timeout = 13,
  proxy_truncated = 14,
  proxy_not_header = 15,
  proxy_bad_header = 16,
  proxy_bad_protocol = 17,
  netscaler_empty = 18,
  netscaler_abort = 19,
  netscaler_timeout = 20,
  netscaler_truncated = 21,
  netscaler_bad_magic = 22,
  netscaler_bad_protocol = 23,
};

/// "PRX_EMPTY"; empty for none.
[[nodiscard]] std::string_view client_error_name(ClientError error);
[[nodiscard]] std::string_view client_error_message(ClientError error);

}  // namespace weir::proxy
