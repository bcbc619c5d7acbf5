#include "proxy/tcp/client_error.h"

#include <algorithm>
#include <iterator>

namespace weir::proxy {
namespace {

struct Words {
  ClientError error;
  std::string_view name;
  std::string_view message;
};

constexpr Words kWords[] = {
    {ClientError::none, "", "Success"},
    {ClientError::proxy_empty, "PRX_EMPTY", "Connection closed while waiting for PROXY protocol header"},
    {ClientError::proxy_abort, "PRX_ABORT", "Connection error while waiting for PROXY protocol header"},
    {ClientError::proxy_timeout, "PRX_TIMEOUT", "Timeout while waiting for PROXY protocol header"},
    {ClientError::proxy_truncated, "PRX_TRUNCATED", "Truncated PROXY protocol header received"},
    {ClientError::proxy_not_header, "PRX_NOT_HDR",
     "Received something which does not look like a PROXY protocol header"},
    {ClientError::proxy_bad_header, "PRX_BAD_HDR", "Received an invalid PROXY protocol header"},
    {ClientError::proxy_bad_protocol, "PRX_BAD_PROTO", "Received an unhandled protocol in the PROXY protocol header"},
    {ClientError::netscaler_empty, "CIP_EMPTY", "Connection closed while waiting for NetScaler Client IP header"},
    {ClientError::netscaler_abort, "CIP_ABORT", "Connection error while waiting for NetScaler Client IP header"},
    {ClientError::netscaler_timeout, "CIP_TIMEOUT", "Timeout while waiting for a NetScaler Client IP header"},
    {ClientError::netscaler_truncated, "CIP_TRUNCATED", "Truncated NetScaler Client IP header received"},
    {ClientError::netscaler_bad_magic, "CIP_BAD_MAGIC", "Received an invalid NetScaler Client IP magic number"},
    {ClientError::netscaler_bad_protocol, "CIP_BAD_PROTO",
     "Received an unhandled protocol in the NetScaler Client IP header"},
};

const Words& words_of(ClientError error) {
  const auto* found = std::ranges::find(kWords, error, &Words::error);
  return found == std::end(kWords) ? kWords[0] : *found;
}

}  // namespace

std::string_view client_error_name(ClientError error) { return words_of(error).name; }
std::string_view client_error_message(ClientError error) { return words_of(error).message; }

}  // namespace weir::proxy
