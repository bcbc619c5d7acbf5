// The surroundings of an example: the connection, buffers and clock that rows.h promises, over this layer's registry.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostics.h"
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

class Surroundings {
 public:
  explicit Surroundings(std::string_view request = {}, std::string_view response = {}) {
    this->request.bytes = request;
    this->response.bytes = response;
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
