// JSON Web Tokens of the signed kind: three base64 parts, the third a signature over the first two.
//
// Only the signature is judged here; what the token says is for the rules. Keys come from files that are read with the
// configuration; a table of them by path serves tokens whose key is named by a variable. Spec: RFC 7515, 7518 3.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "sample/arena.h"

typedef struct evp_pkey_st EVP_PKEY;

namespace weir::tls {

struct Token {
  std::string_view header;  // base64, as they stand
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_part;  // header.payload
};
/// Three parts between dots. The last may be empty.
[[nodiscard]] std::optional<Token> split_token(std::string_view text);

enum class JwtAlgorithm : std::uint8_t {
  none,
  hs256,
  hs384,
  hs512,
  rs256,
  rs384,
  rs512,
  es256,
  es384,
  es512,
  ps256,
  ps384,
  ps512
};
[[nodiscard]] std::optional<JwtAlgorithm> jwt_algorithm(std::string_view name);
[[nodiscard]] constexpr bool is_hmac(JwtAlgorithm algorithm) {
  return algorithm >= JwtAlgorithm::hs256 && algorithm <= JwtAlgorithm::hs512;
}

using PublicKey = std::shared_ptr<EVP_PKEY>;
/// A public key's PEM file, or with `certificate` a certificate's; kept, so that find_public_key() knows it.
Result<PublicKey> load_public_key(const std::string& path, bool certificate);
[[nodiscard]] PublicKey find_public_key(std::string_view path);

/// What jwt_verify answers.
enum class JwtVerdict : std::int8_t {
  internal_error = -6,
  unknown_key = -5,
  out_of_memory = -4,
  invalid_token = -3,
  unmanaged_algorithm = -2,
  unknown_algorithm = -1,
  wrong = 0,
  good = 1,
};
/// `secret` is for HMAC, `key` for the others.
[[nodiscard]] JwtVerdict verify_token(std::string_view token, JwtAlgorithm algorithm, std::string_view secret,
                                      const PublicKey& key, sample::Arena& arena);

}  // namespace weir::tls
