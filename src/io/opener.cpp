#include "io/opener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <type_traits>

#include "io/signals.h"

namespace weir::io {

namespace {

enum class Act : std::uint32_t {
  open_read,
  open_append,
  open_replace,
  listen,
  connect_datagram,
  unlink,
  rename,
  look_up
};
constexpr std::uint32_t kLastAct = static_cast<std::uint32_t>(Act::look_up);
constexpr std::uint32_t kMagic =
    0x77656972;  // both ends are the same binary: this catches a stray writer, no other version
constexpr std::size_t kMaxPath = 4095;
constexpr std::size_t kMaxMessage = 255;

/// ListenOptions without its strings and optionals: what may cross a process border by memcpy.
struct WireListenOptions {
  std::int64_t tcp_user_timeout_ms;
  std::int64_t keepalive_idle, keepalive_interval, keepalive_count;           // -1: absent
  std::int64_t mode, owner, group;                                            // -1: absent
  std::int32_t backlog, max_segment, receive_buffer, send_buffer, quick_ack;  // quick_ack -1: absent
  std::uint8_t v6only, v4v6, tcp_fast_open, defer_accept, transparent, reuse_port, keepalive, datagram;
  char interface[16];  // IFNAMSIZ
};

template <class T>
std::int64_t flat(const std::optional<T>& value) {
  if (!value) return -1;
  if constexpr (requires { value->count(); }) {
    return value->count();
  } else {
    return static_cast<std::int64_t>(*value);
  }
}

template <class T>
std::optional<T> unflat(std::int64_t value) {
  if (value < 0) return std::nullopt;
  return T(static_cast<std::conditional_t<std::is_integral_v<T>, T, std::int64_t>>(value));
}

WireListenOptions to_wire(const ListenOptions& o) {
  WireListenOptions w{};
  w.tcp_user_timeout_ms = o.tcp_user_timeout.count();
  w.keepalive_idle = flat(o.keepalive.idle);
  w.keepalive_interval = flat(o.keepalive.interval);
  w.keepalive_count = flat(o.keepalive.count);
  w.mode = flat(o.mode);
  w.owner = flat(o.owner);
  w.group = flat(o.group);
  w.backlog = o.backlog;
  w.max_segment = o.max_segment;
  w.receive_buffer = o.receive_buffer;
  w.send_buffer = o.send_buffer;
  w.quick_ack = o.quick_ack ? static_cast<std::int32_t>(*o.quick_ack) : -1;
  w.v6only = o.v6only;
  w.v4v6 = o.v4v6;
  w.tcp_fast_open = o.tcp_fast_open;
  w.defer_accept = o.defer_accept;
  w.transparent = o.transparent;
  w.reuse_port = o.reuse_port;
  w.keepalive = o.keepalive.enabled;
  w.datagram = o.datagram;
  std::memcpy(w.interface, o.interface.data(), std::min(o.interface.size(), sizeof w.interface - 1));
  return w;
}

ListenOptions from_wire(const WireListenOptions& w) {
  ListenOptions o;
  o.tcp_user_timeout = Milliseconds(w.tcp_user_timeout_ms);
  o.keepalive.enabled = w.keepalive != 0;
  o.keepalive.idle = unflat<std::chrono::seconds>(w.keepalive_idle);
  o.keepalive.interval = unflat<std::chrono::seconds>(w.keepalive_interval);
  o.keepalive.count = unflat<unsigned>(w.keepalive_count);
  o.mode = unflat<mode_t>(w.mode);
  o.owner = unflat<uid_t>(w.owner);
  o.group = unflat<gid_t>(w.group);
  o.backlog = w.backlog;
  o.max_segment = w.max_segment;
  o.receive_buffer = w.receive_buffer;
  o.send_buffer = w.send_buffer;
  if (w.quick_ack >= 0) o.quick_ack = w.quick_ack != 0;
  o.v6only = w.v6only != 0;
  o.v4v6 = w.v4v6 != 0;
  o.tcp_fast_open = w.tcp_fast_open != 0;
  o.defer_accept = w.defer_accept != 0;
  o.transparent = w.transparent != 0;
  o.reuse_port = w.reuse_port != 0;
  o.datagram = w.datagram != 0;
  o.interface.assign(w.interface, strnlen(w.interface, sizeof w.interface - 1));
  return o;
}

}  // namespace

struct Opener::Request {
  std::uint32_t magic = kMagic;
  std::uint32_t act = 0;
  std::uint32_t create_mode = 0;
  std::uint32_t length = 0;        // of the first path
  std::uint32_t other_length = 0;  // of the second
  socklen_t address_length = 0;
  sockaddr_storage address{};
  WireListenOptions listen{};
  char path[kMaxPath + 1] = {};
  char other[kMaxPath + 1] = {};

