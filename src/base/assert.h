// WEIR_ASSERT: a bug of ours stops the process at once, in every build type. Never for input, the peer or the OS.
#pragma once

namespace weir {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;
}

#define WEIR_ASSERT(condition) \
  (static_cast<bool>(condition) ? void(0) : ::weir::assertion_failed(#condition, __FILE__, __LINE__))
