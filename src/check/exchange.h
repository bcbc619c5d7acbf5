// The connection of one running check: plain or TLS, with the check's budget of time.
//
// Two budgets exist (CheckTimeouts): with `timeout check` each connection has its own connect time and then its own
// exchange time; without it everything together has `inter`. Every wait takes its deadline from here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "check/config.h"
#include "io/stream.h"
#include "tls/stream.h"

namespace weir::check {

/// How far a stage came. `info` is what a person reads beside the status; empty when the status says it all.
struct Stage {
  Status status = Status::l4ok;
  std::string info = {};
};

/// Where a connection goes and what it speaks.
struct Route {
  SocketAddress address;
  bool header = false;  // a PROXY header comes first
  bool tls = false;
  std::string sni;
  std::string alpn;
  bool linger = false;  // close with FIN: otherwise RST, which leaves no TIME_WAIT behind
};

/// The server's own connection: the check's address and port, check-ssl and its words.
Route default_route(const CheckConfig& config, const SocketAddress& server);

enum class Moved : std::uint8_t { ok, ended, timed_out, failed };

class Exchange {
 public:
  Exchange(const CheckConfig& config, io::Worker& worker);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() { close(); }

  /// Closes what was open and connects: l4ok or l6ok, or why not.
  io::Task<Stage> open(const Route& route);
  io::Task<Moved> send(std::string_view bytes);
  /// Appends to received(); at most the worker's buffer size in all, which counts as the end of input.
  io::Task<Moved> receive();
  /// Ends the connection politely when the route lingers.
  io::Task<void> finish();

  [[nodiscard]] const std::string& received() const { return received_; }
  void forget_received() { received_.clear(); }
  [[nodiscard]] bool ended() const { return ended_; }
  /// After Moved::failed: the system's or the TLS library's words.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] Milliseconds elapsed() const;
  [[nodiscard]] io::Worker& worker() const { return worker_; }
  [[nodiscard]] SocketAddress local_address() const;
  [[nodiscard]] const SocketAddress& peer() const { return route_.address; }

 private:
  io::Task<Stage> secure(TimePoint deadline);
  io::Task<Stage> send_header(TimePoint deadline);
  Moved broken(const io::IoError& error);
  Moved broken(const tls::TlsError& error);
  void close();

  const CheckConfig& config_;
  io::Worker& worker_;
  TimePoint begin_;
  TimePoint deadline_;  // of the exchange in progress
  Route route_;
  std::unique_ptr<io::Stream> stream_;
  std::unique_ptr<tls::TlsStream> tls_;
  std::string received_;
  std::string failure_;
  bool ended_ = false;
};

}  // namespace weir::check