  [[nodiscard]] bool valid() const {
    return magic == kMagic && act <= kLastAct && length <= kMaxPath && other_length <= kMaxPath &&
           address_length <= sizeof address && path[length] == '\0' && other[other_length] == '\0' &&
           std::strlen(path) == length && std::strlen(other) == other_length;
  }
};

struct Opener::Answer {
  Fd fd;
  std::int32_t ok = 0;
  char message[kMaxMessage + 1] = {};

  static Answer failed(std::string_view why) {
    Answer answer;
    std::memcpy(answer.message, why.data(), std::min(why.size(), kMaxMessage));
    return answer;
  }
  static Answer said(std::string_view text) {
    Answer answer = failed(text);
    answer.ok = 1;
    return answer;
  }
  static Answer opened(Fd fd) {
    Answer answer;
    answer.ok = 1;
    answer.fd = std::move(fd);
    return answer;
  }
};

namespace {

/// What crosses the socket as an answer; the descriptor travels beside it.
struct WireAnswer {
  std::uint32_t magic = kMagic;
  std::int32_t ok = 0;
  char message[kMaxMessage + 1] = {};
};

bool send_answer(int channel, const WireAnswer& answer, int fd) {
  iovec data{.iov_base = const_cast<WireAnswer*>(&answer), .iov_len = sizeof answer};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  ssize_t sent = 0;
  do sent = ::sendmsg(channel, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(sizeof answer);
}

bool receive_answer(int channel, WireAnswer& answer, Fd& fd) {
  iovec data{.iov_base = &answer, .iov_len = sizeof answer};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = 0;
  do got = ::recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  const cmsghdr* const header = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int))) {
    int received = -1;
    std::memcpy(&received, CMSG_DATA(header), sizeof received);
    fd = Fd(received);
  }
  answer.message[kMaxMessage] = '\0';
  return got == static_cast<ssize_t>(sizeof answer) && answer.magic == kMagic;
}

Result<Fd> open_path(const char* path, Act act, mode_t create_mode) {
  int flags = O_CLOEXEC | O_NOCTTY;
  // Non-blocking only for opening: a FIFO without a writer must not hang the one who asks.
  if (act == Act::open_read) flags |= O_RDONLY | O_NONBLOCK;
  if (act == Act::open_append) flags |= O_WRONLY | O_APPEND | O_CREAT;
  if (act == Act::open_replace) flags |= O_WRONLY | O_TRUNC | O_CREAT;
  Fd fd(::open(path, flags, create_mode));
  if (!fd) return fail(fmt::format("cannot open '{}': {}", path, system_message(errno)));
  if (act == Act::open_read) static_cast<void>(::fcntl(fd.get(), F_SETFL, 0));
  return fd;
}

}  // namespace

Opener::~Opener() { stop(); }

Result<void> Opener::start() {
  if (running()) return fail("the opener runs already");
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail("cannot start the opener: " + system_message(errno));
  }
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return fail("cannot start the opener: " + system_message(errno));
  if (child == 0) {
    ours.reset();
    serve(theirs.release());
  }
  channel_ = std::move(ours);
  pid_ = child;
  return {};
}

