#include "io/tcp_info.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace weir::io {

std::optional<tcp_info> kernel_tcp_info(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (fd < 0 || ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  // Old kernels write less; the counters weir reads stand in the part that all have.
  if (size < offsetof(tcp_info, tcpi_rcv_rtt)) return std::nullopt;
  return info;
}

}  // namespace weir::io
