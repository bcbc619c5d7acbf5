// What an encrypted JSON Web Token holds. Manual 7.3.1: jwt_decrypt_secret, jwt_decrypt_jwk, jwt_decrypt_cert.
//
// Manual: whatever is wrong with the token, the answer is an empty text.
#include <algorithm>

#include "sample/base64.h"
#include "sample/operand.h"
#include "tls/converters.h"
#include "tls/jwe.h"

namespace weir::tls {
namespace {

using namespace sample::vocabulary;

/// The key, as given and read already, or in a variable.
struct Opening {
  sample::TextOperand text;
  std::optional<JweKey> key;
};

// Base64 in either of its alphabets, padded or not.
std::optional<JweKey> read_secret(std::string_view text, sample::Arena& arena) {
  std::string plain(text.substr(0, text.find_last_not_of('=') + 1));
  std::ranges::replace(plain, '+', '-');
  std::ranges::replace(plain, '/', '_');
  const auto bytes = sample::base64_decoded(plain, sample::Base64::url, arena);
  if (!bytes || bytes->empty()) return std::nullopt;
  return JweKey{.secret = std::string(*bytes), .key = nullptr};
}

std::optional<JweKey> find_certificate(std::string_view path, sample::Arena&) {
  PrivateKey key = find_private_key(path);
  return key == nullptr ? std::nullopt : std::optional(JweKey{.secret = {}, .key = std::move(key)});
}

using ReadKey = std::optional<JweKey> (*)(std::string_view, sample::Arena&);

Result<std::shared_ptr<const void>> prepare_given(const Args& args, ReadKey read, const char* wrong) {
  auto made = std::make_shared<Opening>();
  made->text = sample::TextOperand(args[0].text);
  if (!made->text.is_variable()) {
    sample::Arena arena;
    made->key = read(args[0].text, arena);
    if (!made->key) return fail(wrong);
  }
  return std::shared_ptr<const void>(std::move(made));
}

Result<std::shared_ptr<const void>> prepare_secret(const Args& args) {
  return prepare_given(args, read_secret, "the secret must be base64, or the name of a variable that holds it");
}

Result<std::shared_ptr<const void>> prepare_jwk(const Args& args) {
  return prepare_given(args, parse_jwk, "no JSON Web Key of the kinds oct, RSA or EC, with its private part");
}

Result<std::shared_ptr<const void>> prepare_cert(const Args& args) {
  if (!sample::TextOperand(args[0].text).is_variable())
    if (auto key = load_private_key(args[0].text); !key) return unexpected(key.error());
  return prepare_given(args, find_certificate, "there is no such key");
}

template <ReadKey read>
bool apply(const Args& args, Context& context, Sample& sample) {
  const auto& wanted = *static_cast<const Opening*>(args.prepared);
  std::optional<JweKey> found;
  std::string_view text;
  if (!wanted.key && wanted.text.read(context, text)) found = read(text, context.arena);
  const JweKey* key = wanted.key ? &*wanted.key : found ? &*found : nullptr;
  const auto content = key == nullptr ? std::nullopt : decrypt_token(sample.text(), *key, context.arena);
  sample = Sample::binary(content.value_or(""));
  return true;
}

constexpr sample::ArgSpec kKey = sample::args(1, {ArgKind::string});

// RFC 7516 A.3
#define TOKEN                                                                                                   \
  "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ." \
  "AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ"

constexpr Converter kRows[] = {
    {.name = "jwt_decrypt_cert",
     .args = kKey,
     .in = Type::string,
     .out = Type::binary,
     .apply = apply<find_certificate>,
     .prepare = prepare_cert,
     .doc =
         "What an encrypted JSON Web Token holds, by the private key in a certificate's file: RSA-OAEP, RSA-OAEP-256, "
         "ECDH-ES with and without A128KW, A192KW, A256KW. Empty when anything is wrong.",
     .examples = {{{"str(" TOKEN "),jwt_decrypt_cert(proc.site)", ""}}}},
    {.name = "jwt_decrypt_jwk",
     .args = kKey,
     .in = Type::string,
     .out = Type::binary,
     .apply = apply<parse_jwk>,
     .prepare = prepare_jwk,
     .doc = "What an encrypted JSON Web Token holds, by a JSON Web Key of the kinds oct, RSA or EC, given or in a "
            "variable. Empty when anything is wrong.",
     .examples = {{{"str(" TOKEN "),jwt_decrypt_jwk('{\"kty\":\"oct\",\"k\":\"GawgguFyGrWKav7AX4VKUg\"}')",
                    "Live long and prosper."},
                   {"str(" TOKEN "),jwt_decrypt_jwk(proc.site)", ""}}}},
    {.name = "jwt_decrypt_secret",
     .args = kKey,
     .in = Type::string,
     .out = Type::binary,
     .apply = apply<read_secret>,
     .prepare = prepare_secret,
     .doc =
         "What an encrypted JSON Web Token holds, by a secret in base64, given or in a variable: dir, A128KW, A192KW, "
         "A256KW, A128GCMKW, A192GCMKW, A256GCMKW. Empty when anything is wrong.",
     .examples = {{{"str(" TOKEN "),jwt_decrypt_secret(GawgguFyGrWKav7AX4VKUg)", "Live long and prosper."},
                   {"str(" TOKEN "),jwt_decrypt_secret(HawgguFyGrWKav7AX4VKUg)", ""},
                   {"str(a.b.c),jwt_decrypt_secret(GawgguFyGrWKav7AX4VKUg)", ""}}}},
};
static_assert(sample::well_formed(kRows), "rows are sorted by name, documented and exemplified");
#undef TOKEN

}  // namespace
constinit const std::span<const sample::Converter> jwe_converters{kRows};
}  // namespace weir::tls
