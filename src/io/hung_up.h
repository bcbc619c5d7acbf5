// Has the peer gone? For who makes it wait and does not read meanwhile.
//
// One that has only finished speaking still listens, and is there; over TCP both look alike until something is sent.
// Never waits. Any thread.
#pragma once

#include <poll.h>

namespace weir::io {

[[nodiscard]] inline bool hung_up(int fd) {
  pollfd asked{.fd = fd, .events = 0, .revents = 0};
  return ::poll(&asked, 1, 0) > 0 && (asked.revents & (POLLHUP | POLLERR)) != 0;
}

}  // namespace weir::io
