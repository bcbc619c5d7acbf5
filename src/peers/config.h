// `peers` sections: who shares stick tables with whom, as a checked value.
//
// One of the peers is this process itself, found by its name (-L, `localpeer`, else the host's name): its address is
// where the others reach us. The caller provides two models to the parser: a std::deque<PeersConfig>, which owns the
// sections, and PeersFacts with the local name. Manual: 11.2.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/diagnostics.h"
#include "config/keyword.h"
#include "config/section.h"
#include "io/socket.h"
#include "log/target.h"
#include "stick/table.h"

namespace weir::peers {

/// What the process knows of itself; `localpeer` of the global section overwrites the name before any peers section.
struct PeersFacts {
  std::string local_peer;
};

struct PeerConfig {
  std::string name;
  AddressSpec spec;       // as written; for the local peer of a section with `bind`, that line's, and vice versa
  SocketAddress address;  // family none while spec.host awaits resolution, or when there is none
  bool local = false;
  bool has_address = false;
  io::ConnectOptions connect;
  std::uint32_t shard = 0;  // 0: hears of all keys
  SourcePosition at;
  SourcePosition address_at;                                         // where the address stands or is missing
  friend bool operator==(const PeerConfig& a, const PeerConfig& b);  // all but positions
};

/// The `bind` line of the local peer.
struct PeerBind {
  AddressSpec spec;
  std::string name;
  io::ListenOptions options;
  SourcePosition at;
  friend bool operator==(const PeerBind& a, const PeerBind& b);
};

struct PeersConfig {
  std::string name;
  SourcePosition at;
  bool disabled = false;
  bool usable = false;  // has a local peer, so that it may speak
  std::string local_peer;
  std::vector<PeerConfig> peers;
  std::optional<PeerBind> bind;
  std::optional<SourcePosition> peer_line;  // the first one
  std::vector<stick::TableConfig> tables;   // named "<section>/<table>"
  std::vector<log::TargetConfig> logs;
  bool log_global = false;
  std::uint32_t shards = 0;
  PeerBind default_bind;    // options for a bind line or the local peer
  PeerConfig default_peer;  // options for the peers below a default-server line

  [[nodiscard]] const PeerConfig* local() const;
};

extern const std::span<const config::SectionRow> peers_sections;
extern const std::span<const config::KeywordRow> peers_keywords;

}  // namespace weir::peers
