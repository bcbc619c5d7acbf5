// The rows' examples, and tokens signed here with keys of each kind.
#include "tls/converters.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>

#include "sample/testing/fixture.h"
#include "tls/convert/bytes.h"
#include "tls/jwt.h"

namespace weir::tls {
namespace {

using sample::testing::Surroundings;
using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

const sample::Registry& all_rows() {
  static const std::vector<std::span<const sample::Converter>> tables = [] {
    const auto base = sample::sample_converters();
    std::vector<std::span<const sample::Converter>> all(base.begin(), base.end());
    all.insert(all.end(), converters().begin(), converters().end());
    return all;
  }();
  static const sample::Registry registry({.fetches = sample::sample_fetches(),
                                          .converters = tables,
                                          .acl_keywords = sample::sample_acl_keywords(),
                                          .log_aliases = {}});
  return registry;
}

struct Answer {
  sample::FetchStatus status = sample::FetchStatus::absent;
  std::string text;
};
Answer evaluate(const std::string& text, Surroundings& here) {
  const auto expression = sample::Expression::compile(text, {.registry = &all_rows()}, {0, 1, 1, 0}, here.diagnostics);
  EXPECT_TRUE(expression) << text << here.diagnostics.render();
  Answer answer;
  if (!expression) return answer;
  sample::Context context = here.context();
  sample::Sample value;
  answer.status = expression->evaluate(context, value);
  if (answer.status == sample::FetchStatus::ok) answer.text = to_text(value, here.arena).value_or("");
  return answer;
}

TEST(TlsConverters, Examples) {
  for (const auto table : converters()) {
    for (const sample::Converter& row : table) {
      for (const sample::Example& example : row.examples) {
        if (example.expression.empty()) break;
        SCOPED_TRACE(example.expression);
        Surroundings here;
        const Answer answer = evaluate(std::string(example.expression), here);
        EXPECT_EQ(answer.status, example.absent ? sample::FetchStatus::absent : sample::FetchStatus::ok);
        EXPECT_EQ(answer.text, example.result);
      }
    }
  }
}

TEST(TlsConverters, ArgumentsThatAreRefused) {
  for (const char* text :
       {"str(a),digest(sha257)", "str(a),sha2(255)", "str(a),hmac(sha256,a)", "str(a),aes_cbc_enc(129,,)",
        "str(a),aes_gcm_enc(128,AAAA,AAAA,tag)", "str(a),aes_cbc_enc(128,AAAA,AAAA,AAAA)", "str(a),jwt_verify(HS255,a)",
        "str(a),jwt_verify(RS256,/none)", "str(a),jwt_verify(txn.a,/none)", "str(a),jwt_verify_cert(HS256,a)",
        "str(a),jwt_payload_query('x')"}) {
    Surroundings here;
    EXPECT_FALSE(sample::Expression::compile(text, {.registry = &all_rows()}, {0, 1, 1, 0}, here.diagnostics)) << text;
  }
}

TEST(TlsConverters, TheTagOfAesGcmIsChecked) {
  Surroundings here;
  const std::string sealed =
      "str(hello),aes_gcm_enc(256,AAAAAAAAAAAAAAAA,"
      "AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8=,txn.tag,Zm9v)";
  const std::string opened = ",aes_gcm_dec(256,AAAAAAAAAAAAAAAA,AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8=,txn.tag,";
  EXPECT_EQ(evaluate(sealed + opened + "Zm9v)", here).text, "hello");
  EXPECT_EQ(evaluate(sealed + opened + "Zm9w)", here).status, sample::FetchStatus::absent) << "other additional data";
  EXPECT_EQ(evaluate(sealed + ",concat(x)" + opened + "Zm9v)", here).status, sample::FetchStatus::absent);
}

/// A key, its public half in a file, and what it signs.
class Signer {
 public:
  Signer(Key key, std::string name)
      : key_(std::move(key)),
        path_(std::filesystem::temp_directory_path() / (name + std::to_string(::getpid()) + ".pem")) {
    std::FILE* file = std::fopen(path_.c_str(), "w");
    PEM_write_PUBKEY(file, key_.get());
    std::fclose(file);
  }
  ~Signer() { std::filesystem::remove(path_); }
  [[nodiscard]] std::string path() const { return path_; }

