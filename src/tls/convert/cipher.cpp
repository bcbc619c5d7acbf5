// AES, with authentication (GCM) and without (CBC). Manual 7.3.1: aes_gcm_enc and its relatives.
#include <openssl/evp.h>

#include "tls/convert/bytes.h"
#include "tls/converters.h"
#include "tls/error.h"

namespace weir::tls {
namespace {

using namespace sample::vocabulary;

constexpr int kTagSize = 16;
constexpr int kBlock = 16;
constexpr std::size_t kMaxNonce = 64;  // GCM: any; CBC: a block

const EVP_CIPHER* cipher_of(std::int64_t bits, bool gcm) {
  switch (bits) {
    case 128: return gcm ? EVP_aes_128_gcm() : EVP_aes_128_cbc();
    case 192: return gcm ? EVP_aes_192_gcm() : EVP_aes_192_cbc();
    case 256: return gcm ? EVP_aes_256_gcm() : EVP_aes_256_cbc();
    default: return nullptr;
  }
}

/// The arguments of one converter: (bits, nonce, key, [tag,] [aad]).
struct Sealing {
  const EVP_CIPHER* cipher = nullptr;
  bool gcm = false;
  Base64Operand nonce;
  Base64Operand key;
  Base64Operand tag;                                 // aes_gcm_dec
  std::optional<sample::VariableName> tag_variable;  // aes_gcm_enc
  std::optional<Base64Operand> aad;
};

template <bool gcm, bool encrypts>
Result<std::shared_ptr<const void>> prepare(const Args& args) {
  auto made = std::make_shared<Sealing>();
  made->cipher = cipher_of(args[0].integer, gcm);
  made->gcm = gcm;
  if (made->cipher == nullptr) return fail("there are 128, 192 and 256 bits");
  made->nonce = Base64Operand(args[1].text);
  made->key = Base64Operand(args[2].text);
  constexpr std::size_t kAad = gcm ? 4 : 3;
  if (!gcm && args.has(kAad)) return fail("AES-CBC authenticates nothing: it has no additional data");
  if (args.has(kAad)) made->aad = Base64Operand(args[kAad].text);
  if (gcm && encrypts) {
    auto name = sample::VariableName::parse(args[3].text);
    if (!name) return fail("the tag goes into a variable: " + name.error().message);
    made->tag_variable = *name;
  } else if (gcm) {
    made->tag = Base64Operand(args[3].text);
  }
  if (made->nonce.is_wrong() || made->key.is_wrong() || made->tag.is_wrong() || (made->aad && made->aad->is_wrong()))
    return fail("nonce, key, tag and additional data must be base64, or the names of variables that hold it");
  return std::shared_ptr<const void>(std::move(made));
}

/// The library's state of one operation, begun with key and nonce.
class Operation {
 public:
  Operation() : state_(EVP_CIPHER_CTX_new()) {}
  ~Operation() { EVP_CIPHER_CTX_free(state_); }
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  bool begin(const Sealing& sealing, bool encrypts, Context& context) {
    const auto key = sealing.key.read(context);
    const auto nonce = sealing.nonce.read(context);
    if (state_ == nullptr || !key || !nonce) return false;
    if (key->size() != static_cast<std::size_t>(EVP_CIPHER_get_key_length(sealing.cipher))) return false;
    const bool nonce_fits =
        sealing.gcm ? !nonce->empty() && nonce->size() <= kMaxNonce : nonce->size() == std::size_t{kBlock};
    if (!nonce_fits || EVP_CipherInit_ex(state_, sealing.cipher, nullptr, nullptr, nullptr, encrypts ? 1 : 0) != 1)
      return false;
    const auto nonce_size = static_cast<int>(nonce->size());
    if (sealing.gcm && EVP_CIPHER_CTX_ctrl(state_, EVP_CTRL_AEAD_SET_IVLEN, nonce_size, nullptr) != 1) return false;
    if (EVP_CipherInit_ex(state_, nullptr, nullptr, bytes_of(*key), bytes_of(*nonce), -1) != 1) return false;
    return !sealing.gcm || !sealing.aad || add_data(*sealing.aad, context);
  }
  /// All of `in`; the size of what came out, or nothing.
  std::optional<std::size_t> run(std::string_view in, unsigned char* out) {
    int first = 0;
    int last = 0;
    if (EVP_CipherUpdate(state_, out, &first, bytes_of(in), static_cast<int>(in.size())) != 1) return std::nullopt;
    if (EVP_CipherFinal_ex(state_, out + first, &last) != 1) return std::nullopt;
    return static_cast<std::size_t>(first + last);
  }
  bool expect_tag(std::string_view tag) {
    std::array<unsigned char, kTagSize> copy;
    if (tag.size() != copy.size()) return false;
    std::copy(tag.begin(), tag.end(), copy.begin());
    return EVP_CIPHER_CTX_ctrl(state_, EVP_CTRL_AEAD_SET_TAG, kTagSize, copy.data()) == 1;
  }
  bool take_tag(std::array<char, kTagSize>& tag) {
    return EVP_CIPHER_CTX_ctrl(state_, EVP_CTRL_AEAD_GET_TAG, kTagSize, tag.data()) == 1;
  }

