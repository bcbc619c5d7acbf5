#include "tls/jwe.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <array>

#include "sample/base64.h"
#include "tls/convert/bytes.h"
#include "tls/error.h"

namespace weir::tls {
namespace {

using Cipher = const EVP_CIPHER* (*)();
using Digest = const EVP_MD* (*)();

/// RFC 7518 5.1
struct Encryption {
  std::string_view name;
  std::size_t key_size;
  Cipher cipher;
  Digest mac = nullptr;  // null: GCM
};
constexpr Encryption kEncryptions[] = {
    {"A128CBC-HS256", 32, EVP_aes_128_cbc, EVP_sha256},
    {"A192CBC-HS384", 48, EVP_aes_192_cbc, EVP_sha384},
    {"A256CBC-HS512", 64, EVP_aes_256_cbc, EVP_sha512},
    {"A128GCM", 16, EVP_aes_128_gcm},
    {"A192GCM", 24, EVP_aes_192_gcm},
    {"A256GCM", 32, EVP_aes_256_gcm},
};

/// RFC 7518 4.1: how the content's key is had.
enum class Way : std::uint8_t { given, wrapped, sealed, rsa, agreed, agreed_wrapped };
struct Algorithm {
  std::string_view name;
  Way way;
  std::size_t key_size = 0;  // of the key that wraps
  Cipher cipher = nullptr;
  Digest digest = nullptr;
};
constexpr Algorithm kAlgorithms[] = {
    {"dir", Way::given},
    {"A128KW", Way::wrapped, 16, EVP_aes_128_wrap},
    {"A192KW", Way::wrapped, 24, EVP_aes_192_wrap},
    {"A256KW", Way::wrapped, 32, EVP_aes_256_wrap},
    {"A128GCMKW", Way::sealed, 16, EVP_aes_128_gcm},
    {"A192GCMKW", Way::sealed, 24, EVP_aes_192_gcm},
    {"A256GCMKW", Way::sealed, 32, EVP_aes_256_gcm},
    {"RSA-OAEP", Way::rsa, 0, nullptr, EVP_sha1},
    {"RSA-OAEP-256", Way::rsa, 0, nullptr, EVP_sha256},
    {"ECDH-ES", Way::agreed},
    {"ECDH-ES+A128KW", Way::agreed_wrapped, 16, EVP_aes_128_wrap},
    {"ECDH-ES+A192KW", Way::agreed_wrapped, 24, EVP_aes_192_wrap},
    {"ECDH-ES+A256KW", Way::agreed_wrapped, 32, EVP_aes_256_wrap},
};

template <class Row, std::size_t N>
const Row* find(const Row (&rows)[N], const std::optional<std::string>& name) {
  for (const Row& row : rows)
    if (name && row.name == *name) return &row;
  return nullptr;
}

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* state) const { EVP_CIPHER_CTX_free(state); }
};
using CipherState = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;
unsigned char* bytes_in(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
int size_of(std::string_view text) { return static_cast<int>(text.size()); }  // a token is no longer than a buffer

// RFC 3394, with the initial value of its 2.2.3.1.
std::optional<std::string> unwrap(const Algorithm& algorithm, std::string_view key, std::string_view wrapped) {
  if (key.size() != algorithm.key_size || wrapped.size() < 24 || wrapped.size() % 8 != 0) return std::nullopt;
  const CipherState state(EVP_CIPHER_CTX_new());
  std::string out(wrapped.size(), '\0');
  int size = 0;
  if (state == nullptr) return std::nullopt;
  EVP_CIPHER_CTX_set_flags(state.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  if (EVP_DecryptInit_ex(state.get(), algorithm.cipher(), nullptr, bytes_of(key), nullptr) != 1 ||
      EVP_DecryptUpdate(state.get(), bytes_in(out), &size, bytes_of(wrapped), size_of(wrapped)) != 1 || size <= 0)
    return std::nullopt;
  out.resize(static_cast<std::size_t>(size));
  return out;
}

// AES-GCM as RFC 7518 4.7 and 5.3 have it: 96 bits of nonce, 128 of tag.
std::optional<std::string> open_sealed(const EVP_CIPHER* cipher, std::string_view key, std::string_view nonce,
                                       std::string_view aad, std::string_view text, std::string_view tag) {
  if (nonce.size() != 12 || tag.size() != 16) return std::nullopt;
  const CipherState state(EVP_CIPHER_CTX_new());
  std::string out(text.size() + 16, '\0');
  std::array<unsigned char, 16> expected;
  std::copy(tag.begin(), tag.end(), expected.begin());
  int unused = 0;
  int size = 0;
  if (state == nullptr || EVP_DecryptInit_ex(state.get(), cipher, nullptr, bytes_of(key), bytes_of(nonce)) != 1 ||
      (!aad.empty() && EVP_DecryptUpdate(state.get(), nullptr, &unused, bytes_of(aad), size_of(aad)) != 1) ||
      EVP_DecryptUpdate(state.get(), bytes_in(out), &size, bytes_of(text), size_of(text)) != 1 ||
      EVP_CIPHER_CTX_ctrl(state.get(), EVP_CTRL_AEAD_SET_TAG, 16, expected.data()) != 1 ||
      EVP_DecryptFinal_ex(state.get(), bytes_in(out) + size, &unused) != 1)
    return std::nullopt;
  out.resize(static_cast<std::size_t>(size));
  return out;
}

void put64(std::string& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xff);
}

void put32(std::string& out, std::size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xff);
}

