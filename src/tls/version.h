// The TLS library this build runs on, for -vv and `.if openssl_version_atleast()`.
#pragma once

#include <string>

namespace weir::tls {

std::string library_name();     // "OpenSSL 3.0.15 3 Sep 2024"
std::string library_version();  // "3.0.15"

}  // namespace weir::tls