void Opener::leave() {
  if (channel_) static_cast<void>(::shutdown(channel_.get(), SHUT_RDWR));  // wakes whoever waits for an answer
  const std::lock_guard lock(mutex_);
  channel_.reset();
  pid_ = -1;
}

void Opener::stop() {
  if (channel_) static_cast<void>(::shutdown(channel_.get(), SHUT_RDWR));
  const std::lock_guard lock(mutex_);
  channel_.reset();
  if (pid_ <= 0) return;
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

void Opener::serve(int channel) {
  ::prctl(PR_SET_NAME, "weir/opener");
  // The terminal's Ctrl-C and the service's stop go to the whole group; our end is the end of the channel.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT, SIGPIPE}) std::signal(signal, SIG_IGN);
  unblock_all_signals();
  // Nothing else of the parent's: a listener this process still held would go on queueing connections nobody accepts.
  constexpr int kChannel = 3;
  if (channel != kChannel && ::dup2(channel, kChannel) < 0) ::_exit(1);
  ::close_range(kChannel + 1, ~0U, 0);
  // Nor its terminal or pipe: whoever reads the output of a daemon's start waits for its last writer.
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd <= 2 && null >= 0; fd++) ::dup2(null, fd);
  if (null > kChannel) ::close(null);
  channel = kChannel;
  Request request;
  for (;;) {
    const ssize_t got = ::recv(channel, &request, sizeof request, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(sizeof request) || !request.valid()) ::_exit(got == 0 ? 0 : 1);
    const Answer answer = act(request);
    WireAnswer wire{.ok = answer.ok};
    std::memcpy(wire.message, answer.message, sizeof wire.message);
    if (!send_answer(channel, wire, answer.fd.get())) ::_exit(1);
  }
}

Opener::Answer Opener::act(const Request& r) {
  const auto wrap = [](Result<Fd> fd) {
    return fd ? Answer::opened(std::move(*fd)) : Answer::failed(fd.error().message);
  };
  const auto done = [&r](int outcome, const char* what) {
    if (outcome == 0) return Answer::opened(Fd());
    return Answer::failed(fmt::format("cannot {} '{}': {}", what, r.path, system_message(errno)));
  };
  const auto address = [&r] {
    return r.address_length == 0
               ? SocketAddress()
               : SocketAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&r.address), r.address_length);
  };
  switch (static_cast<Act>(r.act)) {
    case Act::open_read:
    case Act::open_append:
    case Act::open_replace: return wrap(open_path(r.path, static_cast<Act>(r.act), r.create_mode));
    case Act::listen: return wrap(open_listener(address(), from_wire(r.listen)));
    case Act::connect_datagram: {
      const SocketAddress target = address();
      auto fd = io::connect_datagram(target);
      if (fd) return Answer::opened(std::move(*fd));
      return Answer::failed(fmt::format("cannot connect to [{}]: {}", target.to_string(), to_string(fd.error())));
    }
    case Act::unlink: return done(::unlink(r.path), "remove");
    case Act::look_up: {
      const auto found = direct_outside().look_up(static_cast<Lookup>(r.create_mode), r.path);
      return found ? Answer::said(*found) : Answer::failed(found.error().message);
    }
    case Act::rename: return done(::rename(r.path, r.other), "rename");
  }
  return Answer::failed("unknown request");
}

