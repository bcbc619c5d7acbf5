#include "io/error.h"

#include <cerrno>
#include <cstring>

namespace weir::io {

namespace {

IoErrorKind kind_of(int os_error) {
  switch (os_error) {
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED: return IoErrorKind::reset;
    // A Unix socket without its file, or with a full backlog, is as good as nobody listening.
    case ECONNREFUSED:
    case ENOENT:
    case EAGAIN: return IoErrorKind::refused;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENONET: return IoErrorKind::unreachable;
    case ETIMEDOUT: return IoErrorKind::timeout;
    case EADDRINUSE:
    case EADDRNOTAVAIL: return IoErrorKind::address_in_use;
    case EACCES:
    case EPERM: return IoErrorKind::permission;
    case EMFILE:
    case ENFILE: return IoErrorKind::no_descriptors;
    case ENOMEM:
    case ENOSPC:  // epoll_ctl(2): the user watches too many descriptors
    case ENOBUFS: return IoErrorKind::no_memory;
    case ENOTCONN: return IoErrorKind::closed;
    case ECANCELED: return IoErrorKind::cancelled;
    default: return IoErrorKind::other;
  }
}

bool worth_retrying(IoErrorKind kind) {
  switch (kind) {
    case IoErrorKind::permission:
    case IoErrorKind::cancelled:
    case IoErrorKind::other: return false;
    default: return true;
  }
}

}  // namespace

IoError IoError::from_errno(int os_error, Side side) {
  const IoErrorKind kind = kind_of(os_error);
  return {.kind = kind, .side = side, .retryable = worth_retrying(kind), .os_error = os_error};
}

IoError IoError::of(IoErrorKind kind, Side side) {
  return {.kind = kind, .side = side, .retryable = worth_retrying(kind), .os_error = 0};
}

std::string_view to_string(IoErrorKind kind) {
  switch (kind) {
    case IoErrorKind::closed: return "connection closed";
    case IoErrorKind::reset: return "connection reset";
    case IoErrorKind::refused: return "connection refused";
    case IoErrorKind::unreachable: return "unreachable";
    case IoErrorKind::timeout: return "timeout";
    case IoErrorKind::address_in_use: return "address in use";
    case IoErrorKind::permission: return "permission denied";
    case IoErrorKind::no_descriptors: return "out of file descriptors";
    case IoErrorKind::no_memory: return "out of memory";
    case IoErrorKind::cancelled: return "cancelled";
    case IoErrorKind::other: return "I/O error";
  }
  return "";
}

std::string_view to_string(Side side) {
  switch (side) {
    case Side::client: return "client";
    case Side::server: return "server";
    case Side::internal: return "internal";
  }
  return "";
}

std::string system_message(int os_error) {
  char text[128];
  std::string message = strerror_r(os_error, text, sizeof text);
  // "Connection refused" becomes a clause of ours; "I/O error" keeps its capitals.
  if (message.size() > 1 && message[0] >= 'A' && message[0] <= 'Z' && message[1] >= 'a') {
    message[0] = static_cast<char>(message[0] - 'A' + 'a');
  }
  return message;
}

std::string to_string(const IoError& error) {
  std::string text = error.kind == IoErrorKind::other && error.os_error != 0 ? system_message(error.os_error)
                                                                             : std::string(to_string(error.kind));
  if (error.side != Side::internal) text.append(" (").append(to_string(error.side)).append(")");
  return text;
}

}  // namespace weir::io
