// The world outside: files, users, groups and hosts by name, as a process sees them that may have given up its root
// directory and its rights.
//
// Whoever reads a configuration goes through here and nowhere else, so that a file reads the same at the start and
// after `chroot` and `user`, when app/ puts the privileged opener in the place of libc. Set once, before threads; the
// calls block: not for workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace weir {

enum class Lookup : std::uint8_t { user, group, host, host_ipv4, host_ipv6 };

struct Outside {
  /// A descriptor of a file or directory, opened for reading. The error is the system's word for it.
  Result<int> (*open_for_reading)(const std::string& path);
  /// A user's or group's number, or a host's addresses with spaces between them. The error is libc's word for it.
  Result<std::string> (*look_up)(Lookup kind, const std::string& name);
};

[[nodiscard]] const Outside& outside();
void set_outside(const Outside& other);
/// While it lives, nothing outside is to be had on this thread: for words that come over the runtime socket.
class NothingOutside {
 public:
  NothingOutside();
  NothingOutside(const NothingOutside&) = delete;
  NothingOutside& operator=(const NothingOutside&) = delete;
  ~NothingOutside();
};
/// libc itself, whatever was set.
[[nodiscard]] const Outside& direct_outside();

/// The whole file; refused above `most` bytes. The error says why, without the path.
Result<std::string> read_outside(const std::string& path, std::size_t most);
/// The same for a file that is open; it stays so.
Result<std::string> read_descriptor(int fd, std::size_t most);

}  // namespace weir
