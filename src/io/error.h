// IoError: why a socket operation failed, in the words the termination codes, `retry-on` and the counters need.
//
// A kind instead of an errno: the caller decides on the kind, the log prints to_string(), os_error is kept for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::io {

enum class IoErrorKind : std::uint8_t {
  closed,          // the other end finished where more was needed
  reset,           // RST, or a write after it
  refused,         // nobody listens
  unreachable,     // no route, network or host down
  timeout,         // our deadline or the kernel's
  address_in_use,  // including: no source port left
  permission,
  no_descriptors,  // EMFILE, ENFILE
  no_memory,       // ENOMEM, ENOBUFS
  cancelled,
  other,
};

/// Whose connection it was.
enum class Side : std::uint8_t { client, server, internal };

struct IoError {
  IoErrorKind kind = IoErrorKind::other;
  Side side = Side::internal;
  bool retryable = false;  // another attempt, perhaps elsewhere or later, may succeed
  int os_error = 0;
  friend bool operator==(const IoError&, const IoError&) = default;

  static IoError from_errno(int os_error, Side side = Side::internal);
  static IoError of(IoErrorKind kind, Side side = Side::internal);
};

std::string_view to_string(IoErrorKind kind);
std::string_view to_string(Side side);
/// "connection refused (server)": the kind or the system's words, then the side unless it is internal.
std::string to_string(const IoError& error);
/// The system's words for an errno, in lower case.
std::string system_message(int os_error);

template <class T>
using IoResult = Result<T, IoError>;

}  // namespace weir::io
