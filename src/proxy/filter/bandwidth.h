// `filter bwlim-in` and `filter bwlim-out`: how fast the bytes of a session may travel in one direction.
//
// A filter is a value of the configuration; a session that `set-bandwidth-limit` switched one on for carries a
// BandwidthLimits (tcp/bandwidth.h), and everybody else nothing. Manual 9.7.
#pragma once

#include <cstdint>
#include <string>

#include "base/diagnostics.h"
#include "base/time.h"
#include "sample/expression.h"

namespace weir::proxy {

struct BandwidthFilter {
  std::string name;
  bool incoming = false;       // bwlim-in: from the client to the server
  bool shared = false;         // limit/key: all sessions of one table entry share it; else each has its own
  std::uint64_t limit = 0;     // bytes in one period (a session's own), or in the table column's period
  Milliseconds period{0};      // of a session's own limit
  std::uint64_t min_size = 0;  // the least to forward at once, but for the last bytes
  sample::Expression key;      // shared only
  std::string table;           // shared only; empty: the proxy's own
  SourcePosition table_at;
  SourcePosition at;
};

}  // namespace weir::proxy
