// The configuration is run as it is, by the engine that serves: one worker, one connection made here, and no more than
// that. Checks, logs, sockets and peers stay away, servers are up as the file has them, stick tables are empty. The
// session ends where it would connect to its server.
#include "app/explain.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <future>
#include <iostream>
#include <iterator>
#include <optional>

#include "admin/statistics/page.h"
#include "app/keywords.h"
#include "app/load_options.h"
#include "app/version.h"
#include "base/address.h"
#include "proto/rdp.h"
#include "proxy/engine.h"
#include "proxy/explain.h"
#include "proxy/tcp/session.h"

namespace weir::app {
namespace {

constexpr std::string_view kUsage =
    "usage: weir explain -f <file> [-f <file>]... [--frontend <name>] [--src <address>[:<port>]]\n"
    "                    [--request <file>|-] [--sni <name>] [--rdp-cookie <cookie>]\n"
    "  Tells every rule that this client's request meets, what its expressions come to, which ACL decides, which\n"
    "  backend and server are chosen and why. Nothing is connected.\n"
    "  --request     the bytes the client sends: an HTTP request (lines may end in LF), or whatever TCP rules look "
    "at;\n"
    "                without one, HTTP frontends get 'GET / HTTP/1.1'\n"
    "  --sni         a TLS hello that asks for this name\n"
    "  --rdp-cookie  an RDP connection request with this cookie, 'mstshash=user' or 'msts=...'\n";
constexpr std::chrono::seconds kPatience{20};

struct Order {
  CommandLine line;
  std::string frontend;
  SocketAddress source = SocketAddress::ipv4(0x7f000001, 40000);
  std::optional<std::string> bytes;
};

int complain(std::string_view what) {
  std::fputs(fmt::format("weir explain: {}\n{}", what, kUsage).c_str(), stderr);
  return 1;
}

void put16(std::string& out, std::size_t value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}

// RFC 8446 4.1.2 and RFC 6066 3, as short as may be: one suite, the name.
std::string client_hello(std::string_view name) {
  std::string names;
  names += '\0';
  put16(names, name.size());
  names += name;
  std::string extension;
  put16(extension, 0);
  put16(extension, names.size() + 2);
  put16(extension, names.size());
  extension += names;
  std::string body("\x03\x03", 2);
  body.append(32, '\0');
  body += std::string_view("\0\0\x02\x13\x01\x01\0", 7);
  put16(body, extension.size());
  body += extension;
  std::string record("\x16\x03\x01", 3);
  put16(record, body.size() + 4);
  record += std::string_view("\x01\0", 2);
  put16(record, body.size());
  return record + body;
}

// A connection request with the cookie "name=value", asking for TLS.
std::string rdp_request(std::string_view cookie) {
  using namespace proto::rdp;
  const std::size_t equals = cookie.find('=');
  const RequestFields fields{.cookie_name = cookie.substr(0, equals),
                             .cookie_value = equals == cookie.npos ? "" : cookie.substr(equals + 1),
                             .routing_token = {},
                             .negotiation = NegotiationRequest{.flags = 0, .protocols = protocol::ssl}};
  std::string packet(kMaxPacket, '\0');
  packet.resize(write_connection_request(fields, packet));
  return packet;
}

std::optional<std::string> read_file(const std::string& path) {
  constexpr std::size_t kMost = 1 << 20;
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return std::nullopt;
  }
  std::istreambuf_iterator<char> from(path == "-" ? std::cin.rdbuf() : file.rdbuf());
  std::string text;
  for (; from != std::istreambuf_iterator<char>() && text.size() < kMost; ++from) text += *from;
  return text;
}

// What a person has typed may lack the empty line at its end.
std::string whole_request(std::string text) {
  const bool ended = text.find("\n\r\n") != std::string::npos || text.find("\n\n") != std::string::npos;
  if (ended) return text;
  if (!text.ends_with('\n')) text += "\r\n";
  return text + "\r\n";
}

// True when the word took its value; an error is printed.
bool take(Order& order, const std::string& word, const std::string& value, std::string& wrong) {
  if (word == "-f") {
    order.line.files.push_back(value);
  } else if (word == "--frontend") {
    order.frontend = value;
  } else if (word == "--src") {
    const auto address = parse_address(value);
    if (!address || !address->address.is_inet())
      wrong = fmt::format("'{}' is no address", value);
    else
      order.source = address->address;
    if (order.source.port() == 0) order.source.set_port(40000);
  } else if (word == "--request") {
    order.bytes = read_file(value);
    if (!order.bytes) wrong = fmt::format("cannot read '{}'", value);
  } else if (word == "--sni") {
    if (value.size() > 255) wrong = "a host's name has at most 255 bytes";
    order.bytes = client_hello(value);
  } else if (word == "--rdp-cookie") {
    order.bytes = rdp_request(value);
    if (order.bytes->empty()) wrong = "an RDP cookie is one line of at most 200 bytes or so, '<name>=<value>'";
  } else {
    wrong = fmt::format("'{}' is not known here", word);
  }
  return wrong.empty();
}

// The frontend that was named, or the only one.
const proxy::ProxyConfig* find_frontend(const proxy::Config& config, const std::string& name, std::string& wrong) {
  const proxy::ProxyConfig* found = nullptr;
  std::size_t count = 0;
  for (const auto& proxy : config.proxies) {
    if (!proxy->is_frontend() || proxy->settings.disabled) continue;
    count++;
    if (name.empty() || proxy->name == name) found = proxy.get();
  }
  if (found == nullptr)
    wrong = name.empty() ? "the configuration has no frontend" : fmt::format("there is no frontend '{}'", name);
  else if (name.empty() && count > 1)
    wrong = "there are several frontends: choose one with --frontend";
  return wrong.empty() ? found : nullptr;
}

// Nothing of it touches the world outside: the frontend listens where nobody can reach it.
void keep_inside(proxy::Config& config, const proxy::ProxyConfig& chosen) {
  config.global.threads = 1;
  config.global.stats_sockets.clear();
  config.global.logs.clear();
  config.rings.clear();  // nobody writes into one now, and their servers would be connected
  config.peers.clear();
  for (const auto& proxy : config.proxies) {
    proxy->settings.log.targets.clear();
    for (proxy::ServerConfig& server : proxy->servers) server.check_enabled = server.health.agent.enabled = false;
    if (proxy.get() != &chosen) {
      proxy->binds.clear();
      continue;
    }
    if (proxy->binds.empty()) proxy->binds.emplace_back();
    proxy->binds.resize(1);
    proxy::BindConfig& bind = proxy->binds.front();
    bind.addresses = {SocketAddress::abstract(fmt::format("weir-explain-{}", ::getpid()))};
    bind.options = {};
    bind.accept_proxy = false;
    bind.netscaler_magic.reset();
    bind.workers.clear();
  }
}

// On worker 0: the connection is there, as if its listener had accepted it.
void open_there(proxy::Engine& engine, int fd, const SocketAddress& source) {
  proxy::WorkerContext& worker = *engine.process().contexts.front();
  worker.io->post([&worker, fd, source] {
    if (!worker.listeners.empty()) proxy::open_session(*worker.listeners.front(), io::Fd(fd), source);
  });
}

std::string first_line(int fd) {
  char bytes[256];
  const ssize_t got = ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  const std::string_view text(bytes, got > 0 ? static_cast<std::size_t>(got) : 0);
  return std::string(text.substr(0, text.find_first_of("\r\n")));
}

int run(proxy::Config config, const Order& order, const proxy::ProxyConfig& frontend) {
  const bool http = frontend.settings.mode == proxy::Mode::http;
  std::string bytes = order.bytes.value_or(http ? "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" : "");
  if (http) bytes = whole_request(std::move(bytes));
  const auto statistics = admin::make_statistics_page(std::string(kReportedVersion));
  std::promise<std::string> told;  // outlives the engine, which may tell what it has to at its very end
  proxy::Engine engine(sample_registry());
  engine.process().statistics = statistics.get();
  if (auto started = engine.start(std::move(config)); !started) return complain(started.error().message);
  auto wanted = std::make_shared<proxy::ExplainWish>();
  wanted->stops_at_server = true;
  wanted->done = [&told](std::string text) { told.set_value(std::move(text)); };
  const std::uint64_t wish = engine.process().explain.add(std::move(wanted));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
    return complain("no socket pair is to be had");
  const io::Fd client(ends[0]);
  if (auto running = engine.run(); !running) return complain(running.error().message);
  if (::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
    return complain("the request is too large");
  // More will not come: rules that wait for bytes decide. An HTTP client would be taken for one that left.
  if (!http) ::shutdown(client.get(), SHUT_WR);
  open_there(engine, ends[1], order.source);
  auto text = told.get_future();
  const bool came = text.wait_for(kPatience) == std::future_status::ready;
  if (!came) engine.process().explain.remove(wish);
  const std::string answer = first_line(client.get());
  engine.stop();
  if (!came && text.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
    return complain("the request is not whole, or a rule waits for longer than this command does");
  std::fputs(text.get().c_str(), stdout);
  if (!answer.empty()) std::printf("the client is told: %s\n", answer.c_str());
  return 0;
}

}  // namespace

int explain(const std::vector<std::string>& words) {
  Order order;
  for (std::size_t at = 0; at < words.size(); at += 2) {
    std::string wrong;
    if (at + 1 == words.size()) return complain(fmt::format("'{}' needs a value", words[at]));
    if (!take(order, words[at], words[at + 1], wrong)) return complain(wrong);
  }
  if (order.line.files.empty()) return complain("which configuration? -f <file>");
  Diagnostics diagnostics;
  proxy::LoadOptions options = load_options(order.line);
  options.files = order.line.files;
  std::optional<proxy::Config> config = proxy::load_config(options, diagnostics);
  if (!config) {
    std::fputs(diagnostics.render(Severity::alert).c_str(), stderr);
    return 1;
  }
  std::string wrong;
  const proxy::ProxyConfig* frontend = find_frontend(*config, order.frontend, wrong);
  if (frontend == nullptr) return complain(wrong);
  keep_inside(*config, *frontend);
  return run(std::move(*config), order, *frontend);
}

}  // namespace weir::app
