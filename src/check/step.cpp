// Reads `tcp-check` lines.
#include "check/step.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "check/pattern.h"
#include "check/variable_step.h"
#include "config/arguments.h"
#include "tls/client.h"

namespace weir::check {
namespace {

using config::Arguments;
using config::Word;

struct Reader {
  Arguments& args;
  sample::Scope scope;
  Step& step;
  const Word& name;  // the step's own word: "set-var(check.port)"
  bool ok = true;

  void wrong(SourcePosition at, std::string message, std::string hint = {}) {
    args.error_at(at, std::move(message)).hint = std::move(hint);
    ok = false;
  }
  const Word* take(std::string_view what) {
    const Word* word = args.expect_word(what);
    ok = ok && word != nullptr;
    return word;
  }
  std::shared_ptr<const sample::LogFormat> format(const Word& word) {
    sample::FormatOptions options;
    options.use = sample::FormatUse::text;
    options.merge_spaces = false;
    auto compiled = sample::LogFormat::compile(word.text, options, scope, word.at, args.diagnostics());
    ok = ok && compiled != nullptr;
    return compiled;
  }
  std::shared_ptr<const sample::LogFormat> take_format(std::string_view what) {
    const Word* word = take(what);
    return word != nullptr ? format(*word) : nullptr;
  }
  sample::Expression expression(const Word& word) {
    auto compiled = sample::Expression::compile(word.text, scope, word.at, args.diagnostics());
    ok = ok && compiled.has_value();
    return compiled.value_or(sample::Expression());
  }
};

bool all_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == text.npos; }

void connect_port(Reader& reader) {
  const Word* word = reader.take("a port");
  if (word == nullptr) return;
  if (!all_digits(word->text)) {
    reader.step.connect.port_expression = reader.expression(*word);
    return;
  }
  const auto port = parse_integer(word->text, 1, 65535);
  if (!port) return reader.wrong(word->at, fmt::format("'{}' is no port", word->text), "a port is 1 to 65535");
  reader.step.connect.port = static_cast<std::uint16_t>(*port);
}

void connect_address(Reader& reader) {
  const Word* word = reader.take("an IP address");
  if (word == nullptr) return;
  const auto spec = parse_address(word->text);
  if (!spec || !spec->host.empty() || spec->datagram || spec->address.family() == AddressFamily::none)
    return reader.wrong(word->at, fmt::format("'{}' is no IP address", word->text),
                        "a check connects to an address; host names are resolved on server lines only");
  reader.step.connect.address = spec->address;
  if (spec->has_port && reader.step.connect.port == 0) reader.step.connect.port = spec->address.port();
}

void connect_alpn(Reader& reader) {
  const Word* word = reader.take("ALPN protocol names");
  if (word == nullptr) return;
  if (const auto wire = tls::parse_alpn(word->text); !wire) return reader.wrong(word->at, wire.error().message);
  reader.step.connect.alpn = word->text;
}

// Bytes as they are is all that a tcp-check speaks, and the one protocol of TCP mode.
void connect_proto(Reader& reader) {
  const Word* word = reader.take("a protocol");
  if (word != nullptr && word->text != "none")
    reader.wrong(word->at, fmt::format("'{}' is no protocol of TCP mode", word->text), "there is 'none' only");
}

void comment(Reader& reader) {
  if (const Word* word = reader.take("a comment")) reader.step.comment = word->text;
}

void parse_connect(Reader& reader) {
  constexpr std::array<std::string_view, 11> kOptions = {
      "default", "port", "addr", "ssl", "sni", "alpn", "linger", "comment", "send-proxy", "via-socks4", "proto"};
  ConnectStep& connect = reader.step.connect;
  while (const Word* word = reader.args.next()) {
    const std::string_view option = word->text;
    if (option == "default") {
      connect.server_defaults = true;
    } else if (option == "ssl") {
      connect.tls = true;
    } else if (option == "send-proxy") {
      connect.send_proxy = true;
    } else if (option == "linger") {
      connect.linger = true;
    } else if (option == "port") {
      connect_port(reader);
    } else if (option == "addr") {
      connect_address(reader);
    } else if (option == "sni") {
      if (const Word* name = reader.take("a server name")) connect.sni = name->text;
    } else if (option == "alpn") {
      connect_alpn(reader);
    } else if (option == "comment") {
      comment(reader);
    } else if (option == "proto") {
      connect_proto(reader);
    } else if (option == "via-socks4") {
      return reader.wrong(word->at, fmt::format("'{}' is not available in checks", option));
    } else {
      const auto near = nearest_word(option, kOptions);
      return reader.wrong(word->at, fmt::format("unknown option '{}'", option),
                          near.empty() ? "expected default, port, addr, send-proxy, ssl, sni, alpn, linger or comment"
                                       : fmt::format("did you mean '{}'?", near));
    }
  }
}

void parse_send(Reader& reader, bool hex, bool format) {
  const Word* word = reader.take(hex ? "hexadecimal digits" : "the text to send");
  if (word == nullptr) return;
  SendStep& send = reader.step.send;
  send.hex = hex;
  if (format) {
    send.format = reader.format(*word);
  } else if (hex) {
    auto bytes = parse_hex(word->text);
    if (!bytes) return reader.wrong(word->at, bytes.error().message);
    send.data = std::move(*bytes);
  } else {
    send.data = word->text;
  }
  if (reader.args.take("comment")) comment(reader);
  if (!reader.args.expect_end()) reader.ok = false;
}

void expect_status(Reader& reader, std::string_view option, Status& into, std::span<const Status> allowed) {
  const Word* word = reader.take("a check status");
  if (word == nullptr) return;
  const auto status = status_from_word(word->text);
  if (status && std::ranges::find(allowed, *status) != allowed.end()) {
    into = *status;
    return;
  }
  std::string words;
  for (const Status candidate : allowed)
    words += fmt::format("{}{}", words.empty() ? "" : ", ", status_word(candidate));
  reader.wrong(word->at, fmt::format("'{}' cannot take '{}'", option, word->text), "expected one of " + words);
}

void expect_pattern(Reader& reader, PatternKind kind) {
  const Word* word = reader.take("a pattern");
  if (word == nullptr) return;
  std::shared_ptr<const sample::LogFormat> format;
  if (kind == PatternKind::string_lf || kind == PatternKind::binary_lf) {
    format = reader.format(*word);
    if (format == nullptr) return;
  }
  auto pattern = Pattern::compile(kind, word->text, std::move(format));
  if (!pattern) return reader.wrong(word->at, pattern.error().message);
  reader.step.expect.pattern = std::move(*pattern);
}

bool expect_option(Reader& reader, std::string_view option) {
  constexpr std::array kOk = {Status::l7ok, Status::l7okc, Status::l6ok, Status::l4ok};
  constexpr std::array kError = {Status::l7okc, Status::l7rsp, Status::l7sts, Status::l6rsp, Status::l4con};
  constexpr std::array kTimeout = {Status::l7tout, Status::l6tout, Status::l4tout};
  ExpectStep& expect = reader.step.expect;
  if (option == "comment") {
    comment(reader);
  } else if (option == "min-recv") {
    const auto size = reader.args.expect_integer("the number of bytes", -1, std::numeric_limits<int>::max());
    reader.ok = reader.ok && size.has_value();
    if (size) expect.min_recv = static_cast<int>(*size);
  } else if (option == "ok-status") {
    expect_status(reader, option, expect.ok_status, kOk);
  } else if (option == "error-status") {
    expect_status(reader, option, expect.error_status, kError);
  } else if (option == "tout-status") {
    expect_status(reader, option, expect.timeout_status, kTimeout);
  } else if (option == "on-success") {
    expect.on_success = reader.take_format("a log format");
  } else if (option == "on-error") {
    expect.on_error = reader.take_format("a log format");
  } else if (option == "status-code") {
    if (const Word* word = reader.take("an expression")) expect.status_code = reader.expression(*word);
  } else {
    return false;
  }
  return true;
}

void parse_expect(Reader& reader) {
  constexpr std::array<std::string_view, 14> kWords = {
      "string",   "rstring",   "binary",       "rbinary",     "string-lf",  "binary-lf", "comment",
      "min-recv", "ok-status", "error-status", "tout-status", "on-success", "on-error",  "status-code"};
  ExpectStep& expect = reader.step.expect;
  while (const Word* word = reader.args.next()) {
    std::string_view option = word->text;
    bool negated = false;
    if (option.starts_with('!')) {
      negated = true;
      option.remove_prefix(1);
      if (option.empty()) {
        word = reader.take("a way to match");
        if (word == nullptr) return;
        option = word->text;
      }
    }
    if (const auto kind = find_pattern_kind(option)) {
      if (expect.pattern != nullptr) return reader.wrong(word->at, "an expect has one pattern");
      expect.negate = negated;
      expect_pattern(reader, *kind);
    } else if (negated || !expect_option(reader, option)) {
      const auto near = nearest_word(option, kWords);
      return reader.wrong(word->at, fmt::format("unknown word '{}'", option),
                          near.empty() ? "expected a match such as string, rstring, binary or rbinary"
                                       : fmt::format("did you mean '{}'?", near));
    }
    if (!reader.ok) return;
  }
  if (expect.pattern == nullptr) reader.wrong(reader.args.here(), "there is nothing to match");
}

// "check.port,ifexists" of set-var(check.port,ifexists), each part at its own column.
std::shared_ptr<VariableStep> variable_name(Reader& reader, std::string_view keyword) {
  const Word& word = reader.name;
  const std::size_t open = keyword.size();
  std::string_view inside = std::string_view(word.text).substr(open);
  if (inside.size() < 3 || inside.front() != '(' || inside.back() != ')') {
    reader.wrong(word.at, fmt::format("'{}' takes a variable in parentheses", keyword));
    return nullptr;
  }
  inside = inside.substr(1, inside.size() - 2);
  auto variable = std::make_shared<VariableStep>();
  for (std::size_t start = 0; start <= inside.size();) {
    const std::size_t end = std::min(inside.find(',', start), inside.size());
    const std::string_view part = inside.substr(start, end - start);
    SourcePosition at = word.at;
    if (at.length == word.text.size()) {  // no quotes or escapes in between
      at.column += static_cast<std::uint32_t>(open + 1 + start);
      at.length = static_cast<std::uint32_t>(part.size());
    }
    if (start == 0) {
      using sample::VariableScope;
      const auto name = sample::VariableName::parse(part);
      if (!name) return reader.wrong(at, name.error().message), nullptr;
      variable->name = *name;
      if (name->scope != VariableScope::check && name->scope != VariableScope::sess &&
          name->scope != VariableScope::proc)
        return reader.wrong(at, fmt::format("'{}': a check has variables of the scopes check, sess and proc", part)),
               nullptr;
    } else if (keyword == "unset-var") {
      return reader.wrong(at, "'unset-var' takes the name of one variable"), nullptr;
    } else if (const auto added = variable->conditions.add(part); !added) {
      return reader.wrong(at, added.error().message), nullptr;
    }
    start = end + 1;
  }
  return variable;
}

void parse_variable(Reader& reader, std::string_view keyword) {
  const auto variable = variable_name(reader, keyword);
  if (variable == nullptr) return;
  if (keyword == "set-var") {
    const Word* word = reader.take("an expression");
    if (word == nullptr) return;
    variable->expression = reader.expression(*word);
  } else if (keyword == "set-var-fmt") {
    variable->format = reader.take_format("a format");
  }
  if (!reader.ok) return;
  if (!reader.args.expect_end()) reader.ok = false;
  reader.step.variable = variable;
}

struct StepRow {
  std::string_view name;
  StepKind kind;
  void (*parse)(Reader&);
  std::string_view doc;
  std::string_view example;
  std::string_view arguments = {};  // "(<name>)" of a word that goes on with parentheses
};

constexpr StepRow kSteps[] = {
    {"comment", StepKind::comment,
     [](Reader& reader) {
       comment(reader);
       if (!reader.args.expect_end()) reader.ok = false;
     },
     "Names the steps that follow it in messages.", "tcp-check comment \"the banner\""},
    {"connect", StepKind::connect, parse_connect, "Opens a connection; the steps up to the next connect run on it.",
     "tcp-check connect port 3389 ssl"},
    {"send", StepKind::send, [](Reader& reader) { parse_send(reader, false, false); }, "Sends a text.",
     "tcp-check send PING\\r\\n"},
    {"send-lf", StepKind::send, [](Reader& reader) { parse_send(reader, false, true); },
     "Sends a text with expressions in it.", "tcp-check send-lf \"HELO %[hostname]\\r\\n\""},
    {"send-binary", StepKind::send, [](Reader& reader) { parse_send(reader, true, false); },
     "Sends bytes written as hexadecimal digits.", "tcp-check send-binary 50494e470d0a"},
    {"send-binary-lf", StepKind::send, [](Reader& reader) { parse_send(reader, true, true); },
     "Sends bytes whose hexadecimal digits may come from expressions.", "tcp-check send-binary-lf 50494e470d0a"},
    {"expect", StepKind::expect, parse_expect, "Waits for an answer that matches, or with '!' for one that does not.",
     "tcp-check expect string +PONG"},
    {"set-var", StepKind::variable, [](Reader& reader) { parse_variable(reader, "set-var"); },
     "Keeps the value of an expression under a name, for the steps that follow.",
     "tcp-check set-var(check.port) int(1234)", "(<name>[,<condition>...]) <expression>"},
    {"set-var-fmt", StepKind::variable, [](Reader& reader) { parse_variable(reader, "set-var-fmt"); },
     "Keeps the text that a format makes under a name, for the steps that follow.",
     "tcp-check set-var-fmt(check.name) srv-%[srv_name]", "(<name>[,<condition>...]) <format>"},
    {"unset-var", StepKind::variable, [](Reader& reader) { parse_variable(reader, "unset-var"); },
     "Forgets a variable.", "tcp-check unset-var(check.port)", "(<name>)"},
};

const StepRow* find_step(Arguments& args) {
  const Word* word = args.expect_word("a check step");
  if (word == nullptr) return nullptr;
  const std::string_view bare = std::string_view(word->text).substr(0, word->text.find('('));
  for (const StepRow& row : kSteps)
    if (row.name == (row.arguments.empty() ? std::string_view(word->text) : bare)) return &row;
  std::vector<std::string_view> names;
  for (const StepRow& row : kSteps) names.push_back(row.name);
  const auto near = nearest_word(bare, names);
  args.error_at(word->at, fmt::format("unknown step '{}'", word->text)).hint =
      near.empty() ? "expected connect, send, send-lf, send-binary, send-binary-lf, expect, comment, set-var, "
                     "set-var-fmt or unset-var"
                   : fmt::format("did you mean '{}'?", near);
  return nullptr;
}

}  // namespace

