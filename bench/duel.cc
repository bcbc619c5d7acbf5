// duel: one cheap process that is both the clients and the origin of a proxy under test, so that the proxy, not the
// load generator, is the bottleneck.
//
//   duel PROXY_PORT ORIGIN_PORT CONNECTIONS SECONDS PROXY_PID [--close] [--body BYTES]
//
// Keeps CONNECTIONS client connections busy with one request each (or opens one per request with --close). After a
// warm-up it counts, and prints requests per second, latency percentiles in microseconds, the proxy's CPU microseconds
// per request (user and system, threads and children included, from schedstat in nanoseconds) and errors. Start the
// proxy first, with its server pointing at ORIGIN_PORT. Compare CPU per request side by side in one run: absolute
// figures drift.
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace {

double now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// CPU seconds of one thread so far; its process's children are appended to `children`.
double cpu_of_thread(int pid, const char* thread, std::vector<int>& children) {
  double seconds = 0;
  char path[128];
  std::snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, thread);
  if (FILE* file = std::fopen(path, "r")) {
    unsigned long long nanoseconds = 0;
    if (std::fscanf(file, "%llu", &nanoseconds) == 1) seconds = static_cast<double>(nanoseconds) * 1e-9;
    std::fclose(file);
  }
  std::snprintf(path, sizeof path, "/proc/%d/task/%s/children", pid, thread);
  if (FILE* file = std::fopen(path, "r")) {
    for (int child = 0; std::fscanf(file, "%d", &child) == 1;) children.push_back(child);
    std::fclose(file);
  }
  return seconds;
}

double cpu_of(int pid) {
  double total = 0;
  for (std::vector<int> left{pid}; !left.empty();) {
    const int one = left.back();
    left.pop_back();
    char path[64];
    std::snprintf(path, sizeof path, "/proc/%d/task", one);
    DIR* folder = opendir(path);
    if (folder == nullptr) continue;
    while (const dirent* entry = readdir(folder)) {
      if (entry->d_name[0] != '.') total += cpu_of_thread(one, entry->d_name, left);
    }
    closedir(folder);
  }
  return total;
}

enum class Role : std::uint8_t { listener, client, origin };

struct End {
  int fd = -1;
  Role role = Role::origin;
  bool connected = false;
  bool in_body = false;
  std::size_t wanted = 0;  // bytes of the answer's body still to come
  double asked_at = 0;
  std::string head = {};
};

