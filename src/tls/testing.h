// For tests of any layer: a TLS server of its own on 127.0.0.1, with a certificate made in memory. Header only, so that
// no product code links it.
#pragma once

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/address.h"
#include "base/assert.h"

namespace weir::tls::testing {

/// Listens on a free port of 127.0.0.1; each accepted connection goes to `serve` on the server's thread, one after the
/// other, and stays open until the server is destroyed unless `serve` closed it (and returned true).
class LoopbackServer {
 public:
  explicit LoopbackServer(std::function<bool(int)> serve) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_storage storage{};
    const socklen_t length = SocketAddress::ipv4(INADDR_LOOPBACK, 0).to_sockaddr(storage);
    WEIR_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&storage), length) == 0 && ::listen(listener_, 16) == 0);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&bound), &size);
    address_ = SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&bound), size);
    stop_ = ::eventfd(0, EFD_CLOEXEC);
    thread_ = std::thread([this] { loop(); });
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;
  ~LoopbackServer() {
    const std::uint64_t one = 1;
    WEIR_ASSERT(::write(stop_, &one, sizeof one) == sizeof one);
    thread_.join();
    for (const int fd : open_) ::close(fd);
    ::close(listener_);
    ::close(stop_);
  }
  [[nodiscard]] const SocketAddress& address() const { return address_; }
  [[nodiscard]] int accepted() const { return accepted_; }

 private:
  void loop() {
    for (;;) {
      pollfd waits[2] = {{listener_, POLLIN, 0}, {stop_, POLLIN, 0}};
      ::poll(waits, 2, -1);
      if (waits[1].revents != 0) return;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      accepted_++;
      // A test that failed must not hang here.
      const timeval limit{.tv_sec = 5, .tv_usec = 0};
      ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      if (!serve_(fd)) open_.push_back(fd);
    }
  }
  std::function<bool(int)> serve_;
  int listener_ = -1;
  int stop_ = -1;
  SocketAddress address_;
  std::atomic<int> accepted_{0};
  std::vector<int> open_;
  std::thread thread_;
};

inline void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// A key and a self-signed certificate for `name`, as a server context. `pem` receives the certificate.
inline std::shared_ptr<SSL_CTX> make_server_context(const char* name, std::string* pem = nullptr) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  const std::string alternative = std::string("DNS:") + name;
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative.c_str());
  X509_add_ext(certificate.get(), extension, -1);
  X509_EXTENSION_free(extension);
  WEIR_ASSERT(X509_sign(certificate.get(), key.get(), EVP_sha256()) != 0);
  if (pem != nullptr) {
    const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_X509(out.get(), certificate.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    pem->assign(data, static_cast<std::size_t>(size));
  }
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  WEIR_ASSERT(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1);
  WEIR_ASSERT(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1);
  return context;
}

/// For LoopbackServer: a handshake, then `serve` with the session; closes.
inline std::function<bool(int)> tls_service(std::shared_ptr<SSL_CTX> context,
                                            std::function<void(SSL*)> serve = nullptr) {
  return [context = std::move(context), serve = std::move(serve)](int fd) {
    SSL* ssl = SSL_new(context.get());
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1 && serve) serve(ssl);
    SSL_free(ssl);
    return false;
  };
}

}  // namespace weir::tls::testing
