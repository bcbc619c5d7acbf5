// Digests and authentication codes. Manual 7.3.1: digest, hmac, sha1, sha2.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "tls/convert/bytes.h"
#include "tls/converters.h"

namespace weir::tls {
namespace {

using namespace sample::vocabulary;

bool give(Context& context, const EVP_MD* kind, Sample& sample) {
  auto* out = reinterpret_cast<unsigned char*>(context.arena.take(EVP_MAX_MD_SIZE));
  const std::string_view data = sample.text();
  unsigned size = 0;
  if (out == nullptr || EVP_Digest(data.data(), data.size(), out, &size, kind, nullptr) != 1) return false;
  sample = Sample::binary({reinterpret_cast<char*>(out), size});
  return true;
}

bool sha1(const Args&, Context& context, Sample& sample) { return give(context, EVP_sha1(), sample); }

const EVP_MD* sha2_of(std::int64_t bits) {
  switch (bits) {
    case 224: return EVP_sha224();
    case 256: return EVP_sha256();
    case 384: return EVP_sha384();
    case 512: return EVP_sha512();
    default: return nullptr;
  }
}
bool sha2(const Args& args, Context& context, Sample& sample) {
  return give(context, sha2_of(args.integer_or(0, 256)), sample);
}
Result<std::shared_ptr<const void>> check_sha2(const Args& args) {
  if (sha2_of(args.integer_or(0, 256)) == nullptr) return fail("there are 224, 256, 384 and 512 bits");
  return std::shared_ptr<const void>();
}

/// The library's object of that name; null when it has none.
std::shared_ptr<const EVP_MD> digest_named(const std::string& name) {
  return {EVP_MD_fetch(nullptr, name.c_str(), nullptr),
          [](const EVP_MD* kind) { EVP_MD_free(const_cast<EVP_MD*>(kind)); }};
}

Result<std::shared_ptr<const void>> prepare_digest(const Args& args) {
  auto kind = digest_named(args[0].text);
  if (kind == nullptr || EVP_MD_get_size(kind.get()) <= 0)
    return fail("no digest has that name: sha256, sha1, md5 ...");
  return std::shared_ptr<const void>(std::move(kind));
}
bool digest(const Args& args, Context& context, Sample& sample) {
  return give(context, static_cast<const EVP_MD*>(args.prepared), sample);
}

struct Code {
  std::shared_ptr<const EVP_MD> kind;
  Base64Operand key;
};
Result<std::shared_ptr<const void>> prepare_hmac(const Args& args) {
  auto made = std::make_shared<Code>();
  made->kind = digest_named(args[0].text);
  if (made->kind == nullptr) return fail("no digest has that name: sha256, sha1, md5 ...");
  made->key = Base64Operand(args[1].text);
  if (made->key.is_wrong()) return fail("the key must be base64, or the name of a variable that holds it");
  return std::shared_ptr<const void>(std::move(made));
}
bool hmac(const Args& args, Context& context, Sample& sample) {
  const auto& code = *static_cast<const Code*>(args.prepared);
  const auto key = code.key.read(context);
  auto* out = reinterpret_cast<unsigned char*>(context.arena.take(EVP_MAX_MD_SIZE));
  if (!key || out == nullptr) return false;
  unsigned size = 0;
  const std::string_view data = sample.text();
  if (HMAC(code.kind.get(), key->data(), static_cast<int>(key->size()), bytes_of(data), data.size(), out, &size) ==
      nullptr)
    return false;
  sample = Sample::binary({reinterpret_cast<char*>(out), size});
  return true;
}

constexpr Converter kRows[] = {
    {.name = "digest",
     .args = sample::args(1, {ArgKind::string}),
     .in = Type::binary,
     .out = Type::binary,
     .apply = digest,
     .prepare = prepare_digest,
     .doc = "The digest of that name in OpenSSL, as bytes.",
     .examples = {{{"str(abc),digest(sha256),hex", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"},
                   {"str(abc),digest(md5),hex", "900150983CD24FB0D6963F7D28E17F72"}}}},
    {.name = "hmac",
     .args = sample::args(2, {ArgKind::string, ArgKind::string}),
     .in = Type::binary,
     .out = Type::binary,
     .apply = hmac,
     .prepare = prepare_hmac,
     .doc = "The authentication code made with a digest and a key, which is base64 or in a variable.",
     .examples = {{{"str(abc),hmac(sha256,a2V5),hex",
                    "9C196E32DC0175F86F4B1CB89289D6619DE6BEE699E4C378E68309ED97A1A6AB"},
                   {"str(abc),hmac(sha256,txn.none)", "", true}}}},
    {.name = "sha1",
     .in = Type::binary,
     .out = Type::binary,
     .apply = sha1,
     .doc = "The SHA-1 digest, 20 bytes.",
     .examples = {{{"str(abc),sha1,hex", "A9993E364706816ABA3E25717850C26C9CD0D89D"}}}},
    {.name = "sha2",
     .args = sample::args(0, {ArgKind::integer}),
     .in = Type::binary,
     .out = Type::binary,
     .apply = sha2,
     .prepare = check_sha2,
     .doc = "The SHA-2 digest of 224, 256, 384 or 512 bits; 256 when none is named.",
     .examples = {{{"str(abc),sha2,hex", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"},
                   {"str(abc),sha2(224),hex", "23097D223405D8228642A477BDA255B32AADBCE4BDA0B3F7E36C9DA7"}}}},
};
static_assert(sample::well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const sample::Converter> digest_converters{kRows};
}  // namespace weir::tls
