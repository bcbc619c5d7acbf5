// Variables: named samples that live for a while: "sess.user", "txn.farm". Manual 2.8, tune.vars.
//
// A name becomes its scope and the place of its text when the configuration is read; nobody compares text at run time.
// The variables of one session are a short array, scanned: sessions have a handful of them, and those that use none
// have no array. A value is copied in (its bytes are its own) and borrowed out until it is set again. What the bytes of
// values may take together is bounded per scope and over the process; a value that does not fit is not set.
// Process-wide variables are shared by all workers under one lock and copied out into the arena.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sample/arena.h"
#include "sample/value.h"

namespace weir::sample {

struct Context;

enum class VariableScope : std::uint8_t { proc, sess, txn, req, res, check };

struct VariableName {
  VariableScope scope = VariableScope::sess;
  const std::string* text = nullptr;  // the whole name; one place for the process's life
  /// "txn.farm". The error says what is wrong.
  static Result<VariableName> parse(std::string_view text);
  friend bool operator==(const VariableName&, const VariableName&) = default;
};

/// tune.vars.*-max-size in bytes of values; 0: no limit. Coarser scopes include finer ones: global, proc, sess, txn,
/// reqres.
struct VariableLimits {
  std::uint64_t global = 0;
  std::uint64_t proc = 0;
  std::uint64_t sess = 0;
  std::uint64_t txn = 0;
  std::uint64_t reqres = 0;
  friend bool operator==(const VariableLimits&, const VariableLimits&) = default;
};

/// What all variables of the process take, and the limits in force. Any thread.
struct VariableBudget {
  std::atomic<std::uint64_t> global_limit{0}, proc_limit{0}, sess_limit{0}, txn_limit{0}, reqres_limit{0};
  std::atomic<std::uint64_t> used{0};
  void set(const VariableLimits& limits);
  [[nodiscard]] bool take(std::uint64_t bytes);
  void give(std::uint64_t bytes) { used.fetch_sub(bytes, std::memory_order_relaxed); }
};

/// One value with bytes of its own.
class StoredSample {
 public:
  [[nodiscard]] static std::uint64_t size_of(const Sample& sample);
  void assign(const Sample& sample);
  [[nodiscard]] const Sample& value() const { return value_; }
  [[nodiscard]] std::uint64_t size() const { return size_of(value_); }

 private:
  std::unique_ptr<char[]> bytes_;
  std::uint64_t room_ = 0;
  Sample value_;
};

/// The variables of one session, or of one check. One thread.
class Variables {
 public:
  /// More than this many in one session are a mistake of the configuration.
  static constexpr std::size_t kMost = 1024;
  explicit Variables(VariableBudget* budget) : budget_(budget) {}
  ~Variables();
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;

  /// nullptr: it is not set. Good until it is set or unset.
  [[nodiscard]] const Sample* find(const VariableName& name) const;
  /// False: a limit forbids it; the variable keeps what it had.
  bool set(const VariableName& name, const Sample& value);
  void unset(const VariableName& name);
  /// Whether it was ever set, even if it was unset since.
  [[nodiscard]] bool exists(const VariableName& name) const;
  /// Ends the life of a whole scope: `req` when the server is chosen.
  void end(VariableScope scope);
  /// Calls `see(name, value)` for each of the scope that is set, in the order in which they were made.
  template <typename See>
  void each(VariableScope scope, const See& see) const {
    for (const Entry& one : entries_)
      if (one.name.scope == scope && one.value.value().type() != Type::any) see(one.name, one.value.value());
  }

 private:
  struct Entry {
    VariableName name;
    StoredSample value;  // of type any while it is not set
  };
  [[nodiscard]] Entry* entry(const VariableName& name);
  [[nodiscard]] bool fits(VariableScope scope, std::uint64_t before, std::uint64_t after);
  void account(VariableScope scope, std::uint64_t before, std::uint64_t after);

  VariableBudget* budget_;
  std::vector<Entry> entries_;
  std::uint64_t sess_used_ = 0, txn_used_ = 0, reqres_used_ = 0;  // each includes those behind it
};

/// Process-wide ones. Any thread.
class ProcessVariables {
 public:
  /// Into the arena; false: it is not set, or the arena is full.
  [[nodiscard]] bool get(const VariableName& name, Arena& arena, Sample& out) const;
  bool set(const VariableName& name, const Sample& value);
  void unset(const VariableName& name);
  [[nodiscard]] VariableBudget& budget() { return budget_; }
  /// As Variables::each, under the lock: `see` sets none of them.
  template <typename See>
  void each(const See& see) const {
    const std::shared_lock guard(mutex_);
    for (const Entry& one : entries_)
      if (one.value.value().type() != Type::any) see(one.name, one.value.value());
  }

 private:
  struct Entry {
    VariableName name;
    StoredSample value;
  };
  mutable std::shared_mutex mutex_;
  std::vector<Entry> entries_;
  std::uint64_t used_ = 0;
  VariableBudget budget_;
};

/// Reads a variable of whatever scope; false when it is not set.
[[nodiscard]] bool get_variable(const Context& context, const VariableName& name, Sample& out);
/// Makes the session's array when it has none yet. False: a limit, or a place without variables of that scope.
bool set_variable(Context& context, const VariableName& name, const Sample& value);
void unset_variable(Context& context, const VariableName& name);

/// The conditions of set-var(name,cond): all must hold.
struct VariableConditions {
  bool exists = false, not_exists = false, empty = false, not_empty = false;
  bool set = false, not_set = false, greater = false, less = false;
  /// The error names what is no condition.
  Result<void> add(std::string_view word);
  [[nodiscard]] bool hold(const Context& context, const VariableName& name, const Sample* value) const;
};

}  // namespace weir::sample
