#include "log/sink.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "io/error.h"
#include "io/socket.h"

namespace weir::log {
namespace {

constexpr std::size_t kMessagesPerCall = 64;

std::int64_t nanoseconds(TimePoint at) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

/// Nobody receives there (any more): worth connecting anew.
bool receiver_gone(int error) {
  return error == ECONNREFUSED || error == ENOENT || error == ENOTCONN || error == EDESTADDRREQ ||
         error == ECONNRESET || error == EPIPE;
}

std::string name_of(const SocketAddress& address) {
  return address.is_inet() ? "udp:" + address.to_string() : address.to_string();
}

}  // namespace

std::size_t LinePieces::size() const {
  std::size_t sum = 0;
  for (std::uint32_t i = 0; i < count; ++i) sum += pieces[i].iov_len;
  return sum;
}

Result<std::shared_ptr<Sink>> Sink::open_datagram(const SocketAddress& address, io::Opener* opener) {
  std::shared_ptr<Sink> sink(new Sink(Kind::datagram, name_of(address)));
  sink->address_ = address;
  sink->is_socket_ = true;
  if (opener != nullptr && address.is_unix()) {
    if (auto opened = opener->connect_datagram(address)) {
      sink->socket_ = std::move(*opened);
      sink->connected_ = true;
    }
  } else if (auto connected = io::connect_datagram(address)) {
    sink->socket_ = std::move(*connected);
    sink->connected_ = true;
  }
  if (!sink->socket_.valid()) {
    auto unconnected = io::open_datagram(address.family());
    if (!unconnected) return fail("log target " + sink->name_ + ": " + io::to_string(unconnected.error()));
    sink->socket_ = std::move(*unconnected);
  }
  sink->fd_ = sink->socket_.get();
  return sink;
}

std::shared_ptr<Sink> Sink::open_fd(int fd) {
  std::shared_ptr<Sink> sink(new Sink(Kind::fd, "fd@" + std::to_string(fd)));
  sink->fd_ = fd;
  sink->connected_ = true;
  struct stat info{};
  if (fstat(fd, &info) != 0) return sink;  // every write will fail and be counted
  sink->is_socket_ = S_ISSOCK(info.st_mode);
  if (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)) {
    // O_NONBLOCK belongs to the open file, which the shell or a sibling may share: we take an open file of our own.
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    sink->socket_ = io::Fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (sink->socket_.valid()) {
      sink->fd_ = sink->socket_.get();
    } else {
      sink->must_poll_ = true;
    }
  }
  return sink;
}

std::shared_ptr<Sink> Sink::open_ring(std::shared_ptr<Ring> ring) {
  std::shared_ptr<Sink> sink(new Sink(Kind::ring, "ring@" + ring->config().name));
  sink->ring_ = std::move(ring);
  sink->connected_ = true;
  return sink;
}

Sink::~Sink() = default;

std::size_t Sink::send(std::span<const LinePieces> lines, TimePoint now) {
  std::size_t done = 0;
  switch (kind_) {
    case Kind::datagram: done = send_datagrams(lines, now); break;
    case Kind::fd: done = send_stream(lines); break;
    case Kind::ring: done = append_to_ring(lines); break;
  }
  sent_.fetch_add(done, std::memory_order_relaxed);
  if (done != lines.size()) dropped_.fetch_add(lines.size() - done, std::memory_order_relaxed);
  return done;
}

std::size_t Sink::send_datagrams(std::span<const LinePieces> lines, TimePoint now) {
  if (!connected() && !reconnect(now)) return 0;
  std::size_t sent = 0;
  bool retried = false;
  std::array<mmsghdr, kMessagesPerCall> messages;
  for (std::size_t next = 0; next < lines.size();) {
    const std::size_t count = std::min(kMessagesPerCall, lines.size() - next);
    for (std::size_t i = 0; i < count; ++i) {
      messages[i] = {};
      messages[i].msg_hdr.msg_iov = const_cast<iovec*>(lines[next + i].pieces);  // the kernel only reads it
      messages[i].msg_hdr.msg_iovlen = lines[next + i].count;
    }
    const int done = ::sendmmsg(fd_, messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done > 0) {
      next += static_cast<std::size_t>(done);
      sent += static_cast<std::size_t>(done);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EMSGSIZE) {
      ++next;  // this line is too long for the path; the next may not be
      continue;
    }
    if (!receiver_gone(errno) || retried) break;
    // On UDP it is the answer to an earlier datagram (ICMP) and nothing was sent yet: once more. On Unix sockets the
    // receiver closed: connect anew.
    retried = true;
    if (address_.is_inet()) continue;
    connected_.store(false, std::memory_order_relaxed);
    if (!reconnect(now)) break;
  }
  return sent;
}