 private:
  bool add_data(const Base64Operand& given, Context& context) {
    const auto data = given.read(context);
    int unused = 0;
    return data && EVP_CipherUpdate(state_, nullptr, &unused, bytes_of(*data), static_cast<int>(data->size())) == 1;
  }

  EVP_CIPHER_CTX* state_;
};

template <bool encrypts>
bool apply(const Args& args, Context& context, Sample& sample) {
  const auto& sealing = *static_cast<const Sealing*>(args.prepared);
  Operation operation;
  if (!operation.begin(sealing, encrypts, context)) return false;
  if (sealing.gcm && !encrypts) {
    const auto tag = sealing.tag.read(context);
    if (!tag || !operation.expect_tag(*tag)) return false;
  }
  const std::string_view in = sample.text();
  auto* out = reinterpret_cast<unsigned char*>(context.arena.take(in.size() + kBlock));
  if (out == nullptr) return false;
  const auto size = operation.run(in, out);
  if (!size) {
    take_library_error();  // wrong padding leaves one, which is nobody else's
    return false;
  }
  if (sealing.gcm && encrypts) {
    std::array<char, kTagSize> tag;
    if (!operation.take_tag(tag)) return false;
    const auto text = sample::base64_encoded({tag.data(), tag.size()}, sample::Base64::plain, context.arena);
    if (!text || !sample::set_variable(context, *sealing.tag_variable, Sample::string(*text))) return false;
  }
  sample = Sample::binary({reinterpret_cast<char*>(out), *size});
  return true;
}

constexpr sample::ArgSpec kCbc = sample::args(3, {ArgKind::integer, ArgKind::string, ArgKind::string, ArgKind::string});
constexpr sample::ArgSpec kGcm =
    sample::args(4, {ArgKind::integer, ArgKind::string, ArgKind::string, ArgKind::string, ArgKind::string});

constexpr Converter kRows[] = {
    {.name = "aes_cbc_dec",
     .args = kCbc,
     .in = Type::binary,
     .out = Type::binary,
     .apply = apply<false>,
     .prepare = prepare<false, false>,
     .doc = "Decrypts AES-CBC of 128, 192 or 256 bits; nonce and key are base64 or variables. Absent when the padding "
            "is wrong.",
     .examples =
         {{{"str(xhdwWOyBiSsj26hi8PPDZw==),b64dec,aes_cbc_dec(128,AAECAwQFBgcICQoLDA0ODw==,Zm9vb2Zvb29mb29wZm9vbw==)",
            "hello"}}}},
    {.name = "aes_cbc_enc",
     .args = kCbc,
     .in = Type::binary,
     .out = Type::binary,
     .apply = apply<true>,
     .prepare = prepare<false, true>,
     .doc = "Encrypts with AES-CBC of 128, 192 or 256 bits; nonce and key are base64 or variables.",
     .examples = {{{"str(hello),aes_cbc_enc(128,AAECAwQFBgcICQoLDA0ODw==,Zm9vb2Zvb29mb29wZm9vbw==),hex",
                    "C6177058EC81892B23DBA862F0F3C367"}}}},
    {.name = "aes_gcm_dec",
     .args = kGcm,
     .in = Type::binary,
     .out = Type::binary,
     .apply = apply<false>,
     .prepare = prepare<true, false>,
     .doc = "Decrypts AES-GCM of 128, 192 or 256 bits. Absent when the tag or the additional data do not fit.",
     .examples = {{{"str(hello),aes_gcm_enc(128,AAAAAAAAAAAAAAAA,Zm9vb2Zvb29mb29wZm9vbw==,txn.tag),"
                    "aes_gcm_dec(128,AAAAAAAAAAAAAAAA,Zm9vb2Zvb29mb29wZm9vbw==,txn.tag)",
                    "hello"},
                   {"str(hello),aes_gcm_dec(128,AAAAAAAAAAAAAAAA,Zm9vb2Zvb29mb29wZm9vbw==,AAAAAAAAAAAAAAAAAAAAAA==)",
                    "", true}}}},
    {.name = "aes_gcm_enc",
     .args = kGcm,
     .in = Type::binary,
     .out = Type::binary,
     .apply = apply<true>,
     .prepare = prepare<true, true>,
     .doc = "Encrypts with AES-GCM of 128, 192 or 256 bits; the tag goes, in base64, into the variable named.",
     .examples = {{{"str(hello),aes_gcm_enc(128,AAAAAAAAAAAAAAAA,Zm9vb2Zvb29mb29wZm9vbw==,txn.tag),hex",
                    "AEE9A1C5C6"}}}},
};
static_assert(sample::well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const sample::Converter> cipher_converters{kRows};
}  // namespace weir::tls
