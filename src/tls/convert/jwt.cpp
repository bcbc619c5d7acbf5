// What a JSON Web Token says, and whether its signature holds. Manual 7.3.1: jwt_header_query, jwt_payload_query,
// jwt_verify, jwt_verify_cert.
#include "tls/jwt.h"

#include "sample/base64.h"
#include "sample/json_path.h"
#include "sample/operand.h"
#include "tls/converters.h"

namespace weir::tls {
namespace {

using namespace sample::vocabulary;

bool query(const Args& args, Context& context, std::string_view part, Sample& sample) {
  const auto& wanted = *static_cast<const sample::JsonQuery*>(args.prepared);
  const auto text = sample::base64_decoded(part, sample::Base64::url, context.arena);
  if (!text) return false;
  if (wanted.path) return wanted.path->query(*text, wanted.integer, context.arena, sample);
  sample = Sample::string(*text);
  return true;
}

/// The header of a token of either kind is what precedes the first dot.
bool jwt_header_query(const Args& args, Context& context, Sample& sample) {
  const std::size_t dot = sample.text().find('.');
  return dot != std::string_view::npos && query(args, context, sample.text().substr(0, dot), sample);
}

bool jwt_payload_query(const Args& args, Context& context, Sample& sample) {
  const auto token = split_token(sample.text());
  return token && query(args, context, token->payload, sample);
}

/// Algorithm and key, each given or in a variable.
struct Verification {
  sample::TextOperand algorithm_text;
  std::optional<JwtAlgorithm> algorithm;
  sample::TextOperand key_text;
  PublicKey key;
};

Result<std::shared_ptr<Verification>> prepare_common(const Args& args) {
  auto made = std::make_shared<Verification>();
  made->algorithm_text = sample::TextOperand(args[0].text);
  made->key_text = sample::TextOperand(args[1].text);
  if (made->algorithm_text.is_variable()) return made;
  made->algorithm = jwt_algorithm(args[0].text);
  if (!made->algorithm) return fail("no algorithm has that name: HS256, RS256, ES256, PS256 ...");
  return made;
}

Result<std::shared_ptr<const void>> prepare_verify(const Args& args) {
  auto made = prepare_common(args);
  if (!made) return unexpected(made.error());
  Verification& wanted = **made;
  if (wanted.key_text.is_variable()) return std::shared_ptr<const void>(std::move(*made));
  const bool no_key = wanted.algorithm && (is_hmac(*wanted.algorithm) || *wanted.algorithm == JwtAlgorithm::none);
  if (!no_key) {
    auto key = load_public_key(args[1].text, false);
    // With the algorithm in a variable the text may be a secret as well; but a path of a key that is not there is none.
    if (!key && (wanted.algorithm || args[1].text.contains('/'))) return unexpected(key.error());
    if (key) wanted.key = *key;
  }
  return std::shared_ptr<const void>(std::move(*made));
}

Result<std::shared_ptr<const void>> prepare_verify_cert(const Args& args) {
  auto made = prepare_common(args);
  if (!made) return unexpected(made.error());
  Verification& wanted = **made;
  if (wanted.algorithm && (is_hmac(*wanted.algorithm) || *wanted.algorithm == JwtAlgorithm::none))
    return fail("a certificate verifies no code made with a secret");
  if (!wanted.key_text.is_variable()) {
    auto key = load_public_key(args[1].text, true);
    if (!key) return unexpected(key.error());
    wanted.key = *key;
  }
  return std::shared_ptr<const void>(std::move(*made));
}

template <bool certificate>
JwtVerdict verify(const Verification& wanted, Context& context, std::string_view token) {
  std::optional<JwtAlgorithm> algorithm = wanted.algorithm;
  if (!algorithm) {
    std::string_view name;
    if (wanted.algorithm_text.read(context, name)) algorithm = jwt_algorithm(name);
    if (!algorithm) return JwtVerdict::unknown_algorithm;
  }
  if (certificate && (is_hmac(*algorithm) || *algorithm == JwtAlgorithm::none)) return JwtVerdict::unmanaged_algorithm;
  std::string_view key_text;
  PublicKey key = wanted.key;
  if (!wanted.key_text.read(context, key_text)) return JwtVerdict::unknown_key;
  if (wanted.key_text.is_variable() && !is_hmac(*algorithm)) key = find_public_key(key_text);
  // The text of a public key's path is known to everybody: it is no secret, whatever algorithm a token claims.
  if (is_hmac(*algorithm) && !wanted.key_text.is_variable() && key != nullptr) return JwtVerdict::wrong;
  return verify_token(token, *algorithm, key_text, key, context.arena);
}

template <bool certificate>
bool apply(const Args& args, Context& context, Sample& sample) {
  const auto& wanted = *static_cast<const Verification*>(args.prepared);
  sample = Sample::integer(static_cast<std::int64_t>(verify<certificate>(wanted, context, sample.text())));
  return true;
}

constexpr sample::ArgSpec kQuery = sample::args(0, {ArgKind::string, ArgKind::string});
constexpr sample::ArgSpec kVerify = sample::args(2, {ArgKind::string, ArgKind::string});

#define TOKEN "eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJzdWIiOiAiYWxpY2UiLCAibiI6IDd9"
#define SIGNED TOKEN ".fsh-IJMsIkasufiDr9J2MIyFQvGf5yt-kMjkinbLCzA"

constexpr Converter kRows[] = {
    {.name = "jwt_header_query",
     .args = kQuery,
     .in = Type::string,
     .out = Type::string,
     .apply = jwt_header_query,
     .prepare = sample::prepare_json_query,
     .doc = "The header of a JSON Web Token, decoded, or what json_query finds in it.",
     .examples = {{{"str(" SIGNED "),jwt_header_query('$.alg')", "HS256"},
                   {"str(" SIGNED "),jwt_header_query", "{\"alg\": \"HS256\", \"typ\": \"JWT\"}"},
                   {"str(none),jwt_header_query", "", true}}}},
    {.name = "jwt_payload_query",
     .args = kQuery,
     .in = Type::string,
     .out = Type::string,
     .apply = jwt_payload_query,
     .prepare = sample::prepare_json_query,
     .doc =
         "The payload of a signed JSON Web Token, decoded, or what json_query finds in it. It says nothing about the "
         "signature.",
     .examples = {{{"str(" SIGNED "),jwt_payload_query('$.n',int)", "7"},
                   {"str(" SIGNED "),jwt_payload_query('$.sub')", "alice"}}}},
    {.name = "jwt_verify",
     .args = kVerify,
     .in = Type::string,
     .out = Type::integer,
     .apply = apply<false>,
     .prepare = prepare_verify,
     .doc = "1 when the signature of a JSON Web Token holds, by an algorithm and a secret or a public key's file; 0 "
            "when it does not, below for what cannot be verified.",
     .examples = {{{"str(" SIGNED "),jwt_verify(HS256,secret)", "1"},
                   {"str(" SIGNED "),jwt_verify(HS256,other)", "0"},
                   {"str(" SIGNED "),jwt_verify(HS512,secret)", "0"},
                   {"str(" TOKEN ".),jwt_verify(HS256,secret)", "-3"},
                   {"str(a.b),jwt_verify(HS256,secret)", "-3"},
                   {"str(" SIGNED "),jwt_verify(txn.none,secret)", "-1"},
                   {"str(" SIGNED "),jwt_verify(RS256,proc.site)", "-5"}}}},
    {.name = "jwt_verify_cert",
     .args = kVerify,
     .in = Type::string,
     .out = Type::integer,
     .apply = apply<true>,
     .prepare = prepare_verify_cert,
     .doc = "jwt_verify with a certificate's file instead of a public key's.",
     .examples = {{{"str(" SIGNED "),jwt_verify_cert(RS256,proc.site)", "-5"}}}},
};
static_assert(sample::well_formed(kRows), "rows are sorted by name, documented and exemplified");
#undef TOKEN
#undef SIGNED

}  // namespace
constinit const std::span<const sample::Converter> jwt_converters{kRows};
}  // namespace weir::tls
