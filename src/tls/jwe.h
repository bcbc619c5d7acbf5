// JSON Web Tokens of the encrypted kind, in the compact form: five base64 parts, of which the second holds the
// content's key, itself encrypted, and the last authenticates the others.
//
// All or nothing: a token that says something unknown, or that one bit of is wrong, has no content. What kind of key a
// token names is never taken from the token alone: a secret opens no RSA token and no certificate's key an AES one.
// A key that cannot be unwrapped by RSA is replaced by a random one and found out with the content, so that the time
// tells nothing (RFC 7516 11.5). Not there: RSA1_5, which RFC 8725 3.2 advises against, and `zip`. Spec: RFC 7516, 7517
// (keys), 7518 4 and 5 (algorithms).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sample/arena.h"

typedef struct evp_pkey_st EVP_PKEY;

namespace weir::tls {

using PrivateKey = std::shared_ptr<EVP_PKEY>;

/// One of the two is there.
struct JweKey {
  std::string secret;  // bytes: AES keys
  PrivateKey key;      // RSA, or a curve's
};

/// A key of the kinds oct, RSA and EC. nullopt: it is none, or lacks its private part.
[[nodiscard]] std::optional<JweKey> parse_jwk(std::string_view text, sample::Arena& arena);
/// A PEM file's private key; kept, so that find_private_key() knows it.
Result<PrivateKey> load_private_key(const std::string& path);
[[nodiscard]] PrivateKey find_private_key(std::string_view path);
/// The public half, as a token's header has it (`epk`): a point on the curve of `own`. Null: it is none.
[[nodiscard]] PrivateKey public_point(EVP_PKEY* own, std::string_view curve, std::string_view x, std::string_view y);

/// The content. nullopt: whatever it is that is wrong.
[[nodiscard]] std::optional<std::string_view> decrypt_token(std::string_view token, const JweKey& key,
                                                            sample::Arena& arena);

/// A value of a JSON document by its path ("$.epk.x"), as it stands there.
[[nodiscard]] std::optional<std::string> json_text(std::string_view document, std::string_view path,
                                                   sample::Arena& arena);
/// The same, of a base64 text: the bytes.
[[nodiscard]] std::optional<std::string> json_bytes(std::string_view document, std::string_view path,
                                                    sample::Arena& arena);

}  // namespace weir::tls
