// One `tcp-check` line, compiled: connect, send, expect, comment, set-var, unset-var.
//
// A Step is a value: two steps are equal when the words that made them are, whatever was compiled from them, so a
// reload can tell that a check is unchanged. Steps run in order on one connection at a time (check/script.h); a ruleset
// that does not begin with a connect gets the server's own connection first. Manual: option tcp-check, tcp-check.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/diagnostics.h"
#include "check/status.h"
#include "config/lexer.h"
#include "sample/expression.h"
#include "sample/log_format.h"

namespace weir::check {

class Pattern;        // a compiled expect pattern, check/pattern.h
struct VariableStep;  // what is set to what, check/variable_step.h

enum class StepKind : std::uint8_t { connect, send, expect, comment, variable };

struct ConnectStep {
  bool server_defaults = false;        // `default`: the server's own check-ssl, check-sni, check-alpn
  std::uint16_t port = 0;              // 0: the check's port
  sample::Expression port_expression;  // instead of a number
  SocketAddress address;               // family none: the check's address
  bool tls = false;
  bool send_proxy = false;
  std::string sni;
  std::string alpn;  // as written, valid
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
  sample::Expression status_code;
};

struct Step {
  StepKind kind = StepKind::connect;
  std::vector<std::string> words;  // after "tcp-check", as written, quotes resolved: the identity
  std::string comment;
  ConnectStep connect;
  SendStep send;
  ExpectStep expect;
  std::shared_ptr<const VariableStep> variable;
  friend bool operator==(const Step& a, const Step& b) { return a.words == b.words; }
};

/// What an expression or format in a step may look at.
inline constexpr sample::Facts kStepFacts = sample::Facts::server | sample::Facts::response_bytes;

/// Reads one line, without the word "tcp-check". `end` is where something missing is reported; the scope's registry
/// compiles formats and expressions. nullopt after errors.
std::optional<Step> parse_tcp_check_step(std::span<const config::Word> words, SourcePosition end,
                                         const sample::Scope& scope, Diagnostics& diagnostics);

/// Whether the first step that speaks is a connect; otherwise the server's own connection comes first. Comments and
/// variables may stand before it.
bool begins_with_connect(std::span<const Step> steps);

/// Checks the order of a ruleset that `steps.back()` has just joined: with a connect anywhere, one comes first. The
/// error is a sentence for that step's line.
Result<void> check_step_order(std::span<const Step> steps);

/// One step of the language, for the reference manual.
struct StepDescription {
  std::string_view name;
  std::string_view arguments;
  std::string_view doc;
  std::string_view example;
};
std::vector<StepDescription> step_descriptions();

/// "connect port 3389", "send", "expect string 'x'": how messages name a step.
std::string describe(const Step& step);

}  // namespace weir::check
