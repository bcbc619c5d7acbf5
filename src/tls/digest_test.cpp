#include "tls/digest.h"

#include <gtest/gtest.h>

namespace weir::tls {
namespace {

// What `printf abc | openssl dgst -sha256 -binary | base64` says.
TEST(Digest, Sha256InBase64) {
  EXPECT_EQ(sha256_base64("abc"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  EXPECT_EQ(sha256_base64(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

}  // namespace
}  // namespace weir::tls
