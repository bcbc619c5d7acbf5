// The converters that need the cryptography library, each family defined at the bottom of its file under convert/.
#pragma once

#include <span>

#include "sample/rows.h"

namespace weir::tls {

extern const std::span<const sample::Converter> digest_converters;
extern const std::span<const sample::Converter> cipher_converters;
extern const std::span<const sample::Converter> jwt_converters;
extern const std::span<const sample::Converter> jwe_converters;
extern const std::span<const sample::Converter> x509_converters;
/// All of them.
[[nodiscard]] std::span<const std::span<const sample::Converter>> converters();

}  // namespace weir::tls
