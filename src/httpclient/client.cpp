#include "httpclient/client.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/outside.h"
#include "httpclient/response_reader.h"
#include "io/stream.h"
#include "io/worker.h"
#include "proto/http/text.h"
#include "resolve/start.h"
#include "tls/stream.h"

namespace weir::httpclient {
namespace {

using Kind = Failure::Kind;
using proto::http::Url;

constexpr std::size_t kBytesATurn = 256 * 1024;  // then others have their turn

/// A connection in clear or over TLS, for one exchange.
class Connection {
 public:
  explicit Connection(io::Worker& worker) : stream_(worker, io::Side::server) {}

  io::Task<HttpResult<void>> open(const SocketAddress& address, TimePoint deadline) {
    const auto connected = co_await stream_.connect(address, {}, deadline);
    if (connected) co_return HttpResult<void>();
    co_return broken(connected.error(), fmt::format("connection to {}", address.to_string()));
  }

  io::Task<HttpResult<void>> secure(const tls::ClientContext& context, const Url& url, TimePoint deadline) {
    tls_ = std::make_unique<tls::TlsStream>(stream_);
    // RFC 6066 3: no dot at the end, no literal address.
    const std::string name = url.host.ends_with('.') ? url.host.substr(0, url.host.size() - 1) : url.host;
    const tls::ClientOffer offer{
        .sni = url.literal ? std::string() : name, .alpn = {}, .verifyhost = name, .polite_end = true};
    const auto secured = co_await tls_->handshake(context, offer, deadline);
    if (secured) co_return HttpResult<void>();
    if (!secured.error().protocol) co_return broken(secured.error().io, "TLS handshake");
    co_return failed(Kind::tls, fmt::format("TLS handshake: {}", secured.error().detail));
  }

  io::Task<HttpResult<void>> write(std::string_view bytes, TimePoint deadline) {
    if (tls_ != nullptr) {
      const auto sent = co_await tls_->write_all(bytes, deadline);
      if (!sent) co_return broken(sent.error(), "sending the request");
      co_return HttpResult<void>();
    }
    const auto sent = co_await stream_.write_all(bytes, deadline);
    if (!sent) co_return broken(sent.error(), "sending the request");
    co_return HttpResult<void>();
  }

  /// 0: the end.
  io::Task<HttpResult<std::size_t>> read(std::span<char> into, TimePoint deadline) {
    if (tls_ != nullptr) {
      const auto got = co_await tls_->read_some(into, deadline);
      if (!got) co_return broken(got.error(), "reading the answer");
      co_return *got;
    }
    const auto got = co_await stream_.read_some(into, deadline);
    if (!got) co_return broken(got.error(), "reading the answer");
    co_return *got;
  }

 private:
  static tl::unexpected<Failure> broken(const io::IoError& error, std::string_view what) {
    if (error.kind == io::IoErrorKind::timeout && error.os_error == 0)
      return failed(Kind::timeout, fmt::format("{}: not in time", what));
    return failed(Kind::connect, fmt::format("{}: {}", what,
                                             error.os_error != 0 ? io::system_message(error.os_error)
                                                                 : std::string(io::to_string(error.kind))));
  }
  static tl::unexpected<Failure> broken(const tls::TlsError& error, std::string_view what) {
    if (!error.protocol) return broken(error.io, what);
    // An end without close_notify is one of these.
    return failed(Kind::truncated, fmt::format("{}: {}", what, error.detail));
  }

  io::Stream stream_;
  std::unique_ptr<tls::TlsStream> tls_;  // dies before the stream it borrows
};

bool is_ours(std::string_view name) {
  constexpr std::string_view kOurs[] = {"connection", "content-length", "transfer-encoding", "te", "upgrade", "expect"};
  return std::ranges::any_of(kOurs, [&](std::string_view one) { return proto::http::same_name(one, name); });
}

bool has(const Request& request, std::string_view name) {
  return std::ranges::any_of(request.headers,
                             [&](const Header& one) { return proto::http::same_name(one.name, name); });
}

/// Of a value: no end of a line, nothing that others might take for one.
bool is_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '\t' || (c >= ' ' && c != 0x7f) || c < 0; });
}

/// What stands before the body. What would be no head of one request is refused: callers pass on what others wrote.
HttpResult<std::string> write_head(const Request& request, const Url& url) {
  if (!proto::http::is_token(request.method))
    return failed(Kind::request, fmt::format("'{}' is no method", request.method));
  std::string head = fmt::format("{} {} HTTP/1.1\r\n", request.method, url.target);
  if (!has(request, "host")) head += fmt::format("Host: {}\r\n", url.authority());
  for (const Header& header : request.headers) {
    if (!proto::http::is_token(header.name) || !is_value(header.value))
      return failed(Kind::request, fmt::format("the header '{}' is none", header.name));
    if (is_ours(header.name))
      return failed(Kind::request, fmt::format("the header '{}' is the client's own", header.name));
    head += fmt::format("{}: {}\r\n", header.name, header.value);
  }
  if (!has(request, "user-agent")) head += "User-Agent: weir\r\n";
  if (!has(request, "accept")) head += "Accept: */*\r\n";
  if (request.decode && !has(request, "accept-encoding")) head += "Accept-Encoding: gzip\r\n";
  const auto method = proto::http::method_of(request.method);
  const bool takes_body =
      method == proto::http::Method::post || method == proto::http::Method::put || method == proto::http::Method::patch;
  if (takes_body || !request.body.empty()) head += fmt::format("Content-Length: {}\r\n", request.body.size());
  return head + "Connection: close\r\n\r\n";
}