// RFC 7518 5.2.2: half of the key authenticates, half encrypts; the code is looked at before anything is decrypted.
std::optional<std::string> open_cbc(const Encryption& encryption, std::string_view key, std::string_view nonce,
                                    std::string_view aad, std::string_view text, std::string_view tag) {
  const std::size_t half = key.size() / 2;
  if (nonce.size() != 16 || tag.size() != half || text.empty() || text.size() % 16 != 0) return std::nullopt;
  std::string authenticated(aad);
  authenticated += nonce;
  authenticated += text;
  put64(authenticated, aad.size() * 8);
  std::array<unsigned char, EVP_MAX_MD_SIZE> code;
  unsigned code_size = 0;
  if (HMAC(encryption.mac(), key.data(), static_cast<int>(half), bytes_of(authenticated), authenticated.size(),
           code.data(), &code_size) == nullptr ||
      code_size < half || CRYPTO_memcmp(code.data(), tag.data(), half) != 0)
    return std::nullopt;
  const CipherState state(EVP_CIPHER_CTX_new());
  std::string out(text.size() + 16, '\0');
  int first = 0;
  int last = 0;
  if (state == nullptr ||
      EVP_DecryptInit_ex(state.get(), encryption.cipher(), nullptr, bytes_of(key.substr(half)), bytes_of(nonce)) != 1 ||
      EVP_DecryptUpdate(state.get(), bytes_in(out), &first, bytes_of(text), size_of(text)) != 1 ||
      EVP_DecryptFinal_ex(state.get(), bytes_in(out) + first, &last) != 1)
    return std::nullopt;
  out.resize(static_cast<std::size_t>(first + last));
  return out;
}

struct FreeKeyState {
  void operator()(EVP_PKEY_CTX* state) const { EVP_PKEY_CTX_free(state); }
};
using KeyState = std::unique_ptr<EVP_PKEY_CTX, FreeKeyState>;

