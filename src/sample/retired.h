// What was unlinked and may still be looked at: kept in order until no reader can see it (base/reclaim.h).
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace weir::sample {

class Retired {
 public:
  using Free = void (*)(void* owner, void* object, std::size_t size);
  Retired() = default;
  Retired(Retired&& other) noexcept : items_(std::exchange(other.items_, {})) {}
  Retired& operator=(Retired&&) = delete;
  ~Retired() { free_all(); }

  void add(Free free, void* owner, void* object, std::size_t size = 0) {
    items_.push_back({free, owner, object, size});
  }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  void free_all() {
    for (const Item& item : items_) item.free(item.owner, item.object, item.size);
    items_.clear();
  }

 private:
  struct Item {
    Free free;
    void* owner;
    void* object;
    std::size_t size;
  };
  std::vector<Item> items_;
};

}  // namespace weir::sample
