// One `tcp-check` line, compiled: connect, send, expect, comment.
//
// A Step is a value: two steps are equal when the words that made them are, whatever was compiled from them, so a
// reload can tell that a check is unchanged. Steps run in order on one connection at a time (check/script.h); a ruleset
// that does not begin with a connect gets the server's own connection first. Manual: option tcp-check, tcp-check.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/diagnostics.h"
#include "check/status.h"

namespace weir::sample {
class LogFormat;
}

namespace weir::check {

class Pattern;  // a compiled expect pattern, check/pattern.h

enum class StepKind : std::uint8_t { connect, send, expect, comment };

struct ConnectStep {
  bool server_defaults = false;  // `default`: the server's own check-ssl, check-sni, check-alpn
  std::uint16_t port = 0;        // 0: the check's port
  SocketAddress address;         // family none: the check's address
  bool tls = false;
  std::string sni;
  std::string alpn;
  bool linger = false;
};

struct SendStep {
  std::string data;                                 // ready bytes, when there is no format
  std::shared_ptr<const sample::LogFormat> format;  // send-lf, send-binary-lf
  bool hex = false;                                 // the format's text is hexadecimal
};

struct ExpectStep {
  std::shared_ptr<const Pattern> pattern;
  bool negate = false;
  int min_recv = -1;
  Status ok_status = Status::l7ok;
  Status error_status = Status::l7rsp;
  Status timeout_status = Status::l7tout;
  std::shared_ptr<const sample::LogFormat> on_success;
  std::shared_ptr<const sample::LogFormat> on_error;
};

struct Step {
  StepKind kind = StepKind::connect;
  std::vector<std::string> words;  // after "tcp-check", as written, quotes resolved: the identity
  std::string comment;
  ConnectStep connect;
  SendStep send;
  ExpectStep expect;
  friend bool operator==(const Step& a, const Step& b) { return a.words == b.words; }
};

}  // namespace weir::check
