// The last message that broke the protocol, as it came: what `show errors` prints.
//
// A frontend keeps its last request, a backend its last answer, at most one buffer each. Manual (management): show
// errors.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/address.h"
#include "base/time.h"

namespace weir::proxy {

/// A proxy or a server, as the report names it; nobody's name is "<NONE>", its id -1.
struct ReportedName {
  std::string name = "<NONE>";
  std::int64_t id = -1;
};

struct BrokenMessage {
  std::uint64_t number = 0;  // counted over the whole process, from 0
  WallTime when{};
  bool response = false;
  ReportedName frontend;
  ReportedName backend;
  ReportedName server;
  SocketAddress client;
  std::string bytes;          // from the message's first byte on, or from the chunk at fault
  std::size_t at = 0;         // of the first byte that is wrong
  std::size_t buffer = 0;     // bytes that would have had room
  const char* why = nullptr;  // a few words, static
};

/// Any thread.
class LastBroken {
 public:
  void keep(std::shared_ptr<const BrokenMessage> message) {
    const std::scoped_lock guard(lock_);
    message_.swap(message);
  }
  [[nodiscard]] std::shared_ptr<const BrokenMessage> get() const {
    const std::scoped_lock guard(lock_);
    return message_;
  }

 private:
  mutable std::mutex lock_;
  std::shared_ptr<const BrokenMessage> message_;
};

}  // namespace weir::proxy
