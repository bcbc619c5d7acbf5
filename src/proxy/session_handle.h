// Names a session from any thread without keeping it alive: its worker, its slot there, and which life of that slot is
// meant.
#pragma once

#include <cstdint>

namespace weir::proxy {

struct SessionHandle {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  // 0 names nobody
  std::uint16_t worker = 0;
  friend bool operator==(const SessionHandle&, const SessionHandle&) = default;
};

}  // namespace weir::proxy