  [[nodiscard]] std::string token(bool pss, bool curve, const EVP_MD* digest) const {
    sample::Arena arena;
    const std::string head(R"({"alg":"?"})");
    std::string text(*base64_encoded(head, sample::Base64::url, arena));
    text += "." + std::string(*base64_encoded("{}", sample::Base64::url, arena));
    std::array<unsigned char, 1024> signature;
    std::size_t size = signature.size();
    EVP_MD_CTX* state = EVP_MD_CTX_new();
    EVP_PKEY_CTX* details = nullptr;
    EVP_DigestSignInit(state, &details, digest, nullptr, key_.get());
    if (pss) {
      EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST);
    }
    EXPECT_EQ(EVP_DigestSign(state, signature.data(), &size, bytes_of(text), text.size()), 1);
    EVP_MD_CTX_free(state);
    const std::string_view made(reinterpret_cast<char*>(signature.data()), size);
    text += "." + std::string(*base64_encoded(curve ? raw_of(made) : std::string(made), sample::Base64::url, arena));
    return text;
  }

 private:
  static std::string raw_of(std::string_view der) {
    const unsigned char* at = bytes_of(der);
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    std::string raw(64, '\0');
    auto* out = reinterpret_cast<unsigned char*>(raw.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32);
    ECDSA_SIG_free(pair);
    return raw;
  }
  Key key_;
  std::filesystem::path path_;
};

TEST(Jwt, PublicKeys) {
  const Signer rsa(Key(EVP_RSA_gen(2048), EVP_PKEY_free), "rsa");
  const Signer curve(Key(EVP_EC_gen("P-256"), EVP_PKEY_free), "ec");
  const std::string rs256 = rsa.token(false, false, EVP_sha256());
  const std::string ps384 = rsa.token(true, false, EVP_sha384());
  const std::string es256 = curve.token(false, true, EVP_sha256());
  const struct {
    std::string token, algorithm, key, answer;
  } rows[] = {
      {rs256, "RS256", rsa.path(), "1"},         {rs256, "RS384", rsa.path(), "0"},   {rs256, "PS256", rsa.path(), "0"},
      {rs256, "RS256", curve.path(), "0"},       {ps384, "PS384", rsa.path(), "1"},   {ps384, "PS256", rsa.path(), "0"},
      {es256, "ES256", curve.path(), "1"},       {es256, "ES384", curve.path(), "0"}, {es256, "ES256", rsa.path(), "0"},
      {es256 + "A", "ES256", curve.path(), "0"}, {es256, "none", curve.path(), "0"},
  };
  for (const auto& row : rows) {
    Surroundings here;
    EXPECT_EQ(evaluate("str(" + row.token + "),jwt_verify(" + row.algorithm + ",'" + row.key + "')", here).text,
              row.answer)
        << row.algorithm << row.key;
  }
}

// A token may claim HMAC and be signed with the text of the public key's path, which anybody may know.
TEST(Jwt, ThePathOfAPublicKeyIsNoSecret) {
  const Signer rsa(Key(EVP_RSA_gen(2048), EVP_PKEY_free), "rsa");
  Surroundings here;
  here.variables = std::make_unique<sample::Variables>(nullptr);
  here.variables->set(*sample::VariableName::parse("txn.alg"), sample::Sample::string("HS256"));
  std::array<unsigned char, 32> code;
  const std::string signed_part = "e30.e30";
  unsigned size = 0;
  HMAC(EVP_sha256(), rsa.path().data(), static_cast<int>(rsa.path().size()), bytes_of(signed_part), signed_part.size(),
       code.data(), &size);
  const std::string forged =
      signed_part + "." +
      std::string(*base64_encoded({reinterpret_cast<char*>(code.data()), size}, sample::Base64::url, here.arena));
  EXPECT_EQ(evaluate("str(" + forged + "),jwt_verify(HS256,'" + rsa.path() + "x')", here).text, "0");
  EXPECT_EQ(evaluate("str(" + forged + "),jwt_verify(txn.alg,'" + rsa.path() + "')", here).text, "0");
}

}  // namespace
}  // namespace weir::tls