bool Sink::reconnect(TimePoint now) {
  std::int64_t due = next_attempt_.load(std::memory_order_relaxed);
  const std::int64_t at = nanoseconds(now);
  if (at < due) return false;
  const std::int64_t next = at + std::chrono::nanoseconds(kReconnectInterval).count();
  if (!next_attempt_.compare_exchange_strong(due, next, std::memory_order_relaxed)) return connected();
  sockaddr_storage to{};
  const socklen_t length = address_.to_sockaddr(to);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), length) != 0) return false;
  connected_.store(true, std::memory_order_relaxed);
  return true;
}

bool Sink::adopt_socket(const io::Fd& connected) {
  WEIR_ASSERT(kind_ == Kind::datagram);
  // The number stays, so workers in the middle of a send use either the old or the new socket, never a stranger's.
  if (::dup3(connected.get(), fd_, O_CLOEXEC) < 0) return false;
  connected_.store(true, std::memory_order_relaxed);
  return true;
}

std::size_t Sink::send_stream(std::span<const LinePieces> lines) {
  std::size_t sent = 0;
  // One call per line: up to PIPE_BUF bytes are atomic on a pipe, so lines of several writers never mix.
  for (const LinePieces& line : lines) sent += write_line(line) ? 1U : 0U;
  return sent;
}

bool Sink::write_line(const LinePieces& line) {
  if (must_poll_) {
    pollfd asked{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&asked, 1, 0) != 1 || (asked.revents & POLLOUT) == 0 || line.size() > PIPE_BUF) return false;
  }
  std::array<iovec, 4> pieces;
  std::size_t count = 0;
  static char line_feed[] = "\n";
  const bool after_cut = line_cut_.exchange(false, std::memory_order_relaxed);
  if (after_cut) pieces[count++] = {line_feed, 1};
  for (std::uint32_t i = 0; i < line.count; ++i) pieces[count++] = line.pieces[i];
  const std::size_t wanted = line.size() + (after_cut ? 1 : 0);
  ssize_t written = 0;
  do {
    if (is_socket_) {
      msghdr message{};
      message.msg_iov = pieces.data();
      message.msg_iovlen = count;
      written = ::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      written = ::writev(fd_, pieces.data(), static_cast<int>(count));
    }
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(wanted)) return true;
  // The rest of a line cut in the middle is given up; the next one begins on a fresh line.
  if (written > 0 || after_cut) line_cut_.store(true, std::memory_order_relaxed);
  return false;
}

std::size_t Sink::append_to_ring(std::span<const LinePieces> lines) {
  std::size_t done = 0;
  for (const LinePieces& line : lines) {
    const std::array<std::string_view, 3> pieces = {
        std::string_view(static_cast<const char*>(line.pieces[0].iov_base), line.pieces[0].iov_len),
        line.count > 1 ? std::string_view(static_cast<const char*>(line.pieces[1].iov_base), line.pieces[1].iov_len)
                       : std::string_view{},
        line.count > 2 ? std::string_view(static_cast<const char*>(line.pieces[2].iov_base), line.pieces[2].iov_len)
                       : std::string_view{}};
    if (ring_->append_pieces(pieces)) ++done;
  }
  ring_->notify();
  return done;
}

Result<std::shared_ptr<Target>> Sinks::make_target(const TargetConfig& config, bool send_hostname) {
  Format format = config.format.value_or(send_hostname ? Format::rfc3164 : Format::local);
  auto sink = sink_for(config, format);
  if (!sink) return unexpected(sink.error());
  std::uint32_t max_line = config.length;
  if (config.kind == TargetKind::ring) {
    // The ring's own format and length hold for all that is stored in it, whatever the log line says.
    format = (*sink)->ring()->config().format;
    max_line = (*sink)->ring()->config().maxlen;
  }
  return std::make_shared<Target>(config, std::move(*sink), format, max_line);
}