std::optional<Step> parse_tcp_check_step(std::span<const Word> words, SourcePosition end, const sample::Scope& scope,
                                         Diagnostics& diagnostics) {
  Arguments args(diagnostics, words, "tcp-check", end, "tcp-check connect port 3389 ssl");
  const StepRow* row = find_step(args);
  if (row == nullptr) return std::nullopt;
  args.set_subject(fmt::format("tcp-check {}", row->name));
  args.set_example(row->example);
  Step step;
  step.kind = row->kind;
  for (const Word& word : words) step.words.push_back(word.text);
  Reader reader{.args = args, .scope = scope, .step = step, .name = words.front()};
  reader.scope.available = kStepFacts;
  row->parse(reader);
  if (!reader.ok) return std::nullopt;
  return step;
}

bool begins_with_connect(std::span<const Step> steps) {
  const auto first = std::ranges::find_if(
      steps, [](const Step& step) { return step.kind != StepKind::comment && step.kind != StepKind::variable; });
  return first != steps.end() && first->kind == StepKind::connect;
}

Result<void> check_step_order(std::span<const Step> steps) {
  if (steps.empty() || steps.back().kind != StepKind::connect || begins_with_connect(steps)) return {};
  return fail(
      "a tcp-check ruleset with a connect begins with one: put 'tcp-check connect' before the first send or "
      "expect");
}

std::vector<StepDescription> step_descriptions() {
  std::vector<StepDescription> all;
  for (const StepRow& row : kSteps) all.push_back({row.name, row.arguments, row.doc, row.example});
  return all;
}

std::string describe(const Step& step) {
  switch (step.kind) {
    case StepKind::connect:
      if (step.connect.port != 0) return fmt::format("connect port {}", step.connect.port);
      if (!step.connect.port_expression.empty())
        return fmt::format("connect port {}", step.connect.port_expression.text());
      return "connect";
    case StepKind::send: return "send";
    case StepKind::expect: return "expect " + step.expect.pattern->describe();
    case StepKind::comment: return "comment";
    case StepKind::variable: return step.words.front();
  }
  return {};
}

}  // namespace weir::check
