// The client side of TLS: what a connection to a server asks for, and the OpenSSL context made from it.
//
// A ClientConfig is a plain comparable value; a ClientContext is made from it once, at load, and shared by all
// connections of all workers (OpenSSL's context is safe for that once it no longer changes). What differs between two
// connections, the server name and ALPN, is given at each handshake instead (ClientOffer in tls/stream.h).
// Manual: ssl, verify, ca-file, crt, ciphers, ciphersuites, ssl-min-ver, ssl-max-ver, verifyhost.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct ssl_ctx_st;

namespace weir::tls {

enum class Verify : std::uint8_t { none, required };

/// `library` leaves the bound to OpenSSL's own configuration.
enum class Version : std::uint8_t { library, tls10, tls11, tls12, tls13 };

/// "TLSv1.0" .. "TLSv1.3", as ssl-min-ver writes them.
Result<Version> parse_version(std::string_view text);

struct ClientConfig {
  Verify verify = Verify::none;
  std::string ca_file;       // PEM file or directory; "@system-ca": the library's default store
  std::string crl_file;      // PEM, checked for the whole chain
  std::string crt;           // PEM with certificate, chain and key, presented when the server asks
  std::string verifyhost;    // the name to demand of the certificate; empty: the server name that was sent
  std::string ciphers;       // up to TLS 1.2; empty: the library's
  std::string ciphersuites;  // TLS 1.3
  std::string curves;
  std::string sigalgs;
  Version min_version = Version::library;
  Version max_version = Version::library;
  friend bool operator==(const ClientConfig&, const ClientConfig&) = default;
};

class ClientContext {
 public:
  /// Reads the files. The error names the file or word and the library's reason.
  static Result<std::shared_ptr<const ClientContext>> create(const ClientConfig& config);
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;
  ~ClientContext();

  [[nodiscard]] ssl_ctx_st* native() const { return context_; }
  [[nodiscard]] const ClientConfig& config() const { return config_; }

 private:
  ClientContext(ssl_ctx_st* context, const ClientConfig& config) : context_(context), config_(config) {}
  ssl_ctx_st* context_;
  ClientConfig config_;
};

/// "http/1.1,h2" as the wire has it: each name behind its length. Error when a name is empty or above 255 bytes.
Result<std::string> parse_alpn(std::string_view text);

}  // namespace weir::tls
