// A trace: what an evaluation did, step by step, in lines for a person (`weir explain`, `explain next`).
//
// A context that has one evaluates by the slower, telling way of trace.cpp; it comes to the same values. Bounded: what
// is too much is left out, and said so. One worker at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::sample {

class Trace {
 public:
  static constexpr std::size_t kMost = 128 * 1024;

  void line(std::string_view text);
  /// While it lives, lines stand further in. Nobody's trace is null.
  class Deeper {
   public:
    explicit Deeper(Trace* trace) : trace_(trace) {
      if (trace_ != nullptr) [[unlikely]]
        trace_->depth_ += 2;
    }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    ~Deeper() {
      if (trace_ != nullptr) [[unlikely]]
        trace_->depth_ -= 2;
    }

   private:
    Trace* trace_;
  };
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::size_t depth_ = 0;
  bool full_ = false;
};

}  // namespace weir::sample
