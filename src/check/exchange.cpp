// Connects, sends and receives for a check.
#include "check/exchange.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "base/assert.h"
#include "io/worker.h"
#include "proto/proxy_protocol.h"

namespace weir::check {
namespace {

// The log shows the C library's words with their capital: people's alerts match "Connection refused".
std::string words(const io::IoError& error) {
  if (error.os_error != 0)
    if (const char* text = ::strerrordesc_np(error.os_error)) return text;
  return std::string(io::to_string(error.kind));
}

// Nothing was asked of the server yet: the fault is on our side.
bool is_local(const io::IoError& error) {
  return error.kind == io::IoErrorKind::no_descriptors || error.kind == io::IoErrorKind::no_memory ||
         error.kind == io::IoErrorKind::address_in_use;
}

}  // namespace

Route default_route(const CheckConfig& config, const SocketAddress& server) {
  Route route;
  route.address = config.address.family() != AddressFamily::none ? config.address : server;
  if (route.address.is_inet()) {
    if (config.port != 0)
      route.address.set_port(config.port);
    else if (route.address.port() == 0 && server.is_inet())
      route.address.set_port(server.port());
  }
  route.header = config.header.always;
  route.tls = config.tls;
  route.sni = config.sni;
  route.alpn = config.alpn;
  return route;
}

Exchange::Exchange(const CheckConfig& config, io::Worker& worker)
    : config_(config), worker_(worker), begin_(worker.now()), deadline_(begin_ + config.inter) {}

Milliseconds Exchange::elapsed() const { return std::chrono::duration_cast<Milliseconds>(worker_.now() - begin_); }

SocketAddress Exchange::local_address() const {
  return stream_ != nullptr && stream_->open() ? io::local_address(stream_->fd()) : SocketAddress();
}

io::Task<Stage> Exchange::open(const Route& route) {
  close();
  route_ = route;
  received_.clear();
  ended_ = false;
  const CheckTimeouts limits = timeouts(config_);
  const TimePoint connect_by = limits.exchange ? worker_.now() + limits.connect : begin_ + limits.connect;
  stream_ = std::make_unique<io::Stream>(worker_, io::Side::server);
  const auto connected = co_await stream_->connect(route_.address, config_.connect, connect_by);
  if (!connected) {
    const io::IoError& error = connected.error();
    if (error.kind == io::IoErrorKind::timeout)
      co_return Stage{Status::l4tout, error.os_error != 0 ? words(error) : std::string()};
    co_return Stage{is_local(error) ? Status::sockerr : Status::l4con, words(error)};
  }
  Stage stage{Status::l4ok};
  if (route_.header) stage = co_await send_header(connect_by);
  if (route_.tls && passed(stage.status)) stage = co_await secure(connect_by);
  deadline_ = limits.exchange ? worker_.now() + *limits.exchange : begin_ + limits.connect;
  co_return stage;
}

// A check speaks for itself: version 1 tells the connection's own addresses, version 2 says LOCAL.
io::Task<Stage> Exchange::send_header(TimePoint deadline) {
  const HeaderConfig& wanted = config_.header;
  std::array<char, 256> header;
  std::size_t size = 0;
  const SocketAddress local = local_address();
  if (wanted.version == 1) {
    size = proto::pp::write_v1(local, route_.address, header);
  } else {
    proto::pp::WriterV2 writer(header);
    wanted.as_client&& local.is_inet() ? writer.proxy(local, route_.address) : writer.local();
    if (wanted.checksum) writer.checksum();
    if (wanted.tls) writer.tlv(proto::pp::type::ssl, {"\0\0\0\0\0", proto::pp::kSslFixed});
    size = writer.finish();
  }
  const auto sent = co_await stream_->write_all({header.data(), size}, deadline);
  if (sent) co_return Stage{Status::l4ok};
  const bool late = sent.error().kind == io::IoErrorKind::timeout;
  co_return Stage{late ? Status::l4tout : Status::l4con, words(sent.error())};
}

io::Task<Stage> Exchange::secure(TimePoint deadline) {
  WEIR_ASSERT(config_.tls_context != nullptr);
  tls_ = std::make_unique<tls::TlsStream>(*stream_);
  tls::ClientOffer offer{.sni = route_.sni, .alpn = {}};
  if (!route_.alpn.empty()) offer.alpn = tls::parse_alpn(route_.alpn).value_or(std::string());
  const auto secured = co_await tls_->handshake(*config_.tls_context, offer, deadline);
  if (secured) co_return Stage{Status::l6ok};
  const tls::TlsError& error = secured.error();
  if (!error.protocol && error.io.kind == io::IoErrorKind::timeout) co_return Stage{Status::l6tout};
  co_return Stage{Status::l6rsp,
                  fmt::format("SSL handshake failure ({})", error.protocol ? error.detail : words(error.io))};
}

Moved Exchange::broken(const io::IoError& error) {
  if (error.kind == io::IoErrorKind::timeout) return Moved::timed_out;
  failure_ = words(error);
  return Moved::failed;
}

Moved Exchange::broken(const tls::TlsError& error) {
  if (!error.protocol) return broken(error.io);
  failure_ = error.detail;
  return Moved::failed;
}

io::Task<Moved> Exchange::send(std::string_view bytes) {
  if (tls_ != nullptr) {
    const auto sent = co_await tls_->write_all(bytes, deadline_);
    co_return sent ? Moved::ok : broken(sent.error());
  }
  const auto sent = co_await stream_->write_all(bytes, deadline_);
  co_return sent ? Moved::ok : broken(sent.error());
}

io::Task<Moved> Exchange::receive() {
  if (ended_) co_return Moved::ended;
  const std::size_t limit = worker_.buffers().buffer_size();
  const std::size_t before = received_.size();
  if (before >= limit) {
    ended_ = true;
    co_return Moved::ended;
  }
  received_.resize(limit);
  const std::span<char> room = std::span<char>(received_).subspan(before);
  std::size_t size = 0;
  Moved moved = Moved::ok;
  if (tls_ != nullptr) {
    const auto got = co_await tls_->read_some(room, deadline_);
    if (got)
      size = *got;
    else
      moved = broken(got.error());
  } else {
    const auto got = co_await stream_->read_some(room, deadline_);
    if (got)
      size = *got;
    else
      moved = broken(got.error());
  }
  received_.resize(before + size);
  if (moved == Moved::ok && size == 0) {
    ended_ = true;
    moved = Moved::ended;
  }
  co_return moved;
}

io::Task<void> Exchange::finish() {
  if (tls_ != nullptr && tls_->established() && route_.linger) {
    // What the server misses when this fails is a courtesy.
    const auto told = co_await tls_->shutdown(deadline_);
    (void)told;
  }
  close();
}

void Exchange::close() {
  tls_.reset();
  if (stream_ != nullptr && stream_->open() && !route_.linger) io::set_linger_reset(stream_->fd());
  stream_.reset();
}

}  // namespace weir::check