io::Task<HttpResult<SocketAddress>> look_up(io::Worker& worker, io::Aside& names, const Url& url, TimePoint deadline) {
  if (url.literal) {
    const auto spec = parse_address(url.host.contains(':') ? "[" + url.host + "]" : url.host);
    SocketAddress address = spec ? spec->address : SocketAddress();
    address.set_port(url.port);
    co_return address;
  }
  const auto found = co_await names.run(
      worker, [host = url.host] { return resolve::resolve_host(host, AddressFamily::none); }, deadline);
  if (!found) co_return failed(Kind::name, fmt::format("the address of '{}' was not found in time", url.host));
  if (!*found) co_return failed(Kind::name, found->error().message);
  SocketAddress address = **found;
  address.set_port(url.port);
  co_return address;
}

io::Task<HttpResult<Response>> read_answer(io::Worker& worker, Connection& connection, const Request& request,
                                           TimePoint deadline) {
  ResponseReader reader(proto::http::method_of(request.method), request.limits, request.decode);
  std::string block(16 * 1024, '\0');
  for (std::size_t since_turn = 0;;) {
    const auto got = co_await connection.read(block, deadline);
    if (!got) co_return unexpected(got.error());
    const auto state = *got == 0 ? reader.end() : reader.feed(std::string_view(block).substr(0, *got));
    if (state == ResponseReader::State::complete) co_return reader.take();
    if (state == ResponseReader::State::failed) co_return unexpected(reader.failure());
    since_turn += *got;
    if (since_turn < kBytesATurn) continue;
    since_turn = 0;
    co_await io::sleep_for(worker, Milliseconds(1));
    if (worker.now() >= deadline) co_return failed(Kind::timeout, "reading the answer: not in time");
  }
}

io::Task<HttpResult<Response>> fetch_once(io::Worker& worker, io::Aside& names, const Request& request,
                                          TimePoint deadline) {
  const Url& url = request.url;
  const auto head = write_head(request, url);
  if (!head) co_return unexpected(head.error());
  if (url.tls && !request.tls) co_return failed(Kind::request, "https without anything to trust");
  SocketAddress address;
  if (request.destination) {
    address = *request.destination;
  } else {
    const auto found = co_await look_up(worker, names, url, deadline);
    if (!found) co_return unexpected(found.error());
    address = *found;
  }
  Connection connection(worker);
  const auto opened = co_await connection.open(address, deadline);
  if (!opened) co_return unexpected(opened.error());
  if (url.tls) {
    const auto secured = co_await connection.secure(*request.tls, url, deadline);
    if (!secured) co_return unexpected(secured.error());
  }
  const std::string bytes = *head + request.body;
  const auto sent = co_await connection.write(bytes, deadline);
  if (!sent) co_return unexpected(sent.error());
  HttpResult<Response> answer = co_await read_answer(worker, connection, request, deadline);
  if (answer) answer->url = url;
  co_return answer;
}

bool redirects(std::uint16_t status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// The request that a redirect asks for. RFC 9110 15.4: secrets stay with the server they were meant for.
HttpResult<Url> follow(const Url& from, const Response& answer, Request& request) {
  const auto to = proto::http::resolve_reference(from, answer.header("location"));
  if (!to) return failed(Kind::redirect, fmt::format("redirected to what is no URL: {}", to.error().message));
  if (from.tls && !to->tls) return failed(Kind::redirect, "redirected from https to http");
  const bool keeps =
      answer.status == 307 || answer.status == 308 || request.method == "GET" || request.method == "HEAD";
  if (!keeps) {
    request.method = "GET";
    request.body.clear();
    std::erase_if(request.headers, [](const Header& one) {
      return one.name.size() > 7 && proto::http::same_name(one.name.substr(0, 8), "content-");
    });
  }
  if (to->host == from.host && to->port == from.port && to->tls == from.tls) return *to;
  request.destination.reset();
  std::erase_if(request.headers, [](const Header& one) {
    constexpr std::string_view kSecret[] = {"authorization", "cookie", "proxy-authorization", "host"};
    return std::ranges::any_of(kSecret, [&](std::string_view name) { return proto::http::same_name(name, one.name); });
  });
  return *to;
}

}  // namespace

io::Task<HttpResult<Response>> fetch(io::Worker& worker, io::Aside& names, const Request& request) {
  const TimePoint deadline = worker.now() + request.timeout;
  HttpResult<Response> answer = co_await fetch_once(worker, names, request, deadline);
  if (request.redirects == 0 || !answer || !redirects(answer->status) || answer->header("location").empty())
    co_return answer;
  Request next = request;
  for (unsigned followed = 0; answer && redirects(answer->status) && !answer->header("location").empty(); ++followed) {
    if (followed == request.redirects)
      co_return failed(Kind::redirect, fmt::format("redirected more than {} times", request.redirects));
    auto url = follow(answer->url, *answer, next);
    if (!url) co_return unexpected(url.error());
    next.url = std::move(*url);
    HttpResult<Response> further = co_await fetch_once(worker, names, next, deadline);
    answer = std::move(further);
  }
  co_return answer;
}

namespace {

// The system's CA certificates in one file, as distributions have it: read at once, for the directory that OpenSSL
// would look into later may be outside of a chroot by then.
std::string system_authorities() {
  constexpr const char* kFiles[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                    "/etc/ssl/cert.pem"};
  for (const char* const file : kFiles) {
    const auto fd = outside().open_for_reading(file);
    if (!fd) continue;
    ::close(*fd);
    return file;
  }
  return "@system-ca";
}

}  // namespace

Result<std::shared_ptr<const tls::ClientContext>> make_tls(bool verify, const std::string& ca_file) {
  tls::ClientConfig config;
  config.verify = verify ? tls::Verify::required : tls::Verify::none;
  if (verify) config.ca_file = ca_file.empty() ? system_authorities() : ca_file;
  return tls::ClientContext::create(config);
}

}  // namespace weir::httpclient
