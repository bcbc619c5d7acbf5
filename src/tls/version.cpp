#include "tls/version.h"

#include <openssl/crypto.h>

namespace weir::tls {

std::string library_name() { return OpenSSL_version(OPENSSL_VERSION); }

std::string library_version() { return OpenSSL_version(OPENSSL_VERSION_STRING); }

}  // namespace weir::tls
