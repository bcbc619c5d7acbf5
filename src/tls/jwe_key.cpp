// The keys of encrypted tokens: JSON Web Keys (RFC 7517, 7518 6) and PEM files.
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <map>
#include <mutex>
#include <vector>

#include "base/outside.h"
#include "sample/base64.h"
#include "sample/json_path.h"
#include "tls/convert/bytes.h"
#include "tls/error.h"
#include "tls/jwe.h"

namespace weir::tls {
namespace {

constexpr std::size_t kMaxKeyFile = std::size_t{1} << 20;
constexpr std::size_t kMaxNumber = 2048;  // bytes: RSA of 16384 bits

/// Keys by path, replaced when a file is read again. Written when a configuration is read, looked at by workers.
struct KeyTable {
  std::mutex lock;
  std::map<std::string, PrivateKey, std::less<>> keys;
};
KeyTable& key_table() {
  static KeyTable table;
  return table;
}

struct Curve {
  std::string_view name;   // RFC 7518 6.2.1.1
  std::string_view group;  // the library's word
  std::size_t size;        // bytes of a coordinate
};
constexpr Curve kCurves[] = {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}};

const Curve* find_curve(std::string_view name) {
  for (const Curve& curve : kCurves)
    if (curve.name == name) return &curve;
  return nullptr;
}

struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
};

/// What a key is made of, on its way into the library.
class Parts {
 public:
  Parts() : build_(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free) {}
  bool number(const char* name, const std::string& bytes) {
    if (bytes.empty() || bytes.size() > kMaxNumber) return false;
    numbers_.emplace_back(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
    return numbers_.back() && OSSL_PARAM_BLD_push_BN(build_.get(), name, numbers_.back().get()) == 1;
  }
  bool text(const char* name, std::string_view value) {
    return OSSL_PARAM_BLD_push_utf8_string(build_.get(), name, value.data(), value.size()) == 1;
  }
  bool bytes(const char* name, const std::string& value) {
    return OSSL_PARAM_BLD_push_octet_string(build_.get(), name, value.data(), value.size()) == 1;
  }
  PrivateKey make(const char* kind, int selection) {
    const std::unique_ptr<OSSL_PARAM, void (*)(OSSL_PARAM*)> params(OSSL_PARAM_BLD_to_param(build_.get()),
                                                                    OSSL_PARAM_free);
    const std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> state(
        EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr), EVP_PKEY_CTX_free);
    EVP_PKEY* key = nullptr;
    if (params == nullptr || state == nullptr || EVP_PKEY_fromdata_init(state.get()) != 1 ||
        EVP_PKEY_fromdata(state.get(), &key, selection, params.get()) != 1) {
      take_library_error();
      return nullptr;
    }
    return {key, EVP_PKEY_free};
  }

 private:
  std::unique_ptr<OSSL_PARAM_BLD, void (*)(OSSL_PARAM_BLD*)> build_;
  std::vector<std::unique_ptr<BIGNUM, FreeNumber>> numbers_;
};

// Coordinates have the size of their curve, no more and no less (RFC 7518 6.2.1.2).
std::optional<std::string> point_of(const Curve& curve, std::string_view x, std::string_view y) {
  if (x.size() != curve.size || y.size() != curve.size) return std::nullopt;
  std::string point = "\x04";
  point += x;
  point += y;
  return point;
}

// Whether it is a point of its curve is the library's to say, which knows invalid-curve attacks.
PrivateKey checked(PrivateKey key, bool whole) {
  if (key == nullptr) return nullptr;
  const std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> state(EVP_PKEY_CTX_new(key.get(), nullptr),
                                                                     EVP_PKEY_CTX_free);
  const bool good = state != nullptr && EVP_PKEY_public_check(state.get()) == 1 &&
                    (!whole || EVP_PKEY_pairwise_check(state.get()) == 1);
  if (!good) take_library_error();
  return good ? key : nullptr;
}

PrivateKey read_ec(std::string_view text, sample::Arena& arena) {
  const auto name = json_text(text, "$.crv", arena);
  const Curve* curve = name ? find_curve(*name) : nullptr;
  const auto x = json_bytes(text, "$.x", arena);
  const auto y = json_bytes(text, "$.y", arena);
  const auto d = json_bytes(text, "$.d", arena);
  if (curve == nullptr || !x || !y || !d) return nullptr;
  const auto point = point_of(*curve, *x, *y);
  Parts parts;
  if (!point || !parts.text(OSSL_PKEY_PARAM_GROUP_NAME, curve->group) ||
      !parts.bytes(OSSL_PKEY_PARAM_PUB_KEY, *point) || !parts.number(OSSL_PKEY_PARAM_PRIV_KEY, *d))
    return nullptr;
  return checked(parts.make("EC", EVP_PKEY_KEYPAIR), true);
}