Result<std::shared_ptr<Sink>> Sinks::sink_for(const TargetConfig& config, Format format) {
  const bool needs_address = config.kind == TargetKind::datagram || config.kind == TargetKind::stream;
  if (needs_address && config.address.family() == AddressFamily::none) {
    return fail("log target '" + config.host + "' has no address");
  }
  std::shared_ptr<Ring> ring;
  if (config.kind == TargetKind::ring) {
    ring = find_ring(config.ring);
    if (ring == nullptr) return fail("log target 'ring@" + config.ring + "' names no ring section");
  } else if (config.kind == TargetKind::stream) {
    ring = implicit_ring(config, format);
  }
  const std::lock_guard lock(mutex_);
  for (const auto& sink : sinks_) {
    if (ring != nullptr ? sink->ring() == ring
                        : (config.kind == TargetKind::fd
                               ? sink->name() == "fd@" + std::to_string(config.fd)
                               : sink->kind() == Sink::Kind::datagram && sink->address() == config.address)) {
      return sink;
    }
  }
  std::shared_ptr<Sink> made;
  if (ring != nullptr) {
    made = Sink::open_ring(ring);
  } else if (config.kind == TargetKind::fd) {
    made = Sink::open_fd(config.fd);
  } else {
    auto opened = Sink::open_datagram(config.address, opener_);
    if (!opened) return unexpected(opened.error());
    made = std::move(*opened);
  }
  sinks_.push_back(made);
  return made;
}

std::shared_ptr<Ring> Sinks::implicit_ring(const TargetConfig& config, Format format) {
  RingConfig wanted;
  wanted.format = format;
  wanted.maxlen = config.length;
  wanted.size = std::max<std::uint64_t>(wanted.size, std::uint64_t{config.length} * 4);
  wanted.timeout_connect = std::chrono::seconds(1);
  wanted.timeout_server = std::chrono::seconds(5);
  wanted.implicit = true;
  wanted.servers.push_back({.name = config.address.to_string(), .address = config.address});
  const std::lock_guard lock(mutex_);
  for (const auto& ring : rings_) {
    if (!ring->config().implicit) continue;
    wanted.name = ring->config().name;
    wanted.description = ring->config().description;
    if (ring->config() == wanted) return ring;
  }
  wanted.name = "ring#" + std::to_string(++implicit_rings_);
  wanted.description = "made for log lines to " + config.address.to_string();
  rings_.push_back(std::make_shared<Ring>(std::move(wanted)));
  return rings_.back();
}

std::shared_ptr<Ring> Sinks::ring(const RingConfig& config) {
  const std::lock_guard lock(mutex_);
  for (auto& ring : rings_) {
    if (ring->config().name != config.name) continue;
    if (!(ring->config() == config)) ring = std::make_shared<Ring>(config);
    return ring;
  }
  rings_.push_back(std::make_shared<Ring>(config));
  return rings_.back();
}

std::shared_ptr<Ring> Sinks::find_ring(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  for (const auto& ring : rings_) {
    if (ring->config().name == name) return ring;
  }
  return nullptr;
}

std::vector<std::shared_ptr<Ring>> Sinks::rings() const {
  const std::lock_guard lock(mutex_);
  return rings_;
}

Sinks::Kept Sinks::keep() const {
  const std::scoped_lock guard(mutex_);
  return {sinks_, rings_};
}

void Sinks::put_back(const Kept& kept) {
  const std::scoped_lock guard(mutex_);
  sinks_ = kept.sinks;
  rings_ = kept.rings;
}

void Sinks::forget_unused() {
  const std::lock_guard lock(mutex_);
  std::erase_if(sinks_, [](const auto& sink) { return sink.use_count() == 1; });
  std::erase_if(rings_, [](const auto& ring) { return ring->config().implicit && ring.use_count() == 1; });
}

void Sinks::reconnect_lost() {
  if (opener_ == nullptr) return;
  std::vector<std::shared_ptr<Sink>> lost;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& sink : sinks_) {
      if (sink->kind() == Sink::Kind::datagram && sink->address().is_unix() && !sink->connected()) lost.push_back(sink);
    }
  }
  for (const auto& sink : lost) {
    if (const auto opened = opener_->connect_datagram(sink->address())) {
      // A failed adoption leaves the sink disconnected, which is how it was: the next call tries again.
      (void)sink->adopt_socket(*opened);
    }
  }
}

std::uint64_t Sinks::dropped() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& sink : sinks_) sum += sink->dropped();
  return sum;
}

}  // namespace weir::log
