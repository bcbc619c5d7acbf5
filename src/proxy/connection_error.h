// What may go wrong with a connection, by the numbers, names and words that logs and fetches use.
//
// The numbers are part of the language (fc_err, bc_err) and never change. Manual 7.3.3, fc_err_str.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::proxy {

/// 0 is none.
using ConnectionError = std::uint8_t;

struct ConnectionErrorRow {
  std::string_view name;
  std::string_view message;
};
/// Of any number; those that there are none of count as a general socket error.
[[nodiscard]] const ConnectionErrorRow& connection_error(ConnectionError error);
/// The error behind an errno; 0 stays 0.
[[nodiscard]] ConnectionError connection_error_of(int os_error);

}  // namespace weir::proxy
