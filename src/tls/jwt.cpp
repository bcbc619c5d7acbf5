#include "tls/jwt.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <map>
#include <mutex>

#include "base/outside.h"
#include "sample/base64.h"
#include "tls/convert/bytes.h"
#include "tls/error.h"

namespace weir::tls {
namespace {

constexpr std::size_t kMaxKeyFile = std::size_t{1} << 20;

constexpr std::string_view kAlgorithms[] = {"none",  "HS256", "HS384", "HS512", "RS256", "RS384", "RS512",
                                            "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"};

/// Keys by path, replaced when a file is read again. Written when a configuration is read, looked at by workers.
struct KeyTable {
  std::mutex lock;
  std::map<std::string, PublicKey, std::less<>> keys;
};
KeyTable& key_table() {
  static KeyTable table;
  return table;
}

const EVP_MD* digest_of(JwtAlgorithm algorithm) {
  switch ((static_cast<int>(algorithm) - 1) % 3) {
    case 0: return EVP_sha256();
    case 1: return EVP_sha384();
    default: return EVP_sha512();
  }
}

bool verify_hmac(const Token& token, const EVP_MD* digest, std::string_view secret, std::string_view signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> code;
  unsigned size = 0;
  if (HMAC(digest, secret.data(), static_cast<int>(secret.size()), bytes_of(token.signed_part),
           token.signed_part.size(), code.data(), &size) == nullptr)
    return false;
  return size == signature.size() && CRYPTO_memcmp(code.data(), signature.data(), size) == 0;
}

/// RFC 7518 3.4: two numbers of equal size, one behind the other; the library wants them in DER.
std::optional<std::string_view> der_of(std::string_view raw, sample::Arena& arena) {
  if (raw.empty() || raw.size() % 2 != 0) return std::nullopt;
  const auto half = static_cast<int>(raw.size() / 2);
  const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> pair(ECDSA_SIG_new(), ECDSA_SIG_free);
  BIGNUM* r = BN_bin2bn(bytes_of(raw), half, nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(raw) + half, half, nullptr);
  if (pair == nullptr || r == nullptr || s == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return std::nullopt;
  }
  const int size = i2d_ECDSA_SIG(pair.get(), nullptr);
  char* out = size > 0 ? arena.take(static_cast<std::size_t>(size)) : nullptr;
  if (out == nullptr) return std::nullopt;
  auto* at = reinterpret_cast<unsigned char*>(out);
  i2d_ECDSA_SIG(pair.get(), &at);
  return std::string_view(out, static_cast<std::size_t>(size));
}

/// The kind of key an algorithm needs, and for curves its size: ES256 is P-256 and nothing else.
bool fits(JwtAlgorithm algorithm, EVP_PKEY* key) {
  const bool curve = algorithm >= JwtAlgorithm::es256 && algorithm <= JwtAlgorithm::es512;
  if (!curve) return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
  constexpr int kBits[] = {256, 384, 521};
  const int bits = kBits[static_cast<int>(algorithm) - static_cast<int>(JwtAlgorithm::es256)];
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_bits(key) == bits;
}

bool verify_key(const Token& token, JwtAlgorithm algorithm, EVP_PKEY* key, std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> state(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY_CTX* details = nullptr;
  if (state == nullptr || EVP_DigestVerifyInit(state.get(), &details, digest_of(algorithm), nullptr, key) != 1)
    return false;
  if (algorithm >= JwtAlgorithm::ps256) {
    if (EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) != 1) return false;
    if (EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST) != 1) return false;
  }
  return EVP_DigestVerify(state.get(), bytes_of(signature), signature.size(), bytes_of(token.signed_part),
                          token.signed_part.size()) == 1;
}

}  // namespace

std::optional<Token> split_token(std::string_view text) {
  const std::size_t first = text.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('.', first + 1);
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Token{.header = text.substr(0, first),
               .payload = text.substr(first + 1, second - first - 1),
               .signature = text.substr(second + 1),
               .signed_part = text.substr(0, second)};
}

std::optional<JwtAlgorithm> jwt_algorithm(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kAlgorithms); ++i) {
    if (kAlgorithms[i] == name) return static_cast<JwtAlgorithm>(i);
  }
  return std::nullopt;
}

Result<PublicKey> load_public_key(const std::string& path, bool certificate) {
  const auto content = read_outside(path, kMaxKeyFile);
  if (!content) return fail("'" + path + "': " + content.error().message);
  const std::unique_ptr<BIO, int (*)(BIO*)> file(BIO_new_mem_buf(content->data(), static_cast<int>(content->size())),
                                                 BIO_free);
  PublicKey key;
  if (certificate) {
    const std::unique_ptr<X509, void (*)(X509*)> one(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr),
                                                     X509_free);
    if (one != nullptr) key = PublicKey(X509_get_pubkey(one.get()), EVP_PKEY_free);
  } else {
    // Either form of a public key: SPKI, or PKCS#1 for RSA.
    EVP_PKEY* read = nullptr;
    const std::unique_ptr<OSSL_DECODER_CTX, void (*)(OSSL_DECODER_CTX*)> decoder(
        OSSL_DECODER_CTX_new_for_pkey(&read, "PEM", nullptr, nullptr, EVP_PKEY_PUBLIC_KEY, nullptr, nullptr),
        OSSL_DECODER_CTX_free);
    if (decoder != nullptr && OSSL_DECODER_from_bio(decoder.get(), file.get()) == 1)
      key = PublicKey(read, EVP_PKEY_free);
  }
  if (key == nullptr) {
    take_library_error();
    return fail("'" + path + "' holds no " + (certificate ? "certificate" : "public key") + " in PEM form");
  }
  const std::lock_guard guard(key_table().lock);
  key_table().keys[path] = key;
  return key;
}

PublicKey find_public_key(std::string_view path) {
  const std::lock_guard guard(key_table().lock);
  const auto at = key_table().keys.find(path);
  return at == key_table().keys.end() ? nullptr : at->second;
}

JwtVerdict verify_token(std::string_view text, JwtAlgorithm algorithm, std::string_view secret, const PublicKey& key,
                        sample::Arena& arena) {
  const auto token = split_token(text);
  if (!token) return JwtVerdict::invalid_token;
  if (algorithm == JwtAlgorithm::none) return token->signature.empty() ? JwtVerdict::good : JwtVerdict::wrong;
  if (token->signature.empty()) return JwtVerdict::invalid_token;
  auto signature = sample::base64_decoded(token->signature, sample::Base64::url, arena);
  if (!signature) return JwtVerdict::invalid_token;
  bool good = false;
  if (is_hmac(algorithm)) {
    good = verify_hmac(*token, digest_of(algorithm), secret, *signature);
  } else {
    if (key == nullptr) return JwtVerdict::unknown_key;
    const bool curve = algorithm >= JwtAlgorithm::es256 && algorithm <= JwtAlgorithm::es512;
    if (curve) signature = der_of(*signature, arena);
    good = fits(algorithm, key.get()) && signature && verify_key(*token, algorithm, key.get(), *signature);
  }
  if (!good) take_library_error();  // a wrong signature leaves one
  return good ? JwtVerdict::good : JwtVerdict::wrong;
}

}  // namespace weir::tls
