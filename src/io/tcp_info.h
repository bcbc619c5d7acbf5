// What the kernel measured about one TCP connection.
#pragma once

#include <netinet/tcp.h>

#include <optional>

namespace weir::io {

/// nullopt for sockets that are no TCP ones, and after the connection is gone.
[[nodiscard]] std::optional<tcp_info> kernel_tcp_info(int fd);

}  // namespace weir::io
