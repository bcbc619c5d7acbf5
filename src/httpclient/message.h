// What this process itself asks of an HTTP server, and what it is told.
//
// Plain values, whoever the caller is: updates of lists, scripts, checks. Every one has its bounds: a time for the
// whole, a size for the body and the head, a number of redirects. Manual: httpclient; docs/dynamic-update.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "proto/http/url.h"
#include "tls/client.h"

namespace weir::httpclient {

struct Header {
  std::string name;
  std::string value;
  friend bool operator==(const Header&, const Header&) = default;
};

/// The bounds of an answer.
struct Limits {
  std::size_t body = std::size_t{64} << 20;  // bytes, as they are after decoding
  std::size_t head = 32 * 1024;              // also interim answers and trailers
  std::uint32_t fields = 256;
};

struct Request {
  std::string method = "GET";
  proto::http::Url url;
  /// Beside those that say where it goes and how long it is, which are ours; a Host among them replaces the URL's.
  std::vector<Header> headers;
  std::string body;
  /// Connects there, whatever the URL says, as long as no redirect leads elsewhere.
  std::optional<SocketAddress> destination;
  Milliseconds timeout{10'000};  // of everything: name, connections, redirects, the body
  unsigned redirects = 0;        // how many are followed; never from https to http
  bool decode = true;            // asks for gzip and undoes it
  Limits limits;
  /// For https, which is refused without: what certificates are trusted.
  std::shared_ptr<const tls::ClientContext> tls;
};

struct Response {
  std::uint16_t status = 0;
  std::string reason;
  std::vector<Header> headers;
  std::string body;
  proto::http::Url url;  // that answered, behind redirects

  /// The first one of that name, however it is written; empty: none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

struct Failure {
  enum class Kind : std::uint8_t {
    request,    // what was to be sent is no request, or https without a context
    name,       // the host's name means no address
    connect,    // nobody there, or it went away before it answered
    tls,        // no handshake; a certificate that is not trusted
    timeout,    // it was not over in time
    protocol,   // no HTTP, or HTTP that contradicts itself
    truncated,  // it ended before its end
    too_large,  // head or body
    redirect,   // too many, nowhere, or from https to http
  };
  Kind kind = Kind::request;
  std::string message;  // for a person
  /// Another attempt may do better.
  [[nodiscard]] bool passing() const {
    return kind == Kind::name || kind == Kind::connect || kind == Kind::timeout || kind == Kind::truncated;
  }
};

template <class T>
using HttpResult = Result<T, Failure>;

inline tl::unexpected<Failure> failed(Failure::Kind kind, std::string message) {
  return tl::unexpected<Failure>(Failure{kind, std::move(message)});
}

}  // namespace weir::httpclient
