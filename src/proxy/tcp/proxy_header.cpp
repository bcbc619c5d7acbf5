// What a server is told about the client before the client's first byte: the header of `send-proxy` and its kin.
//
// The header is made when the connection is there and leaves in one write with the bytes the client has already sent.
// Until all of it left, the session is still connecting: a server that fails meanwhile is tried again like one that
// refused. Manual 5.2; the order of the TLVs, and what is said when there is nothing to say (no IP address: UNKNOWN or
// LOCAL; no TLS: an empty `ssl`), were observed on 2.6.
#include "proto/proxy_protocol.h"

#include <cstring>

#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/phases.h"
#include "proxy/tcp/relay.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

namespace pp = proto::pp;

void add_formats(Session& session, pp::WriterV2& writer, const std::vector<SendProxy::Tlv>& tlvs) {
  if (tlvs.empty()) return;
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  // Nothing longer fits into the header anyway.
  const std::span<char> value = session.worker->io->scratch();
  for (const SendProxy::Tlv& tlv : tlvs) {
    const std::size_t size = tlv.format->format(context, value);
    if (size != 0) writer.tlv(tlv.type, {value.data(), size});
    session.worker->arena.reset();
  }
}

std::size_t write_v2(Session& session, std::span<char> out) {
  const SendProxy& wanted = session.target_config->send_proxy;
  const SessionFacts& facts = session.facts;
  pp::WriterV2 writer(out);
  // COMPAT: observed on 2.6: clients on Unix sockets are not described.
  if (facts.client.is_inet() && facts.local.is_inet())
    writer.proxy(facts.client, facts.local);
  else
    writer.local();
  if (wanted.has(SendProxy::crc32c)) writer.checksum();
  if (wanted.has(SendProxy::authority) && session.extras)
    if (const auto name = pp::find_tlv(session.extras->tlvs, pp::type::authority))
      writer.tlv(pp::type::authority, *name);
  if (wanted.has(SendProxy::unique_id))
    writer.tlv(pp::type::unique_id, unique_id_of(session).substr(0, pp::kMaxUniqueId));
  if (wanted.has(SendProxy::ssl)) writer.tlv(pp::type::ssl, {"\0\0\0\0\0", pp::kSslFixed});
  add_formats(session, writer, wanted.tlvs);
  return writer.finish();
}

// 0: it does not fit.
std::size_t write_header(Session& session, std::span<char> out) {
  const SocketAddress& local = local_address(session);
  if (session.target_config->send_proxy.version() == 1) return pp::write_v1(session.facts.client, local, out);
  return write_v2(session, out);
}

// Sends the header, or the rest of one that an earlier event could not send whole.
bool send(Session& session, std::string_view header) {
  Flow nothing;  // HTTP: what the client has sent is no raw stream
  const auto sent = send_with_head(session, session.is_http ? nothing : session.request, session.server, header);
  if (!sent) {
    connect_failed(session, false);
    return false;
  }
  if (*sent == header.size()) {
    if (session.extras) session.extras->server_header.clear();
    return true;
  }
  extras(session).server_header = std::string(header.substr(*sent));
  return false;
}

}  // namespace

bool send_proxy_header(Session& session) {
  if (session.extras && !session.extras->server_header.empty()) {
    const std::string rest = session.extras->server_header;
    return send(session, rest);
  }
  // The first bytes go with the header.
  if (!session.is_http && session.request.readable && !fill(session, session.request, session.client)) {
    close_session(session, EndedBy::client, 'D');
    return false;
  }
  const std::span<char> buffer{session.worker->io->buffers().take(), session.worker->io->buffers().buffer_size()};
  const std::size_t size = write_header(session, buffer);
  bool sent = false;
  if (size == 0)
    close_session(session, EndedBy::internal, 'C');
  else
    sent = send(session, {buffer.data(), size});
  io::Worker::current().buffers().give(buffer.data());
  return sent;
}

std::string_view unique_id_of(const Session& session) {
  // The id is made when somebody first asks, and nobody else sees that it was not there before.
  auto& owner = const_cast<Session&>(session);
  SessionExtras& more = extras(owner);
  if (!more.unique_id) {
    more.unique_id.emplace();
    const auto& format = session.frontend->config->settings.unique_id_program;
    if (format == nullptr) return {};
    ContextParts parts;
    sample::Context context = make_context(owner, parts, true);
    char text[1024];
    const std::size_t size = format->format(context, text);
    more.unique_id->assign(text, size);
  }
  return *more.unique_id;
}

}  // namespace weir::proxy
