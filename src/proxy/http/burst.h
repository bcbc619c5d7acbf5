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
  ssize_t send(int fd) {
    std::size_t done = 0;
    iovec* next = parts_;
    while (done != size_) {
      msghdr message{};
      message.msg_iov = next;
      message.msg_iovlen = static_cast<std::size_t>(parts_ + count_ - next);
      const ssize_t sent = message.msg_iovlen == 1 ? io::send(fd, next->iov_base, next->iov_len, MSG_NOSIGNAL)
                                                   : io::send(fd, message, MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno == EINTR) continue;
        return errno == EAGAIN ? static_cast<ssize_t>(done) : -1;
      }
      done += static_cast<std::size_t>(sent);
      next = drop(next, static_cast<std::size_t>(sent));
    }
    return static_cast<ssize_t>(done);
  }
  // What did not leave, after `sent` bytes did.
  void append_rest(std::size_t sent, std::string& to) const {
    to.reserve(size_ - sent);
    std::size_t before = 0;
    for (std::size_t i = 0; i < original_count(); i++) {
      const std::string_view part = original(i);
      const std::size_t skip = sent > before ? std::min(sent - before, part.size()) : 0;
      to.append(part.substr(skip));
      before += part.size();
    }
  }
  void remember() { std::copy(parts_, parts_ + count_, copies_); }

 private:
  static constexpr std::size_t kMost = 8;
  iovec* drop(iovec* next, std::size_t bytes) {
    while (bytes != 0 && bytes >= next->iov_len) {
      bytes -= next->iov_len;
      next++;
    }
    if (bytes != 0) {
      next->iov_base = static_cast<char*>(next->iov_base) + bytes;
      next->iov_len -= bytes;
    }
    return next;
  }
  [[nodiscard]] std::size_t original_count() const { return count_; }
  [[nodiscard]] std::string_view original(std::size_t i) const {
    return {static_cast<const char*>(copies_[i].iov_base), copies_[i].iov_len};
  }

  iovec parts_[kMost];
  iovec copies_[kMost];
  std::size_t count_ = 0;
  std::size_t size_ = 0;
};

enum class Sent : std::uint8_t { all, blocked, error };

// body.cpp: the parts that every way of moving a body is made of.
void note_sent(Session& session, Flow& flow, Side& sink, std::size_t bytes);
Sent sink_failed(Side& sink);
/// What was kept aside.
Sent send_unsent(Session& session, Flow& flow, BodyState& body, Side& sink);
/// Takes the chunk framing off what is in the buffer: body.decoded bytes of data at the flow's start, then whatever
/// belongs to no piece yet. False: it is broken.
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
