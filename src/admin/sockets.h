// The listening sockets of the runtime socket and who is connected to them. All of it belongs to worker 0, except
// `closed`, which the control thread sets when the process ends.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admin/level.h"
#include "admin/session.h"
#include "io/acceptor.h"
#include "proxy/control.h"
#include "proxy/engine.h"
#include "proxy/model.h"

namespace weir::admin {

struct Sockets;

/// One served address.
struct Socket {
  Sockets* owner = nullptr;
  std::weak_ptr<Socket> self;
  SocketAddress address;
  std::string name;  // "unix@/run/x.sock", "127.0.0.1:9999"
  Level level = Level::operator_;
  SeverityOutput severity = SeverityOutput::none;
  bool exposes_sockets = false;
  std::unique_ptr<io::Acceptor> acceptor;
};

struct Sockets : std::enable_shared_from_this<Sockets> {
  explicit Sockets(proxy::Control& owner) : control(owner) {}

  proxy::Control& control;
  std::map<std::string, std::shared_ptr<Socket>> served;  // by address
  std::vector<CliSession*> sessions;
  Milliseconds timeout{10'000};
  std::uint32_t maxconn = 10;
  std::size_t most_payload = std::size_t{128} * 1024;
  std::uint64_t next_serial = 1;
  std::uint64_t cpu_asked_us = 0;  // `show info`: where its share of idle time was last measured
  TimePoint cpu_asked{};
  std::atomic<bool> closed{false};

  /// What the control thread opened; already served addresses come without a socket.
  struct Wanted {
    std::string key;
    SocketAddress address;
    std::string name;
    Level level = Level::operator_;
    SeverityOutput severity = SeverityOutput::none;
    bool exposes_sockets = false;
    io::Fd socket;
  };
  /// On worker 0.
  void install(std::vector<Wanted> wanted, const proxy::GlobalConfig& global);
  void close();
  void session_ended();

 private:
  static void accepted(void* socket, io::Fd connection, const SocketAddress& peer);
};

}  // namespace weir::admin
