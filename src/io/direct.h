// The data path's system calls, made without the C library.
//
// Its wrappers let a thread be cancelled while it waits, and in a program with threads that costs two atomic steps
// around each call. No thread of weir is ever cancelled. Five such calls a request were 2 % of what a small one costs.
// Results are the library's: -1 and errno. Where the library has to see the calls (sanitizers follow what descriptors
// carry from thread to thread), or on another processor, it makes them. Any thread.
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define WEIR_CALLS_THROUGH_LIBRARY 1
#endif
#endif
#if !defined(__x86_64__) && !defined(WEIR_CALLS_THROUGH_LIBRARY)
#define WEIR_CALLS_THROUGH_LIBRARY 1
#endif

namespace weir::io {

#ifdef WEIR_CALLS_THROUGH_LIBRARY

inline ssize_t receive(int fd, void* to, std::size_t size, int flags) { return ::recv(fd, to, size, flags); }
inline ssize_t send(int fd, const void* from, std::size_t size, int flags) { return ::send(fd, from, size, flags); }
inline ssize_t send(int fd, const msghdr& message, int flags) { return ::sendmsg(fd, &message, flags); }
inline int wait_events(int epoll, epoll_event* events, int most, int timeout_ms) {
  return ::epoll_wait(epoll, events, most, timeout_ms);
}

#else

namespace direct {

inline std::int64_t word(const void* pointer) { return reinterpret_cast<std::int64_t>(pointer); }

/// The kernel keeps all registers but rax, rcx and r11.
inline std::int64_t call(std::int64_t number, std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d,
                         std::int64_t e = 0, std::int64_t f = 0) {
  std::int64_t result = 0;
  register std::int64_t r10 asm("r10") = d;
  register std::int64_t r8 asm("r8") = e;
  register std::int64_t r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}

}  // namespace direct

inline ssize_t receive(int fd, void* to, std::size_t size, int flags) {
  return direct::call(SYS_recvfrom, fd, direct::word(to), static_cast<std::int64_t>(size), flags);
}
inline ssize_t send(int fd, const void* from, std::size_t size, int flags) {
  return direct::call(SYS_sendto, fd, direct::word(from), static_cast<std::int64_t>(size), flags);
}
inline ssize_t send(int fd, const msghdr& message, int flags) {
  return direct::call(SYS_sendmsg, fd, direct::word(&message), flags, 0);
}
inline int wait_events(int epoll, epoll_event* events, int most, int timeout_ms) {
  return static_cast<int>(direct::call(SYS_epoll_wait, epoll, direct::word(events), most, timeout_ms));
}

#endif

}  // namespace weir::io
