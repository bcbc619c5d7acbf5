// The pump between OpenSSL's memory buffers and the socket.
#include "tls/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <climits>

#include "base/assert.h"
#include "io/worker.h"
#include "tls/error.h"

namespace weir::tls {
namespace {

int clamp_length(std::size_t size) { return static_cast<int>(std::min<std::size_t>(size, INT_MAX)); }

tl::unexpected<TlsError> from_io(const io::IoError& error) {
  return unexpected(TlsError{.protocol = false, .io = error, .detail = {}});
}

bool expect_name(SSL* ssl, const std::string& name) {
  // A literal address is compared with the certificate's addresses, not its names.
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1) return true;
  ERR_clear_error();
  return SSL_set1_host(ssl, name.c_str()) == 1;
}

bool apply_offer(SSL* ssl, const ClientConfig& config, const ClientOffer& offer) {
  if (!offer.sni.empty() && SSL_set_tlsext_host_name(ssl, offer.sni.c_str()) != 1) return false;
  if (!offer.alpn.empty() && SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(offer.alpn.data()),
                                                 static_cast<unsigned>(offer.alpn.size())) != 0)
    return false;
  if (offer.polite_end) SSL_clear_options(ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
  const std::string& asked = config.verifyhost.empty() ? offer.sni : config.verifyhost;
  const std::string& name = offer.verifyhost.empty() ? asked : offer.verifyhost;
  return config.verify == Verify::none || name.empty() || expect_name(ssl, name);
}

}  // namespace

std::string to_string(const TlsError& error) {
  return error.protocol ? error.detail : std::string(io::to_string(error.io.kind));
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

TlsError TlsStream::protocol_error() const {
  std::string detail = take_library_error();
  const long verdict = SSL_get_verify_result(ssl_);
  if (verdict != X509_V_OK && detail == "certificate verify failed")
    detail += std::string(": ") + X509_verify_cert_error_string(verdict);
  return {.protocol = true, .io = io::IoError::of(io::IoErrorKind::other), .detail = std::move(detail)};
}

io::Task<TlsResult<void>> TlsStream::flush(TimePoint deadline) {
  std::array<char, 4096> block;
  for (;;) {
    const int size = BIO_read(SSL_get_wbio(ssl_), block.data(), static_cast<int>(block.size()));
    if (size <= 0) co_return TlsResult<void>();
    const auto sent =
        co_await stream_.write_all(std::string_view(block.data(), static_cast<std::size_t>(size)), deadline);
    if (!sent) co_return from_io(sent.error());
  }
}

io::Task<TlsResult<void>> TlsStream::feed(TimePoint deadline) {
  // The worker's scratch is enough: nothing runs between the read and the copy into OpenSSL.
  const std::span<char> scratch = stream_.worker().scratch();
  const auto got = co_await stream_.read_some(scratch, deadline);
  if (!got) co_return from_io(got.error());
  if (*got == 0) {
    BIO_set_mem_eof_return(SSL_get_rbio(ssl_), 0);
    co_return TlsResult<void>();
  }
  const int stored = BIO_write(SSL_get_rbio(ssl_), scratch.data(), clamp_length(*got));
  if (stored != clamp_length(*got)) co_return unexpected(protocol_error());
  co_return TlsResult<void>();
}

io::Task<TlsResult<void>> TlsStream::handshake(const ClientContext& context, const ClientOffer& offer,
                                               TimePoint deadline) {
  WEIR_ASSERT(ssl_ == nullptr);
  ERR_clear_error();
  ssl_ = SSL_new(context.native());
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  WEIR_ASSERT(ssl_ != nullptr && in != nullptr && out != nullptr);
  BIO_set_mem_eof_return(in, -1);  // empty means "not yet", until feed() sees the end
  SSL_set_bio(ssl_, in, out);
  SSL_set_connect_state(ssl_);
  if (!apply_offer(ssl_, context.config(), offer)) co_return unexpected(protocol_error());
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_);
    const int want = SSL_get_error(ssl_, done);
    TlsError error;
    if (done != 1 && want != SSL_ERROR_WANT_READ) {
      if (want == SSL_ERROR_SYSCALL || (want == SSL_ERROR_SSL && ERR_peek_error() == 0) ||
          want == SSL_ERROR_ZERO_RETURN)
        error.io = io::IoError::of(io::IoErrorKind::closed);
      else
        error = protocol_error();
    }
    // Also after a failure: the alert tells the server why.
    const auto flushed = co_await flush(deadline);
    if (done == 1) {
      if (!flushed) co_return unexpected(flushed.error());
      established_ = true;
      co_return TlsResult<void>();
    }
    if (want != SSL_ERROR_WANT_READ) co_return unexpected(error);
    if (!flushed) co_return unexpected(flushed.error());
    const auto fed = co_await feed(deadline);
    if (!fed) co_return unexpected(fed.error());
  }
}

io::Task<TlsResult<std::size_t>> TlsStream::read_some(std::span<char> into, TimePoint deadline) {
  WEIR_ASSERT(established_);
  for (;;) {
    ERR_clear_error();
    const int got = SSL_read(ssl_, into.data(), clamp_length(into.size()));
    if (got > 0) co_return static_cast<std::size_t>(got);
    const int want = SSL_get_error(ssl_, got);
    if (want == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
    if (want == SSL_ERROR_SYSCALL) co_return std::size_t{0};
    if (want != SSL_ERROR_WANT_READ) co_return unexpected(protocol_error());
    const auto flushed = co_await flush(deadline);
    if (!flushed) co_return unexpected(flushed.error());
    const auto fed = co_await feed(deadline);
    if (!fed) co_return unexpected(fed.error());
  }
}

io::Task<TlsResult<void>> TlsStream::write_all(std::string_view bytes, TimePoint deadline) {
  WEIR_ASSERT(established_);
  while (!bytes.empty()) {
    ERR_clear_error();
    const int took = SSL_write(ssl_, bytes.data(), clamp_length(std::min<std::size_t>(bytes.size(), 16384)));
    const int want = took > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl_, took);
    if (took > 0)
      bytes.remove_prefix(static_cast<std::size_t>(took));
    else if (want != SSL_ERROR_WANT_READ)
      co_return unexpected(protocol_error());
    const auto flushed = co_await flush(deadline);
    if (!flushed) co_return unexpected(flushed.error());
    if (want == SSL_ERROR_WANT_READ) {
      const auto fed = co_await feed(deadline);
      if (!fed) co_return unexpected(fed.error());
    }
  }
  co_return TlsResult<void>();
}

io::Task<TlsResult<void>> TlsStream::shutdown(TimePoint deadline) {
  if (!established_) co_return TlsResult<void>();
  ERR_clear_error();
  SSL_shutdown(ssl_);
  const auto flushed = co_await flush(deadline);
  co_return flushed;
}

std::string_view TlsStream::version() const { return ssl_ != nullptr ? SSL_get_version(ssl_) : ""; }

std::string_view TlsStream::alpn() const {
  if (ssl_ == nullptr) return {};
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_, &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

}  // namespace weir::tls
