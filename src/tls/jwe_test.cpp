// Tokens of each algorithm, and what becomes of one that is not quite right.
#include "tls/jwe.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdio>

#include "sample/base64.h"
#include "tls/testing_tokens.h"

namespace weir::tls {
namespace {

std::string opened(std::string_view token, std::string_view key) {
  sample::Arena arena;
  const auto read = parse_jwk(key, arena);
  if (!read) return "no key";
  return std::string(decrypt_token(token, *read, arena).value_or("nothing"));
}

std::string_view key_of(const testing::TokenVector& vector) {
  return vector.key.empty() ? testing::kRsaKey : vector.key;
}

std::string encoded(std::string_view text) {
  sample::Arena arena;
  return std::string(sample::base64_encoded(text, sample::Base64::url, arena).value_or(""));
}

TEST(Jwe, every_algorithm) {
  for (const auto& vector : testing::kTokens)
    EXPECT_EQ(opened(vector.token, key_of(vector)), testing::kTokenText) << vector.name;
}

TEST(Jwe, a_bit_that_is_wrong_anywhere_is_found) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const auto& vector : testing::kTokens) {
    for (std::size_t at = 0; at < vector.token.size(); at += vector.token.size() / 23) {
      std::string token(vector.token);
      const std::size_t digit = kAlphabet.find(token[at]);
      if (digit == kAlphabet.npos) continue;
      token[at] = kAlphabet[digit ^ 32U];  // the highest bit: the last digit of a part has bits that mean nothing
      EXPECT_EQ(opened(token, key_of(vector)), "nothing") << vector.name << " at " << at;
    }
  }
}

TEST(Jwe, a_token_cut_anywhere_is_none) {
  const auto& vector = testing::kTokens[0];
  for (std::size_t size = 0; size < vector.token.size(); size++)
    EXPECT_EQ(opened(vector.token.substr(0, size), vector.key), "nothing") << size;
  EXPECT_EQ(opened(std::string(vector.token) + ".", vector.key), "nothing");
  EXPECT_EQ(opened("....", vector.key), "nothing");
  EXPECT_EQ(opened(std::string(20'000, '.'), vector.key), "nothing");
}

TEST(Jwe, a_key_of_another_kind_opens_nothing) {
  for (const auto& vector : testing::kTokens)
    for (const auto& other : testing::kTokens)
      if (key_of(vector) != key_of(other))
        EXPECT_EQ(opened(vector.token, key_of(other)), "nothing") << vector.name << other.name;
}

// RFC 7516 4.1.13 and 4.1.3: what is not understood is not passed over.
TEST(Jwe, headers_that_ask_for_more_are_refused) {
  const std::string_view token = testing::kTokens[0].token;
  const std::string rest(token.substr(token.find('.')));
  for (const std::string_view header :
       {R"({"alg":"dir","enc":"A128CBC-HS256","crit":["exp"],"exp":1})",
        R"({"alg":"dir","enc":"A128CBC-HS256","zip":"DEF"})", R"({"alg":"RSA1_5","enc":"A128CBC-HS256"})",
        R"({"alg":"none","enc":"A128CBC-HS256"})", R"({"alg":"dir","enc":"none"})",
        R"({"alg":["dir"],"enc":"A128CBC-HS256"})", R"({"enc":"A128CBC-HS256"})", "{}", "", "no json", "[1,2]"})
    EXPECT_EQ(opened(encoded(header) + rest, testing::kTokens[0].key), "nothing") << header;
}

TEST(Jwe, keys_that_are_none) {
  sample::Arena arena;
  for (
      const std::string_view text :
      {"", "{}", "oct", R"({"kty":"oct"})", R"({"kty":"oct","k":""})", R"({"kty":"oct","k":"a b"})", R"({"kty":"RSA"})",
       R"({"kty":"RSA","n":"AQAB","e":"AQAB"})", R"({"kty":"EC","crv":"P-256"})",
       R"({"kty":"OKP","crv":"X25519","x":"AA","d":"AA"})", R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"})",
       // The right sizes, on no curve.
       R"({"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","d":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"})"})
    EXPECT_FALSE(parse_jwk(text, arena)) << text;
}

TEST(Jwe, files_hold_private_keys) {
  const std::string path = ::testing::TempDir() + "jwe_key.pem";
  EVP_PKEY* key = EVP_EC_gen("P-256");
  std::FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr), 1);
  std::fclose(file);
  EXPECT_EQ(find_private_key(path), nullptr);
  const auto loaded = load_private_key(path);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(EVP_PKEY_eq(loaded->get(), key), 1);
  EXPECT_EQ(find_private_key(path), *loaded);
  // Encrypted: nobody is asked for the words.
  file = std::fopen(path.c_str(), "w");
  char words[] = "words";
  ASSERT_EQ(
      PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(), reinterpret_cast<unsigned char*>(words), 5, nullptr, nullptr),
      1);
  std::fclose(file);
  EXPECT_FALSE(load_private_key(path));
  EXPECT_FALSE(load_private_key("/nowhere"));
  EVP_PKEY_free(key);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace weir::tls
