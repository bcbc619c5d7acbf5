// `ring` sections: a bounded buffer of log lines in memory, read by `show events` and forwarded to TCP log servers.
//
// A ring is a circle of length-prefixed records. Positions count bytes since the ring was made, so a position is good
// for ever: one that has been overwritten simply moves up to the oldest record. Readers of the CLI never hold anything
// back. A forwarder pins what it has not sent yet: when the ring is full of that, new lines are dropped and counted
// (the manual asks for it; losing the newest keeps what led to the trouble). One mutex per ring, held for a memcpy:
// lines come in batches at the end of a worker's turn. Watchers are called without it. Manual: 12.5 (rings), "show
// events".
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/diagnostics.h"
#include "base/time.h"
#include "log/target.h"

namespace weir::log {

struct RingServerConfig {
  std::string name;
  SocketAddress address;
  std::string host;          // a name still to be resolved; empty when the address is known
  bool octet_count = false;  // log-proto octet-count; else each message ends with a line feed
  SourcePosition at;
  friend bool operator==(const RingServerConfig& a, const RingServerConfig& b);
};

struct RingConfig {
  std::string name;
  std::string description;  // empty: the name
  Format format = Format::raw;
  std::uint32_t maxlen = kDefaultLength;
  std::uint64_t size = 16384;
  Timeout timeout_connect;
  Timeout timeout_server;
  std::vector<RingServerConfig> servers;
  bool implicit = false;  // made by `log tcp@...`
  SourcePosition at;
  friend bool operator==(const RingConfig& a, const RingConfig& b);
};

class Ring {
 public:
  explicit Ring(RingConfig config);
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  [[nodiscard]] const RingConfig& config() const { return config_; }
  [[nodiscard]] const std::string& description() const {
    return config_.description.empty() ? config_.name : config_.description;
  }

  /// Appends one line (a line feed at its end is not stored); false when pinned records leave no room: dropped,
  /// counted.
  bool append(std::string_view line);
  /// The same for a line in pieces, without telling the watchers: batches end with one notify().
  bool append_pieces(std::span<const std::string_view> pieces);
  void notify();
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  /// Positions for reading: the oldest record, or behind the newest one.
  [[nodiscard]] std::uint64_t oldest() const;
  [[nodiscard]] std::uint64_t newest() const;
  /// Replaces `line` by the record at `position`, which moves on; false when there is none yet.
  bool read(std::uint64_t& position, std::string& line) const;

  /// Pins everything from its position on, for as long as it lives. Release what was sent with advance().
  class Pin {
   public:
    Pin(Ring& ring, std::uint64_t position);
    ~Pin();
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    void advance(std::uint64_t position);

   private:
    Ring& ring_;
    std::uint64_t position_;
    friend class Ring;
  };

  /// Told of new lines, once per arm(), on the thread that appends; `notify` only wakes somebody (posts to a worker).
  class Watcher {
   public:
    Watcher(Ring& ring, void (*notify)(void*), void* context);
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    /// Asks for the next notification. Read once more afterwards: a line may have come just before.
    void arm() { armed_.store(true, std::memory_order_seq_cst); }

   private:
    Ring& ring_;
    void (*notify_)(void*);
    void* context_;
    std::atomic<bool> armed_ = false;
    friend class Ring;
  };

 private:
  void copy_in(std::uint64_t position, std::string_view bytes);
  void copy_out(std::uint64_t position, char* to, std::size_t count) const;
  bool make_room(std::uint64_t needed);

  RingConfig config_;
  mutable std::mutex mutex_;
  std::vector<char> storage_;
  std::uint64_t oldest_ = 0;
  std::uint64_t newest_ = 0;
  std::vector<Pin*> pins_;
  std::mutex watchers_mutex_;
  std::vector<Watcher*> watchers_;
  std::atomic<std::uint64_t> dropped_ = 0;
};

}  // namespace weir::log