PrivateKey read_rsa(std::string_view text, sample::Arena& arena) {
  Parts parts;
  const auto add = [&](const char* name, std::string_view path) {
    const auto bytes = json_bytes(text, path, arena);
    return bytes && parts.number(name, *bytes);
  };
  if (!add(OSSL_PKEY_PARAM_RSA_N, "$.n") || !add(OSSL_PKEY_PARAM_RSA_E, "$.e") || !add(OSSL_PKEY_PARAM_RSA_D, "$.d"))
    return nullptr;
  // RFC 7518 6.3.2: with one of the others all are there.
  if (json_bytes(text, "$.p", arena) &&
      (!add(OSSL_PKEY_PARAM_RSA_FACTOR1, "$.p") || !add(OSSL_PKEY_PARAM_RSA_FACTOR2, "$.q") ||
       !add(OSSL_PKEY_PARAM_RSA_EXPONENT1, "$.dp") || !add(OSSL_PKEY_PARAM_RSA_EXPONENT2, "$.dq") ||
       !add(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, "$.qi")))
    return nullptr;
  return parts.make("RSA", EVP_PKEY_KEYPAIR);
}

}  // namespace

std::optional<std::string> json_text(std::string_view document, std::string_view path, sample::Arena& arena) {
  const auto steps = sample::JsonPath::parse(path);
  const std::size_t mark = arena.mark();
  sample::Sample value;
  std::optional<std::string> text;
  if (steps && steps->query(document, false, arena, value) && value.is_text()) text.emplace(value.text());
  arena.rewind(mark);
  return text;
}

std::optional<std::string> json_bytes(std::string_view document, std::string_view path, sample::Arena& arena) {
  const auto text = json_text(document, path, arena);
  if (!text) return std::nullopt;
  const std::size_t mark = arena.mark();
  std::optional<std::string> bytes;
  if (const auto decoded = sample::base64_decoded(*text, sample::Base64::url, arena)) bytes.emplace(*decoded);
  arena.rewind(mark);
  return bytes;
}

std::optional<JweKey> parse_jwk(std::string_view text, sample::Arena& arena) {
  const auto kind = json_text(text, "$.kty", arena);
  if (!kind) return std::nullopt;
  JweKey made;
  if (*kind == "oct") {
    auto secret = json_bytes(text, "$.k", arena);
    if (!secret || secret->empty()) return std::nullopt;
    made.secret = std::move(*secret);
    return made;
  }
  if (*kind == "RSA") made.key = read_rsa(text, arena);
  if (*kind == "EC") made.key = read_ec(text, arena);
  return made.key == nullptr ? std::nullopt : std::optional(std::move(made));
}

PrivateKey public_point(EVP_PKEY* own, std::string_view name, std::string_view x, std::string_view y) {
  const Curve* curve = find_curve(name);
  char group[64];
  std::size_t size = 0;
  if (curve == nullptr || EVP_PKEY_get_group_name(own, group, sizeof group, &size) != 1 ||
      std::string_view(group, size) != curve->group)
    return nullptr;
  const auto point = point_of(*curve, x, y);
  Parts parts;
  if (!point || !parts.text(OSSL_PKEY_PARAM_GROUP_NAME, curve->group) || !parts.bytes(OSSL_PKEY_PARAM_PUB_KEY, *point))
    return nullptr;
  return checked(parts.make("EC", EVP_PKEY_PUBLIC_KEY), false);
}

Result<PrivateKey> load_private_key(const std::string& path) {
  const auto content = read_outside(path, kMaxKeyFile);
  if (!content) return fail("'" + path + "': " + content.error().message);
  const std::unique_ptr<BIO, int (*)(BIO*)> file(BIO_new_mem_buf(content->data(), static_cast<int>(content->size())),
                                                 BIO_free);
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };  // nobody is asked at the terminal
  PrivateKey key(PEM_read_bio_PrivateKey(file.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free);
  if (key == nullptr) {
    take_library_error();
    return fail("'" + path + "' holds no private key in PEM form");
  }
  const std::lock_guard guard(key_table().lock);
  key_table().keys[path] = key;
  return key;
}

PrivateKey find_private_key(std::string_view path) {
  const std::lock_guard guard(key_table().lock);
  const auto at = key_table().keys.find(path);
  return at == key_table().keys.end() ? nullptr : at->second;
}

}  // namespace weir::tls
