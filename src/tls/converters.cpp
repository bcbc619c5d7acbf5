#include "tls/converters.h"

namespace weir::tls {

std::span<const std::span<const sample::Converter>> converters() {
  static const std::span<const sample::Converter> tables[] = {digest_converters, cipher_converters, jwt_converters,
                                                              jwe_converters, x509_converters};
  return tables;
}

}  // namespace weir::tls
