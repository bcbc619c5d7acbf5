// Parts: what the other nodes of a farm counted in a table with `aggregate`.
//
// Each node counts its own part, in the columns of its table; every other node's part lies here, in a table of its own
// with the same columns, bounds and life. So a node that speaks again replaces its part, one that dies takes its part
// with it, and the sum of a counter is one look-up per node. An entry whose node has connections open stays as long as
// they do. Parts are made once per name and never freed while the table lives, so readers need no lock (with no room
// for one more, a new node has the place of one that is gone); writers are one thread, the peers group's. An emptied
// part is cleared in pieces, and counts for nothing from the first moment.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "stick/table.h"

namespace weir::stick {

class Parts {
 public:
  static constexpr std::size_t kMostNodes = 64;

  explicit Parts(TableConfig config);
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts();

  /// What they have of this column together; nullopt when none of them knows the key.
  [[nodiscard]] std::optional<std::uint64_t> sum(std::string_view key, DataType type, std::uint32_t index,
                                                 TimePoint now) const;

  // For the one writer.
  /// The node's part in this life of its table; that of a former life is forgotten. Null when there are too many nodes.
  [[nodiscard]] StickTable* of(std::string_view node, std::uint64_t life);
  void drop(std::string_view node);
  /// Frees what dropped parts hold; true while some is left.
  bool clear_some(std::size_t budget);

 private:
  struct Part;
  TableConfig config_;
  std::array<std::unique_ptr<Part>, kMostNodes> parts_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace weir::stick
