// A few pieces of memory that leave in one sendmsg(2), for the files that move bodies.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "io/direct.h"
#include "proxy/http/body.h"
#include "proxy/http/exchange.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {

class Burst {
 public:
  void add(std::string_view bytes) {
    if (bytes.empty()) return;
    parts_[count_++] = {const_cast<char*>(bytes.data()), bytes.size()};
    size_ += bytes.size();
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  // How many bytes left; -1 after an error. Short only when the socket would block.
  ssize_t send(int fd) const {
    std::size_t done = 0;
    iovec rest[kMost];  // where the socket did not take all at once
    const iovec* next = parts_;
    std::size_t count = count_;
    while (done != size_) {
      const ssize_t sent = send_parts(fd, next, count);
      if (sent < 0) {
        if (errno == EINTR) continue;
        return errno == EAGAIN ? static_cast<ssize_t>(done) : -1;
      }
      done += static_cast<std::size_t>(sent);
      if (done == size_) break;
      count = behind(done, rest);
      next = rest;
    }
    return static_cast<ssize_t>(done);
  }
  // What did not leave, after `sent` bytes did.
  void append_rest(std::size_t sent, std::string& to) const {
    to.reserve(to.size() + size_ - sent);
    iovec rest[kMost];
    const std::size_t count = behind(sent, rest);
    for (std::size_t i = 0; i < count; i++) to.append(static_cast<const char*>(rest[i].iov_base), rest[i].iov_len);
  }

 private:
  static constexpr std::size_t kMost = 8;
  static ssize_t send_parts(int fd, const iovec* parts, std::size_t count) {
    if (count == 1) return io::send(fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = count;
    return io::send(fd, message, MSG_NOSIGNAL);
  }
  /// The parts without their first `bytes`; how many are left.
  std::size_t behind(std::size_t bytes, iovec (&rest)[kMost]) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < count_; i++) {
      const std::size_t skip = std::min(bytes, parts_[i].iov_len);
      bytes -= skip;
      if (skip == parts_[i].iov_len) continue;
      rest[count++] = {static_cast<char*>(parts_[i].iov_base) + skip, parts_[i].iov_len - skip};
    }
    return count;
  }

  iovec parts_[kMost];
  std::size_t count_ = 0;
  std::size_t size_ = 0;
};

enum class Sent : std::uint8_t { all, blocked, error };

// body.cpp: the parts that every way of moving a body is made of.
void note_sent(Session& session, Flow& flow, Side& sink, std::size_t bytes);
Sent sink_failed(Side& sink);
/// What was kept aside.
Sent send_unsent(Session& session, Flow& flow, BodyState& body, Side& sink);
/// Takes the framing (chunks, records) off what is in the buffer: body.decoded bytes of data at the flow's start, then
/// whatever belongs to no piece yet. False: it is broken.
bool decode(Flow& flow, BodyState& body);
/// The bytes of the buffer that are body and can leave now.
std::size_t ready_bytes(const Flow& flow, const BodyState& body);
void consume(Flow& flow, BodyState& body, std::size_t bytes);
void release_if_empty(Session& session, Flow& flow, const BodyState& body);
/// Room in the buffer for what comes next: all of it is behind `start`, where a trailer section may have begun.
void make_room(Session& session, Flow& flow);
/// A trailer section that no buffer holds.
Moved trailers_too_long(const Flow& flow, BodyState& body);
/// Where nothing but the end of its connection ends it.
bool ends_with_source(const BodyState& body);

}  // namespace weir::proxy
