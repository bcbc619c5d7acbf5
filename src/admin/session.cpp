#include "admin/session.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>

#include "admin/command.h"
#include "admin/command_line.h"
#include "admin/sockets.h"
#include "proto/syslog.h"
#include "proxy/process_state.h"

namespace weir::admin {
namespace {

// The next line without its line feed; false: there will be none.
io::Task<bool> read_line(CliSession& session, std::string& line, std::size_t most) {
  std::size_t searched = 0;
  for (;;) {
    const std::size_t end = session.input.find('\n', searched);
    if (end != std::string::npos && end <= most) {
      line.assign(session.input, 0, end);
      session.input.erase(0, end + 1);
      co_return true;
    }
    if (session.input.size() > most) {
      session.out.text += "The line is too long.\n";
      session.ending = true;
    }
    if (session.ending || session.input_ended) co_return false;
    searched = session.input.size();
    char piece[2048];
    const auto got = co_await session.stream.read_some(piece, session.stream.worker().now() + session.timeout);
    if (!got) {
      session.ending = true;
      co_return false;
    }
    session.input_ended = *got == 0;
    session.input.append(piece, *got);
  }
}

io::Task<bool> read_payload(CliSession& session, const std::string& last_line, std::string& payload,
                            std::size_t most_line) {
  std::string line;
  for (;;) {
    if (session.mode == CliSession::Mode::prompt) session.out.text += "+ ";
    const bool sent = co_await session.out.flush();
    if (!sent) co_return false;
    const bool got = co_await read_line(session, line, most_line);
    if (!got) co_return false;
    if (line.ends_with('\r')) line.pop_back();
    if (line == last_line) co_return true;
    if (payload.size() + line.size() + 1 > session.sockets.most_payload) {
      session.out.text += "The payload is too long.\n";
      session.ending = true;
      co_return false;
    }
    payload += line;
    payload += '\n';
  }
}

void write_severity(CliSession& session, int severity) {
  if (session.severity == SeverityOutput::none) return;
  const auto name = proto::syslog_name(static_cast<proto::SyslogLevel>(severity));
  session.out.text +=
      session.severity == SeverityOutput::number ? fmt::format("[{}]: ", severity) : fmt::format("[{}]: ", name);
}

io::Task<void> run_command(CliSession& session, const std::vector<std::string>& words, std::string_view payload) {
  std::size_t used = 0;
  const CliCommand* command = find_command(words, used);
  if (command == nullptr) {
    write_severity(session, 6);
    write_unknown(session.out.text, session.level, words);
  } else if (session.level < command->level) {
    write_severity(session, 3);
    session.out.text += "Permission denied\n";
  } else {
    Call call{.session = session,
              .words = std::span(words).subspan(used),
              .payload = payload,
              .out = session.out,
              .control = session.sockets.control,
              .worker = proxy::WorkerContext::current()};
    if (command->answer != nullptr) {
      command->answer(call);
    } else {
      co_await command->run(call);
    }
  }
  if (session.ending) co_return;
  session.out.text += '\n';
  session.out.text += session.prompt_text();
  (void)co_await session.out.room();
}

io::Task<void> talk(CliSession& session) {
  const std::size_t most = static_cast<std::size_t>(proxy::WorkerContext::current().plan->global->bufsize);
  std::string line;
  while (!session.ending && !session.out.broken()) {
    const bool got = co_await read_line(session, line, most);
    if (!got) break;
    const CommandLine commands = split_command_line(line);
    std::string payload;
    if (commands.payload_end) {
      const bool complete = co_await read_payload(session, *commands.payload_end, payload, most);
      if (!complete) break;
    }
    for (std::size_t i = 0; i < commands.commands.size() && !session.ending && !session.out.broken(); i++) {
      const bool takes_payload = i + 1 == commands.commands.size();
      co_await run_command(session, commands.commands[i], takes_payload ? payload : std::string_view());
      // Traffic goes first between the commands of a long chain.
      if (!takes_payload && session.mode == CliSession::Mode::prompt)
        co_await io::sleep_for(session.stream.worker(), Milliseconds(1));
    }
    (void)co_await session.out.flush();
    if (session.mode == CliSession::Mode::single) break;
  }
  (void)co_await session.out.flush();
}

// Closing a socket with unread input would reset the connection and take the answer away from a client that sent more
// than was read.
void discard_input(int fd) {
  char piece[4096];
  for (int i = 0; i < 16; i++)
    if (::recv(fd, piece, sizeof piece, MSG_DONTWAIT) <= 0) return;
}

}  // namespace

void Call::say(int severity, std::string_view message) const {
  write_severity(session, severity);
  out.text += message;
}

CliSession::CliSession(Sockets& owner, Socket& through, io::Fd connection, const SocketAddress& peer)
    : sockets(owner),
      socket(through),
      serial(owner.next_serial++),
      client(peer),
      stream(io::Worker::current(), std::move(connection), io::Side::client),
      timeout(owner.timeout),
      out(stream, timeout),
      level(through.level),
      severity(through.severity),
      accepted(io::Worker::current().now()),
      accepted_wall(io::Worker::current().wall_now()) {
  sockets.sessions.push_back(this);
}

CliSession::~CliSession() {
  std::erase(sockets.sessions, this);
  sockets.session_ended();
}

std::string CliSession::prompt_text() {
  if (mode != Mode::prompt) return {};
  if (!timed) return "> ";
  const TimePoint started = sockets.control.engine().process().started;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(stream.worker().now() - started).count();
  return fmt::format("[{}:{:02}:{:02}:{:02}]> ", seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

io::Task<void> serve_session(std::shared_ptr<Sockets>& sockets, std::shared_ptr<Socket>& socket, io::Fd& connection,
                             SocketAddress& peer) {
  CliSession session(*sockets, *socket, std::move(connection), peer);
  co_await talk(session);
  if (!session.stream.open()) co_return;
  session.stream.shutdown_write();
  discard_input(session.stream.fd());
}

}  // namespace weir::admin
