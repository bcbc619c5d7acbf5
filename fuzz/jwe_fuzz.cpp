// layers: tls sample base
//
// A key on the first line, a token behind it: whatever they are, nothing but a content or nothing comes of them. With a
// token that another program made as the second line, a key that is not its own opens nothing.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "tls/jwe.h"
#include "tls/testing_tokens.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view token = input.substr(std::min(end + 1, input.size()));
  sample::Arena arena;
  const auto key = tls::parse_jwk(input.substr(0, end), arena);
  if (!key) {
    // A secret of any bytes.
    (void)tls::decrypt_token(token, {.secret = std::string(input.substr(0, end)), .key = nullptr}, arena);
    return 0;
  }
  (void)tls::decrypt_token(token, *key, arena);
  for (const auto& vector : tls::testing::kTokens) {
    if (vector.key.empty() || vector.key == input.substr(0, end)) continue;
    const auto content = tls::decrypt_token(vector.token, *key, arena);
    WEIR_ASSERT(!content || *content == tls::testing::kTokenText);
    arena.reset();
  }
  return 0;
}
