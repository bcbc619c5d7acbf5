// Builds OpenSSL contexts from client configurations.
#include "tls/client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <utility>

#include "base/outside.h"
#include "base/parts.h"
#include "tls/error.h"

namespace weir::tls {
namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20;  // of a file of certificates

struct VersionRow {
  Version version;
  std::string_view word;
  int number;
};
constexpr VersionRow kVersions[] = {{Version::tls10, "TLSv1.0", TLS1_VERSION},
                                    {Version::tls11, "TLSv1.1", TLS1_1_VERSION},
                                    {Version::tls12, "TLSv1.2", TLS1_2_VERSION},
                                    {Version::tls13, "TLSv1.3", TLS1_3_VERSION}};

int number(Version version) {
  for (const VersionRow& row : kVersions)
    if (row.version == version) return row.number;
  return 0;  // OpenSSL: whatever its configuration allows
}

tl::unexpected<Error> cannot(std::string what) { return fail(std::move(what) + ": " + take_library_error()); }

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// Certificates and revocations, as many as there are.
Result<void> trust(X509_STORE* store, const std::string& pem) {
  const std::unique_ptr<BIO, int (*)(BIO*)> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  STACK_OF(X509_INFO)* all = in ? PEM_X509_INFO_read_bio(in.get(), nullptr, nullptr, nullptr) : nullptr;
  if (all == nullptr) return fail(take_library_error());
  int found = 0;
  bool added = true;
  for (int i = 0; i < sk_X509_INFO_num(all) && added; ++i) {
    const X509_INFO* const one = sk_X509_INFO_value(all, i);
    if (one->x509 != nullptr) added = X509_STORE_add_cert(store, one->x509) == 1;
    if (added && one->crl != nullptr) added = X509_STORE_add_crl(store, one->crl) == 1;
    found += (one->x509 != nullptr || one->crl != nullptr) ? 1 : 0;
  }
  sk_X509_INFO_pop_free(all, &X509_INFO_free);
  if (!added) return fail(take_library_error());
  if (found == 0) return fail("no certificate or crl found");
  ERR_clear_error();
  return {};
}

Result<void> load_trust(SSL_CTX* context, const ClientConfig& config) {
  if (config.ca_file == "@system-ca") {
    if (SSL_CTX_set_default_verify_paths(context) != 1) return cannot("cannot load the system's CA certificates");
  } else if (!config.ca_file.empty()) {
    const std::string what = "cannot load CA certificates from '" + config.ca_file + "'";
    if (is_directory(config.ca_file)) {
      if (SSL_CTX_load_verify_dir(context, config.ca_file.c_str()) != 1) return cannot(what);
    } else {
      // Not by the library, which knows nothing of files outside of a chroot.
      const auto pem = read_outside(config.ca_file, kMostBytes);
      if (!pem) return fail(what + ": " + pem.error().message);
      if (auto added = trust(SSL_CTX_get_cert_store(context), *pem); !added)
        return fail(what + ": " + added.error().message);
    }
  }
  if (!config.crl_file.empty()) {
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (lookup == nullptr || X509_load_crl_file(lookup, config.crl_file.c_str(), X509_FILETYPE_PEM) < 1)
      return cannot("cannot load revocations from '" + config.crl_file + "'");
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  }
  SSL_CTX_set_verify(context, config.verify == Verify::required ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  return {};
}

Result<void> load_identity(SSL_CTX* context, const std::string& crt) {
  if (crt.empty()) return {};
  if (SSL_CTX_use_certificate_chain_file(context, crt.c_str()) != 1)
    return cannot("cannot load a certificate from '" + crt + "'");
  if (SSL_CTX_use_PrivateKey_file(context, crt.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    return cannot("cannot load the certificate's key from '" + crt + "'");
  return {};
}

Result<void> set_algorithms(SSL_CTX* context, const ClientConfig& config) {
  if (SSL_CTX_set_min_proto_version(context, number(config.min_version)) != 1 ||
      SSL_CTX_set_max_proto_version(context, number(config.max_version)) != 1)
    return cannot("cannot limit the TLS version");
  if (!config.ciphers.empty() && SSL_CTX_set_cipher_list(context, config.ciphers.c_str()) != 1)
    return cannot("ciphers '" + config.ciphers + "' leave none to use");
  if (!config.ciphersuites.empty() && SSL_CTX_set_ciphersuites(context, config.ciphersuites.c_str()) != 1)
    return cannot("ciphersuites '" + config.ciphersuites + "' leave none to use");
  if (!config.curves.empty() && SSL_CTX_set1_groups_list(context, config.curves.c_str()) != 1)
    return cannot("unknown curves '" + config.curves + "'");
  if (!config.sigalgs.empty() && SSL_CTX_set1_sigalgs_list(context, config.sigalgs.c_str()) != 1)
    return cannot("unknown signature algorithms '" + config.sigalgs + "'");
  return {};
}

}  // namespace

std::string take_library_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  if (ERR_SYSTEM_ERROR(code)) {
    const char* text = strerrordesc_np(ERR_GET_REASON(code));
    return text != nullptr ? text : "system error";
  }
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

Result<Version> parse_version(std::string_view text) {
  for (const VersionRow& row : kVersions)
    if (row.word == text) return row.version;
  return fail("'" + std::string(text) + "' is no TLS version: expected TLSv1.0, TLSv1.1, TLSv1.2 or TLSv1.3");
}

Result<std::shared_ptr<const ClientContext>> ClientContext::create(const ClientConfig& config) {
  ERR_clear_error();
  if (config.min_version != Version::library && config.max_version != Version::library &&
      config.min_version > config.max_version)
    return fail("the lowest TLS version is above the highest");
  SSL_CTX* native = SSL_CTX_new(TLS_client_method());
  if (native == nullptr) return cannot("cannot make a TLS context");
  std::shared_ptr<const ClientContext> context(new ClientContext(native, config));
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  // A peer that closes without close_notify: the layer above knows whether its message was complete.
  SSL_CTX_set_options(native, SSL_OP_IGNORE_UNEXPECTED_EOF);
  for (const auto& step :
       {set_algorithms(native, config), load_trust(native, config), load_identity(native, config.crt)})
    if (!step) return unexpected(step.error());
  return context;
}

ClientContext::~ClientContext() { SSL_CTX_free(context_); }

Result<std::string> parse_alpn(std::string_view text) {
  std::string wire;
  for (const std::string_view name : Parts(text, ',')) {
    if (name.empty() || name.size() > 255)
      return fail("an ALPN protocol name has 1 to 255 bytes, as in \"h2,http/1.1\"");
    wire += static_cast<char>(name.size());
    wire += name;
  }
  return wire;
}

}  // namespace weir::tls