struct Options {
  std::uint16_t proxy_port = 0;
  std::uint16_t origin_port = 0;
  std::size_t connections = 0;
  double seconds = 0;
  int pid = 0;
  bool close = false;
  std::size_t body = 64;
  std::string path = "/some/path?x=1";
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class Duel {
 public:
  explicit Duel(const Options& options) : options_(options), epoll_(epoll_create1(0)) {
    request_ = std::string("GET ") + options.path +
               " HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) duel/1\r\n"
               "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate\r\n"
               "Accept-Language: en-US,en;q=0.5\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n";
    request_ += options.close ? "Connection: close\r\n\r\n" : "\r\n";
    answer_ =
        "HTTP/1.1 200 OK\r\nServer: duel\r\nDate: Tue, 24 Nov 2026 10:00:00 GMT\r\nContent-Type: text/plain\r\n"
        "Cache-Control: no-store\r\nContent-Length: " +
        std::to_string(options.body) + "\r\n\r\n" + std::string(options.body, 'x');
    listen_as_origin();
    clients_.resize(options.connections);
    for (End& client : clients_) open_client(client);
  }

  void run() {
    const double warm_until = now() + std::min(1.0, options_.seconds / 4);
    turn_until(warm_until);
    done_ = errors_ = 0;
    latencies_.clear();
    latencies_.reserve(8'000'000);
    const double cpu_before = cpu_of(options_.pid);
    const double begin = now();
    turn_until(begin + options_.seconds);
    print(cpu_of(options_.pid) - cpu_before, now() - begin);
  }

 private:
  void watch(End& end, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.ptr = &end}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, end.fd, &event);
  }

  static void no_delay(int fd) {
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }

  void listen_as_origin() {
    listener_.role = Role::listener;
    listener_.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int one = 1;
    setsockopt(listener_.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    const sockaddr_in here = loopback(options_.origin_port);
    if (bind(listener_.fd, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 ||
        listen(listener_.fd, 4096) != 0) {
      std::perror("origin");
      std::exit(1);
    }
    watch(listener_, EPOLLIN);
  }

  void open_client(End& client) {
    client = End{.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .role = Role::client, .asked_at = now()};
    no_delay(client.fd);
    const sockaddr_in proxy = loopback(options_.proxy_port);
    if (connect(client.fd, reinterpret_cast<const sockaddr*>(&proxy), sizeof proxy) != 0 && errno != EINPROGRESS)
      ++errors_;
    watch(client, EPOLLIN | EPOLLOUT | EPOLLET);
  }

  void reopen(End& client) {
    const linger reset{1, 0};  // close with RST: else a connection per request runs out of ports in TIME_WAIT
    setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(client.fd);
    open_client(client);
  }

  void ask(End& client) {
    client.head.clear();
    client.in_body = false;
    client.wanted = 0;
    if (send(client.fd, request_.data(), request_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request_.size()))
      ++errors_;
  }

  void accept_all() {
    for (int fd; (fd = accept4(listener_.fd, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
      no_delay(fd);
      watch(*new End{.fd = fd, .connected = true}, EPOLLIN | EPOLLET | EPOLLRDHUP);  // deleted when it closes
    }
  }

  void answer(End& origin, std::string_view bytes) {
    origin.head.append(bytes);
    std::size_t used = 0;
    for (std::size_t end; (end = origin.head.find("\r\n\r\n", used)) != std::string::npos; used = end + 4) {
      for (std::size_t sent = 0; sent < answer_.size();) {
        const ssize_t put = send(origin.fd, answer_.data() + sent, answer_.size() - sent, MSG_NOSIGNAL);
        if (put > 0) sent += static_cast<std::size_t>(put);
        if (put < 0 && errno != EAGAIN) break;
      }
    }
    origin.head.erase(0, used);
  }

  /// True when the answer is complete.
  bool take(End& client, std::string_view bytes) {
    if (client.in_body) {
      client.wanted -= std::min(client.wanted, bytes.size());
      return client.wanted == 0;
    }
    client.head.append(bytes);
    const std::size_t end = client.head.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    if (client.head.compare(9, 3, "200") != 0) ++errors_;
    std::string head = client.head.substr(0, end);
    std::ranges::transform(head, head.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::size_t length = head.find("content-length:");
    const std::size_t body = length == std::string::npos ? 0 : std::strtoul(head.c_str() + length + 15, nullptr, 10);
    const std::size_t total = end + 4 + body;
    client.in_body = true;
    client.wanted = total - std::min(total, client.head.size());
    return client.wanted == 0;
  }

  void answered(End& client) {
    ++done_;
    latencies_.push_back(static_cast<float>((now() - client.asked_at) * 1e6));
    if (options_.close) return reopen(client);
    client.asked_at = now();
    ask(client);
  }

  void gone(End& end) {
    if (end.role == Role::client) {
      ++errors_;
      reopen(end);
    } else {
      close(end.fd);
      delete &end;
    }
  }

  void read(End& end) {
    static char buffer[1 << 18];
    for (;;) {
      const ssize_t got = recv(end.fd, buffer, sizeof buffer, 0);
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return gone(end);
      const std::string_view bytes(buffer, static_cast<std::size_t>(got));
      if (end.role == Role::origin) {
        answer(end, bytes);
      } else if (take(end, bytes)) {
        answered(end);
        if (options_.close) return;
      }
      if (bytes.size() < sizeof buffer) return;
    }
  }

  void handle(const epoll_event& event) {
    End& end = *static_cast<End*>(event.data.ptr);
    if (end.role == Role::listener) return accept_all();
    if (!end.connected) {
      if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) return gone(end);
      if ((event.events & EPOLLOUT) == 0) return;
      end.connected = true;
      if (!options_.close) end.asked_at = now();  // with --close a connection's set-up is part of its request
      return ask(end);
    }
    read(end);
  }

  void turn_until(double end) {
    epoll_event events[512];
    while (now() < end) {
      const int count = epoll_wait(epoll_, events, 512, 100);
      for (int i = 0; i < count; ++i) handle(events[i]);
    }
  }

  void print(double cpu, double elapsed) {
    std::ranges::sort(latencies_);
    const auto quantile = [this](double part) {
      return latencies_.empty()
                 ? 0.0
                 : static_cast<double>(
                       latencies_[static_cast<std::size_t>(part * static_cast<double>(latencies_.size() - 1))]);
    };
    const double count = static_cast<double>(done_);
    std::printf("req/s %8.0f  p50 %6.0f  p99 %6.0f  p999 %6.0f us  cpu_us/req %6.2f  cpu %3.0f%%  errors %ld\n",
                count / elapsed, quantile(.5), quantile(.99), quantile(.999), done_ != 0 ? cpu * 1e6 / count : 0,
                cpu / elapsed * 100, errors_);
  }

  Options options_;
  int epoll_;
  std::string request_;
  std::string answer_;
  End listener_;
  std::vector<End> clients_;
  std::vector<float> latencies_;
  long done_ = 0;
  long errors_ = 0;
};

}  // namespace

int main(int count, char** words) {
  if (count < 6) {
    std::fprintf(stderr, "usage: duel PROXY_PORT ORIGIN_PORT CONNECTIONS SECONDS PROXY_PID [--close] [--body BYTES]\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  Options options{.proxy_port = static_cast<std::uint16_t>(std::atoi(words[1])),
                  .origin_port = static_cast<std::uint16_t>(std::atoi(words[2])),
                  .connections = std::strtoul(words[3], nullptr, 10),
                  .seconds = std::atof(words[4]),
                  .pid = std::atoi(words[5])};
  for (int i = 6; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--close") options.close = true;
    if (word == "--body" && i + 1 < count) options.body = std::strtoul(words[++i], nullptr, 10);
    if (word == "--path" && i + 1 < count) options.path = words[++i];
  }
  Duel(options).run();
}
