// One connection of the runtime socket: its mode, its level, its commands one after the other.
//
// Three modes: single (one line, its answers, the end), interactive (any number of lines) and prompt (the same with
// "> " before each line). Lives on worker 0. Manual: management 9.3, prompt.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "admin/level.h"
#include "admin/output.h"
#include "io/stream.h"
#include "io/task.h"
#include "proxy/worker_context.h"

namespace weir::admin {

struct Sockets;
struct Socket;

struct CliSession {
  CliSession(Sockets& owner, Socket& through, io::Fd connection, const SocketAddress& peer);
  CliSession(const CliSession&) = delete;
  CliSession& operator=(const CliSession&) = delete;
  ~CliSession();

  enum class Mode : std::uint8_t { single, interactive, prompt };

  Sockets& sockets;
  Socket& socket;
  std::uint64_t serial;
  SocketAddress client;
  io::Stream stream;
  Milliseconds timeout;
  Output out;
  Level level;
  Mode mode = Mode::single;
  SeverityOutput severity;
  bool expert = false;        // expert-mode
  bool experimental = false;  // experimental-mode
  bool timed = false;         // uptime in the prompt
  bool ending = false;        // quit, or an input that cannot be followed
  TimePoint accepted;
  WallTime accepted_wall;
  std::string input;  // bytes that arrived, from the start of the next line
  bool input_ended = false;

  /// "> ", "[0:00:00:50]> ", or "" outside of prompt mode.
  [[nodiscard]] std::string prompt_text();
};

/// The whole life of a connection. Everything it needs is kept alive by its own arguments.
io::Task<void> serve_session(std::shared_ptr<Sockets>& sockets, std::shared_ptr<Socket>& socket, io::Fd& connection,
                             SocketAddress& peer);

}  // namespace weir::admin
