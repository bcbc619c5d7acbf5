// Sessions as text, for `show sess`, and the name each goes by.
//
// A session's name holds its worker, its slot there and that slot's generation, so it is found without a search and a
// name of the past names nobody.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "proxy/tcp/session.h"
#include "proxy/worker_context.h"

namespace weir::admin {

struct SessionName {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  // its low 24 bits
  std::uint16_t worker = 0;
  [[nodiscard]] std::uint64_t value() const {
    return (static_cast<std::uint64_t>(generation & 0xffffffU) << 40) | (static_cast<std::uint64_t>(worker) << 24) |
           (slot & 0xffffffU);
  }
  static SessionName of(std::uint64_t value) {
    return {static_cast<std::uint32_t>(value & 0xffffffU), static_cast<std::uint32_t>(value >> 40),
            static_cast<std::uint16_t>(value >> 24)};
  }
};
SessionName name_of(const proxy::Session& session);
/// "0x1f", as the lists print it.
std::optional<std::uint64_t> parse_session_name(std::string_view word);

/// On its own worker.
proxy::Session* find_session(proxy::WorkerContext& worker, const SessionName& name);

/// "3d4h", "5m2s", "0s": the two largest units.
std::string short_time(Milliseconds duration);

struct SessionForm {
  bool extended = false;  // over several lines
  bool uri = false;       // with the request's target, where there is a request
};
void write_session(std::string& out, const proxy::Session& session, const SessionForm& form);

}  // namespace weir::admin