std::optional<std::string> open_rsa(EVP_PKEY* key, const EVP_MD* digest, std::string_view text) {
  const KeyState state(EVP_PKEY_CTX_new(key, nullptr));
  std::size_t size = 0;
  if (state == nullptr || EVP_PKEY_decrypt_init(state.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(state.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(state.get(), digest) != 1 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(state.get(), digest) != 1 ||
      EVP_PKEY_decrypt(state.get(), nullptr, &size, bytes_of(text), text.size()) != 1)
    return std::nullopt;
  std::string out(size, '\0');
  if (EVP_PKEY_decrypt(state.get(), bytes_in(out), &size, bytes_of(text), text.size()) != 1) return std::nullopt;
  out.resize(size);
  return out;
}

// RFC 7518 4.6.2: the concatenation KDF of NIST SP 800-56A with SHA-256.
std::optional<std::string> derive(std::string_view shared, std::string_view algorithm, std::string_view apu,
                                  std::string_view apv, std::size_t size) {
  std::string out;
  for (std::size_t round = 1; out.size() < size; round++) {
    std::string input;
    put32(input, round);
    input += shared;
    for (const std::string_view part : {algorithm, apu, apv}) {
      put32(input, part.size());
      input += part;
    }
    put32(input, size * 8);
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
    unsigned hash_size = 0;
    if (EVP_Digest(input.data(), input.size(), hash.data(), &hash_size, EVP_sha256(), nullptr) != 1)
      return std::nullopt;
    out.append(reinterpret_cast<const char*>(hash.data()), hash_size);
  }
  out.resize(size);
  return out;
}

std::optional<std::string> agree(EVP_PKEY* own, std::string_view header, std::string_view purpose, std::size_t size,
                                 sample::Arena& arena) {
  const auto kind = json_text(header, "$.epk.kty", arena);
  const auto curve = json_text(header, "$.epk.crv", arena);
  const auto x = json_bytes(header, "$.epk.x", arena);
  const auto y = json_bytes(header, "$.epk.y", arena);
  if (!kind || *kind != "EC" || !curve || !x || !y) return std::nullopt;
  const PrivateKey other = public_point(own, *curve, *x, *y);
  const KeyState state(other == nullptr ? nullptr : EVP_PKEY_CTX_new(own, nullptr));
  std::size_t shared_size = 0;
  if (state == nullptr || EVP_PKEY_derive_init(state.get()) != 1 ||
      EVP_PKEY_derive_set_peer(state.get(), other.get()) != 1 ||
      EVP_PKEY_derive(state.get(), nullptr, &shared_size) != 1)
    return std::nullopt;
  std::string shared(shared_size, '\0');
  if (EVP_PKEY_derive(state.get(), bytes_in(shared), &shared_size) != 1) return std::nullopt;
  shared.resize(shared_size);
  return derive(shared, purpose, json_bytes(header, "$.apu", arena).value_or(""),
                json_bytes(header, "$.apv", arena).value_or(""), size);
}

/// The parts of a token, decoded but for `signed_header`, which is authenticated as it stands.
struct Parts {
  std::string_view signed_header;
  std::string header, key, nonce, text, tag;
};

std::optional<Parts> split(std::string_view token, sample::Arena& arena) {
  std::array<std::string_view, 5> parts;
  for (std::size_t i = 0; i < parts.size(); i++) {
    const std::size_t dot = token.find('.');
    if ((dot == token.npos) != (i + 1 == parts.size())) return std::nullopt;
    parts[i] = token.substr(0, dot);
    token.remove_prefix(dot == token.npos ? token.size() : dot + 1);
  }
  Parts out{.signed_header = parts[0], .header = {}, .key = {}, .nonce = {}, .text = {}, .tag = {}};
  std::string* const into[] = {&out.header, &out.key, &out.nonce, &out.text, &out.tag};
  for (std::size_t i = 0; i < parts.size(); i++) {
    const std::size_t mark = arena.mark();
    const auto decoded = sample::base64_decoded(parts[i], sample::Base64::url, arena);
    if (!decoded) return std::nullopt;
    into[i]->assign(*decoded);
    arena.rewind(mark);
  }
  return out;
}

std::string random_key(std::size_t size) {
  std::string key(size, '\0');
  (void)RAND_bytes(bytes_in(key), static_cast<int>(size));
  return key;
}

std::optional<std::string> content_key(const Algorithm& algorithm, const Encryption& encryption, const Parts& parts,
                                       const JweKey& key, sample::Arena& arena) {
  const bool of_curve = key.key != nullptr && EVP_PKEY_get_base_id(key.key.get()) == EVP_PKEY_EC;
  const bool of_rsa = key.key != nullptr && EVP_PKEY_get_base_id(key.key.get()) == EVP_PKEY_RSA;
  switch (algorithm.way) {
    case Way::given: return parts.key.empty() ? std::optional(key.secret) : std::nullopt;
    case Way::wrapped: return unwrap(algorithm, key.secret, parts.key);
    case Way::sealed: {
      const auto nonce = json_bytes(parts.header, "$.iv", arena);
      const auto tag = json_bytes(parts.header, "$.tag", arena);
      if (!nonce || !tag || key.secret.size() != algorithm.key_size) return std::nullopt;
      return open_sealed(algorithm.cipher(), key.secret, *nonce, {}, parts.key, *tag);
    }
    case Way::rsa: {
      if (!of_rsa) return std::nullopt;
      std::string instead = random_key(encryption.key_size);
      auto opened = open_rsa(key.key.get(), algorithm.digest(), parts.key);
      return opened && opened->size() == encryption.key_size ? std::move(*opened) : std::move(instead);
    }
    case Way::agreed:
      if (!of_curve || !parts.key.empty()) return std::nullopt;
      return agree(key.key.get(), parts.header, encryption.name, encryption.key_size, arena);
    case Way::agreed_wrapped: {
      if (!of_curve) return std::nullopt;
      const auto wrapping = agree(key.key.get(), parts.header, algorithm.name, algorithm.key_size, arena);
      return wrapping ? unwrap(algorithm, *wrapping, parts.key) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<std::string> open_token(std::string_view token, const JweKey& key, sample::Arena& arena) {
  const auto parts = split(token, arena);
  if (!parts) return std::nullopt;
  const Algorithm* algorithm = find(kAlgorithms, json_text(parts->header, "$.alg", arena));
  const Encryption* encryption = find(kEncryptions, json_text(parts->header, "$.enc", arena));
  // RFC 7516 4.1.13: what must be understood and is not refuses the token. Compressed content is not opened.
  if (algorithm == nullptr || encryption == nullptr || json_text(parts->header, "$.crit", arena) ||
      json_text(parts->header, "$.zip", arena))
    return std::nullopt;
  const auto opener = content_key(*algorithm, *encryption, *parts, key, arena);
  if (!opener || opener->size() != encryption->key_size) return std::nullopt;
  if (encryption->mac != nullptr)
    return open_cbc(*encryption, *opener, parts->nonce, parts->signed_header, parts->text, parts->tag);
  return open_sealed(encryption->cipher(), *opener, parts->nonce, parts->signed_header, parts->text, parts->tag);
}

}  // namespace

std::optional<std::string_view> decrypt_token(std::string_view token, const JweKey& key, sample::Arena& arena) {
  const auto opened = open_token(token, key, arena);
  if (!opened) {
    take_library_error();  // a wrong key leaves one
    return std::nullopt;
  }
  return arena.copy(*opened);
}

}  // namespace weir::tls
