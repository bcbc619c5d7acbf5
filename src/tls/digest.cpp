#include "tls/digest.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/assert.h"

namespace weir::tls {

std::string sha256_base64(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  const int done = EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha256(), nullptr);
  WEIR_ASSERT(done == 1);
  unsigned char out[4 * ((SHA256_DIGEST_LENGTH + 2) / 3) + 1];
  const int size = EVP_EncodeBlock(out, digest, SHA256_DIGEST_LENGTH);
  return {reinterpret_cast<const char*>(out), static_cast<std::size_t>(size)};
}

}  // namespace weir::tls
