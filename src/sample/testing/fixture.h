// The surroundings of an example: the connection, buffers and clock that rows.h promises, over this layer's registry.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "proto/http1/codec.h"
#include "sample/condition.h"
#include "sample/expression.h"
#include "sample/registry.h"
#include "sample/variable.h"

namespace weir::sample::testing {

inline const Registry& registry() {
  static const Registry all({.fetches = sample_fetches(),
                             .converters = sample_converters(),
                             .acl_keywords = sample_acl_keywords(),
                             .log_aliases = {}});
  return all;
}

/// AUTHORITY, UNIQUE_ID and an SSL with a common name in it.
inline constexpr std::string_view kTlvs{
    "\x02\x00\x10"
    "desk.example.com\x05\x00\x08"
    "c0ffee-1\x20\x00\x0d\x07\x00\x00\x00\x00\x22\x00\x05"
    "alice",
    46};

/// A message as an engine would have read it, when the bytes are one.
struct ReadMessage {
  std::string bytes;
  std::array<proto::http::Field, 101> fields;
  proto::http::Head head{fields};
  std::string body;
  HttpMessage message;

  ReadMessage() = default;
  ReadMessage(const ReadMessage&) = delete;
  ReadMessage& operator=(const ReadMessage&) = delete;

  void read(std::string_view text, bool request) {
    bytes = text;
    std::size_t scanned = 0;
    const auto result = request ? proto::http1::parse_request(bytes, scanned, {}, head)
                                : proto::http1::parse_response(bytes, scanned, {}, head);
    if (result.kind != proto::http1::HeadResult::Kind::complete) return;
    const auto framing = request ? proto::http::frame_request(head, {})
                                 : proto::http::frame_response(head, proto::http::Method::get, {});
    if (framing.violation != proto::http::Violation::none) return;
    proto::http1::BodyReader reader(framing);
    std::string_view rest = std::string_view(bytes).substr(result.size);
    for (auto piece = reader.next(rest); !piece.data.empty(); piece = reader.next(rest)) {
      body += piece.data;
      rest.remove_prefix(piece.consumed);
    }
    message = {.head = &head, .body = body, .body_complete = reader.over()};
  }
};

class Surroundings {
 public:
  explicit Surroundings(std::string_view request = {}, std::string_view response = {}) {
    this->request.bytes = request;
    this->response.bytes = response;
    http_request.read(request, true);
    http_response.read(response, false);
    facts.source = &client;
    facts.destination = &local;
    facts.endpoint_name = "rdp";
    facts.endpoint_id = 1;
    facts.proxy_name = "ft_rdp";
    facts.proxy_id = 2;
    facts.proxy_header = true;
    facts.tlvs = kTlvs;
    facts.accepted = WallTime(std::chrono::milliseconds(1767323043567));
    server_facts.source = &towards_server;
    server_facts.destination = &server;
    server_facts.endpoint_name = "ts1";
    server_facts.endpoint_id = 4;
    server_facts.proxy_name = "bk_rdp";
    server_facts.proxy_id = 3;
    process_variables.set(*VariableName::parse("proc.site"), Sample::string("north"));
    process_variables.set(*VariableName::parse("proc.seats"), Sample::integer(40));
  }
  Context context(bool final = true) {
    return {.arena = arena,
            .client = &facts,
            .server = &server_facts,
            .request = &request,
            .response = &response,
            .http_request = http_request.message.head == nullptr ? nullptr : &http_request.message,
            .http_response = http_response.message.head == nullptr ? nullptr : &http_response.message,
            .wall_now = WallTime(std::chrono::milliseconds(1767323045678)),
            .variables = &variables,
            .process_variables = &process_variables,
            .final = final};
  }
  Scope scope() const { return {.registry = &registry()}; }

  SocketAddress client = SocketAddress::ipv4(0xc0000207, 40123);
  SocketAddress local = SocketAddress::ipv4(0x7f000001, 3389);
  SocketAddress towards_server = SocketAddress::ipv4(0x0a000001, 50001);
  SocketAddress server = SocketAddress::ipv4(0x0a000009, 3390);
  ConnectionFacts facts;
  ConnectionFacts server_facts;
  Payload request;
  Payload response;
  ReadMessage http_request;
  ReadMessage http_response;
  Arena arena;
  std::unique_ptr<Variables> variables;
  ProcessVariables process_variables;
  Diagnostics diagnostics;
};

/// The words of a line, separated by single spaces; columns count from 1. `line` outlives them.
inline std::vector<Word> words(std::string_view line) {
  std::vector<Word> out;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    const std::string_view text = line.substr(at, end - at);
    out.push_back({text, {0, 1, static_cast<std::uint32_t>(at + 1), static_cast<std::uint32_t>(text.size())}});
    at = end + 1;
  }
  return out;
}

}  // namespace weir::sample::testing
