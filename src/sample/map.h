// A map: the keys of a file, matched as ACL patterns are, and what stands behind each.
//
// Texts that must be equal or begin alike, and networks, are found by hashing, the finest match first; the other kinds
// are tried in the order of the file, and the first that matches counts. Built when the configuration is read,
// immutable then and shared by all threads. Manual 7.3.1, map; 2.7.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sample/pattern.h"

namespace weir::sample {

class Map {
 public:
  enum class Output : std::uint8_t { text, integer, address, key };
  /// What a value, or a default, is as that output; nullopt: it is none.
  [[nodiscard]] static std::optional<Sample> parse_output(std::string_view text, Output output);

  static Result<std::shared_ptr<const Map>> load(std::string_view file, MatchKind kind, Output output);
  /// False: nothing matches. `references`: \1 to \9 in the value are what the expression's groups matched.
  [[nodiscard]] bool look_up(const Sample& in, bool references, Arena& arena, Sample& out) const;
  /// A line for the proxy's signature: another file content is another configuration.
  [[nodiscard]] const std::string& signature() const { return signature_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    std::string value;
    Sample output;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Index = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  Result<void> add(std::string_view line);
  Result<void> add_network(std::string_view key, std::uint32_t entry);
  void add_text(std::string text, std::uint32_t entry);
  [[nodiscard]] std::uint32_t find(const Sample& in, Arena& arena) const;
  [[nodiscard]] std::uint32_t find_address(const Sample& in) const;
  [[nodiscard]] bool give_replaced(const Entry& entry, std::string_view text, const Regex& regex, Arena& arena,
                                   Sample& out) const;

  MatchKind kind_ = MatchKind::str;
  Output output_ = Output::text;
  std::vector<Entry> entries_;
  Index index_;                         // str, beg; of networks, the prefix's bytes
  std::vector<std::uint8_t> prefixes_;  // the lengths of networks, longest first, 0 to 128
  std::vector<std::size_t> lengths_;    // of the texts of beg, longest first
  std::vector<PatternSet> patterns_;    // the kinds that are tried one after the other
  std::vector<Regex> regexes_;          // reg
  std::string signature_;
};

}  // namespace weir::sample
