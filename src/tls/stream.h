// TlsStream: a TLS connection for coroutines, over an io::Stream it borrows.
//
// OpenSSL sees two memory buffers and never the socket: every step asks it for progress, sends what it produced, feeds
// it what arrived. So all waiting is the Stream's, deadlines and cancellation are too, and no write can raise SIGPIPE.
// For activities such as checks; one operation at a time. The Stream outlives the TlsStream.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "io/stream.h"
#include "tls/client.h"

struct ssl_st;

namespace weir::tls {

/// What went wrong below (`io`) or in the protocol (`protocol` set: `detail` is OpenSSL's reason).
struct TlsError {
  bool protocol = false;
  io::IoError io;
  std::string detail;
};

/// "certificate verify failed: self-signed certificate", "connection refused".
std::string to_string(const TlsError& error);

template <class T>
using TlsResult = Result<T, TlsError>;

/// What this connection says in its hello.
struct ClientOffer {
  std::string sni;
  std::string alpn;             // wire form, from parse_alpn()
  std::string verifyhost = {};  // the name or address to demand of the certificate; empty: the context's, or the SNI
  /// An end without close_notify is an error: for answers that nothing but their end delimits.
  bool polite_end = false;
};

class TlsStream {
 public:
  explicit TlsStream(io::Stream& stream) : stream_(stream) {}
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  ~TlsStream();

  /// As the client, on a connected stream. With verify required the certificate must name `verifyhost`, else the SNI.
  io::Task<TlsResult<void>> handshake(const ClientContext& context, const ClientOffer& offer, TimePoint deadline);
  /// At least one byte, or 0 at the end of input.
  io::Task<TlsResult<std::size_t>> read_some(std::span<char> into, TimePoint deadline);
  io::Task<TlsResult<void>> write_all(std::string_view bytes, TimePoint deadline);
  /// Sends close_notify; does not wait for the peer's.
  io::Task<TlsResult<void>> shutdown(TimePoint deadline);

  [[nodiscard]] std::string_view version() const;  // "TLSv1.3"
  [[nodiscard]] std::string_view alpn() const;     // what the server chose, empty when nothing
  [[nodiscard]] bool established() const { return established_; }

 private:
  io::Task<TlsResult<void>> flush(TimePoint deadline);
  io::Task<TlsResult<void>> feed(TimePoint deadline);
  [[nodiscard]] TlsError protocol_error() const;

  io::Stream& stream_;
  ssl_st* ssl_ = nullptr;
  bool established_ = false;
};

}  // namespace weir::tls
