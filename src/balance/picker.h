// Picker: the balancing state of one backend, and the table of algorithms it can run.
//
// Everything here runs under the backend's lock: pick() returns an index, the caller raises `served` of that slot and
// calls load_changed() before it lets the lock go, so that no two workers see the same free place. Servers in turn live
// in ordered structures: a pick costs O(log n), never a scan of all servers. Only usable servers of the active group
// take part: all non-backup ones, or, when there is none, the first usable backup (all of them with `option
// allbackups`). Manual: balance, backup, option allbackups, hash-type.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "balance/hash.h"
#include "balance/server_slot.h"

namespace weir::balance {

inline constexpr std::uint32_t kNoServer = 0xffffffffU;

struct PickRequest {
  std::optional<std::uint32_t> hash = std::nullopt;  // of the key, for hashing algorithms; absent: roundrobin applies
  std::uint32_t exclude = kNoServer;                 // redispatch: not this one, unless there is no other
  std::uint64_t now_ms = 0;                          // any monotonic clock; random compares the last second's picks
};

enum class KeyKind : std::uint8_t { none, source, rdp_cookie, expression, uri, url_param, header };

/// Beyond the algorithm's name: what hash-type, hash-balance-factor, hash-preserve-affinity and allbackups say.
struct Options {
  bool all_backups = false;
  bool consistent = false;               // hash-type consistent: a ring instead of a map
  std::optional<HashFunction> function;  // absent: sdbm
  std::optional<bool> avalanche;         // absent: only for a ring whose function nobody named
  std::uint32_t balance_factor = 0;      // percent of the average load a server may have; 0: any
  enum class Affinity : std::uint8_t { always, maxconn, maxqueue } affinity = Affinity::always;
  std::uint32_t draws = 2;  // random(<draws>)
  friend bool operator==(const Options&, const Options&) = default;
};

class Order;

struct BalanceAlgorithm {
  std::string_view name;
  bool takes_argument = false;  // rdp-cookie(name), random(draws)
  KeyKind key = KeyKind::none;  // what the caller must hash into PickRequest::hash
  bool fixed_weights = false;   // weights change only between 0 and the configured one while it runs
  std::unique_ptr<Order> (*make)(const Options&) = nullptr;
  std::string_view doc;
  std::string_view example;
};

/// Sorted by name.
[[nodiscard]] std::span<const BalanceAlgorithm> algorithms();
/// nullptr when there is no such algorithm.
[[nodiscard]] const BalanceAlgorithm* find_algorithm(std::string_view name);

/// How one algorithm keeps the usable servers of the active group. Not thread-safe.
class Order {
 public:
  virtual ~Order() = default;
  /// Starts anew with these servers (indices into slots).
  virtual void reset(std::span<const ServerSlot> slots, std::span<const std::uint32_t> members) = 0;
  virtual void insert(std::span<const ServerSlot> slots, std::uint32_t index) = 0;
  virtual void erase(std::span<const ServerSlot> slots, std::uint32_t index) = 0;
  virtual void weight_changed(std::span<const ServerSlot> slots, std::uint32_t index) = 0;
  virtual void load_changed(std::span<const ServerSlot> slots, std::uint32_t index) = 0;
  virtual std::uint32_t pick(std::span<const ServerSlot> slots, const PickRequest& request) = 0;
};

class Picker {
 public:
  Picker(const BalanceAlgorithm& algorithm, const Options& options);
  ~Picker();
  Picker(const Picker&) = delete;
  Picker& operator=(const Picker&) = delete;

  [[nodiscard]] const BalanceAlgorithm& algorithm() const { return algorithm_; }
  /// A map or a static turn: a weight may become 0 and the configured one again, nothing else, and never warms up.
  [[nodiscard]] bool fixed_weights() const;
  /// The list itself changed: servers were added, removed, moved. The span must stay valid until the next call.
  void rebuild(std::span<const ServerSlot> slots);
  /// up, drained, weight or warm of this one changed.
  void state_changed(std::uint32_t index);
  /// served, queued or maxconn of this one changed.
  void load_changed(std::uint32_t index);
  /// The chosen server, or kNoServer when none is usable. `exclude` is honoured while another server is usable.
  [[nodiscard]] std::uint32_t pick(const PickRequest& request = {});
  /// How many servers take part now.
  [[nodiscard]] std::size_t usable() const { return members_; }
  [[nodiscard]] bool on_backup() const { return on_backup_; }

 private:
  struct Membership;
  void regroup();
  const BalanceAlgorithm& algorithm_;
  const Options options_;
  bool on_backup_ = false;
  std::size_t members_ = 0;
  std::size_t active_usable_ = 0;  // usable servers that are no backups
  std::span<const ServerSlot> slots_;
  std::unique_ptr<Membership> membership_;
  std::unique_ptr<Order> order_;
};

}  // namespace weir::balance