Result<Opener::Answer> Opener::ask_for_answer(const Request& request) {
  if (!request.valid()) return fail("a path must not contain a null character");
  const std::lock_guard lock(mutex_);
  Answer answer;
  if (!running()) {
    answer = act(request);
  } else {
    ssize_t sent = 0;
    do sent = ::send(channel_.get(), &request, sizeof request, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    WireAnswer wire;
    if (sent != static_cast<ssize_t>(sizeof request) || !receive_answer(channel_.get(), wire, answer.fd))
      return fail("the opener process does not answer");
    answer.ok = wire.ok;
    std::memcpy(answer.message, wire.message, sizeof answer.message);
  }
  if (answer.ok == 0) return fail(answer.message);
  return answer;
}

Result<Fd> Opener::ask(const Request& request) {
  auto answer = ask_for_answer(request);
  if (!answer) return unexpected(answer.error());
  return std::move(answer->fd);
}

namespace {

template <class R>
Result<void> put_path(R& request, std::string_view path) {
  if (path.empty() || path.size() > kMaxPath) return fail(fmt::format("a path must have 1 to {} characters", kMaxPath));
  std::memcpy(request.path, path.data(), path.size());
  request.length = static_cast<std::uint32_t>(path.size());
  return {};
}

}  // namespace

Result<Fd> Opener::open_file(std::string_view path, OpenMode mode, mode_t create_mode) {
  Request request;
  if (auto fits = put_path(request, path); !fits) return unexpected(fits.error());
  const Act acts[] = {Act::open_read, Act::open_append, Act::open_replace};
  request.act = static_cast<std::uint32_t>(acts[static_cast<std::size_t>(mode)]);
  request.create_mode = create_mode;
  return ask(request);
}

Result<std::string> Opener::look_up(Lookup kind, std::string_view name) {
  Request request;
  if (auto fits = put_path(request, name); !fits) return fail("a name must have 1 to 4095 characters");
  request.act = static_cast<std::uint32_t>(Act::look_up);
  request.create_mode = static_cast<std::uint32_t>(kind);
  auto answer = ask_for_answer(request);
  if (!answer) return unexpected(answer.error());
  return std::string(answer->message);
}

Result<std::string> Opener::read_file(std::string_view path, std::size_t most) {
  auto fd = open_file(path, OpenMode::read);
  if (!fd) return unexpected(fd.error());
  std::string text;
  char block[65536];
  for (;;) {
    const ssize_t got = ::read(fd->get(), block, sizeof block);
    if (got == 0) return text;
    if (got < 0) {
      if (errno == EINTR) continue;
      return fail(fmt::format("cannot read '{}': {}", path, system_message(errno)));
    }
    if (text.size() + static_cast<std::size_t>(got) > most) {
      return fail(fmt::format("cannot read '{}': larger than {} bytes", path, most));
    }
    text.append(block, static_cast<std::size_t>(got));
  }
}

Result<Fd> Opener::listen(const SocketAddress& address, const ListenOptions& options) {
  // An inherited descriptor is this process's own; a long interface name is refused where it can be named.
  const bool too_long = address.is_unix() && address.path().size() >= kMaxUnixPath;  // the wire form would cut it
  if (!running() || too_long || address.family() == AddressFamily::fd) return open_listener(address, options);
  Request request;
  if (options.interface.size() >= sizeof request.listen.interface) {
    return fail(fmt::format("interface name '{}' is too long", options.interface));
  }
  request.act = static_cast<std::uint32_t>(Act::listen);
  request.listen = to_wire(options);
  request.address_length = address.to_sockaddr(request.address);
  return ask(request);
}

Result<Fd> Opener::connect_datagram(const SocketAddress& address) {
  Request request;
  request.act = static_cast<std::uint32_t>(Act::connect_datagram);
  request.address_length = address.to_sockaddr(request.address);
  return ask(request);
}

Result<void> Opener::unlink(std::string_view path) {
  Request request;
  if (auto fits = put_path(request, path); !fits) return fits;
  request.act = static_cast<std::uint32_t>(Act::unlink);
  if (auto done = ask(request); !done) return unexpected(done.error());
  return {};
}

Result<void> Opener::rename(std::string_view from, std::string_view to) {
  Request request;
  if (auto fits = put_path(request, from); !fits) return fits;
  if (to.empty() || to.size() > kMaxPath) return fail(fmt::format("a path must have 1 to {} characters", kMaxPath));
  std::memcpy(request.other, to.data(), to.size());
  request.other_length = static_cast<std::uint32_t>(to.size());
  request.act = static_cast<std::uint32_t>(Act::rename);
  if (auto done = ask(request); !done) return unexpected(done.error());
  return {};
}

}  // namespace weir::io
