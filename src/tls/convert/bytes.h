// Bytes as the cryptography library wants them, and keys that stand in the configuration in base64.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sample/base64.h"
#include "sample/operand.h"

namespace weir::tls {

inline const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Base64 text given, or in a variable, as the bytes it means.
class Base64Operand {
 public:
  Base64Operand() = default;
  explicit Base64Operand(std::string_view given) : operand_(given) {}
  [[nodiscard]] std::optional<std::string_view> read(sample::Context& context) const {
    std::string_view text;
    if (!operand_.read(context, text)) return std::nullopt;
    return sample::base64_decoded(text, sample::Base64::plain, context.arena);
  }
  /// Whether what is given is no variable, and no base64 either.
  [[nodiscard]] bool is_wrong() const {
    if (operand_.is_variable()) return false;
    sample::Arena arena(operand_.given().size() + 4);
    return !sample::base64_decoded(operand_.given(), sample::Base64::plain, arena).has_value();
  }

 private:
  sample::TextOperand operand_;
};

}  // namespace weir::tls
