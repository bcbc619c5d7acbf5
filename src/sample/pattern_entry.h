// One line of a list of patterns: a key, and in maps the value behind it.
//
// Readers look at it without a lock: all but the value never changes, and a value is replaced by one store. Key and
// first value lie behind the struct, in the same piece of memory: a lookup ends with one line of cache or two.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace weir::sample {

struct PatternValue {
  std::uint32_t size;
  [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char*>(this + 1), size}; }
};

struct PatternEntry {
  std::atomic<const PatternValue*> value;  // nullptr: the list has no values
  PatternEntry* next_equal;                // KeyIndex
  std::uint64_t place;                     // unique in its reference, rising; people see it as "0x..."
  std::uint32_t hash;
  std::uint32_t key_size;

  [[nodiscard]] std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), key_size}; }
  [[nodiscard]] std::uint64_t position() const { return place; }
};

}  // namespace weir::sample
