// Which requests and answers are compressed: what the configuration wants, what the client takes, what the message is,
// and what compression may cost, in this order.
//
// The client's word is read when its request leaves, for rules may have changed it and the head may be gone by the time
// an answer comes. The answer is judged before its rules (they can ask res.comp) and its head is rewritten behind them.
// The backend's words count, the frontend's where the backend has none: the codings, the types and the sizes each for
// themselves. COMPAT: observed on 2.6, as are Vary, which always comes, and the places of the fields in the head.
// Manual: 4.2 (compression), 9.2; RFC 9110 8.4, 8.8.1, 12.5.5.
#include "proxy/http/compression.h"

#include <algorithm>

#include "proto/http/accept_encoding.h"
#include "proto/http/text.h"
#include "proxy/process_state.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;
using proto::coding::Coding;

using Settings = CompressionSettings;
constexpr std::size_t kOwnFields = 3;  // transfer-encoding, vary, content-encoding
enum class Way : std::uint8_t { request, response };

const Settings* settings_of(const ProxyConfig& proxy) { return proxy.settings.http.compression.get(); }

bool wanted_by(const ProxyConfig& proxy, Way way) {
  const Settings* settings = settings_of(proxy);
  if (settings == nullptr) return false;
  const bool direction = way == Way::request ? settings->requests : settings->responses;
  const CompressionFilter& filter = proxy.compression_filter;
  if (!filter.written() || filter.old) return direction;
  return (way == Way::request ? filter.requests : filter.responses).has_value();
}

/// The backend's value, or the frontend's.
template <class Get>
auto first_of(const Session& session, Get get) -> decltype(get(*session.frontend->config)) {
  if (auto own = get(*session.backend->config)) return own;
  return get(*session.frontend->config);
}

const std::vector<Coding>* response_codings(const Session& session) {
  return first_of(session, [](const ProxyConfig& proxy) -> const std::vector<Coding>* {
    if (!wanted_by(proxy, Way::response) || settings_of(proxy)->response_codings.empty()) return nullptr;
    return &settings_of(proxy)->response_codings;
  });
}

std::optional<Coding> request_coding(const Session& session) {
  return first_of(session, [](const ProxyConfig& proxy) -> std::optional<Coding> {
    return wanted_by(proxy, Way::request) ? settings_of(proxy)->request_coding : std::nullopt;
  });
}

template <std::vector<std::string> Settings::* Member>
const std::vector<std::string>* types(const Session& session) {
  return first_of(session, [](const ProxyConfig& proxy) -> const std::vector<std::string>* {
    const Settings* settings = settings_of(proxy);
    return settings != nullptr && !(settings->*Member).empty() ? &(settings->*Member) : nullptr;
  });
}

template <std::optional<std::uint64_t> Settings::* Member>
std::uint64_t least_size(const Session& session) {
  const auto least = first_of(session, [](const ProxyConfig& proxy) {
    const Settings* settings = settings_of(proxy);
    return settings != nullptr ? settings->*Member : std::nullopt;
  });
  return least.value_or(0);
}

bool offloads(const ProxyConfig& proxy) { return settings_of(proxy) != nullptr && settings_of(proxy)->offload; }

bool begins_with(std::string_view text, std::string_view small) {
  return text.size() >= small.size() && is_in_small(text.substr(0, small.size()), small);
}

bool right_type(const Head& head, const std::vector<std::string>* types) {
  const auto told = head.value(FieldId::content_type);
  if (told && begins_with(*told, "multipart")) return false;
  if (types == nullptr) return true;
  return told && std::ranges::any_of(*types, [&](const std::string& type) { return begins_with(*told, type); });
}

// What both kinds of message are asked.
bool may_be_coded(const Head& head, const Framing& framing, std::uint64_t least,
                  const std::vector<std::string>* types) {
  if (head.version == Version::http10) return false;
  if (framing.kind != BodyKind::length && framing.kind != BodyKind::chunked) return false;
  if (framing.kind == BodyKind::length && (framing.length == 0 || framing.length < least)) return false;
  if (head.find(FieldId::content_encoding) != nullptr) return false;
  return right_type(head, types) && !lists(head, FieldId::cache_control, "no-transform");
}

// Of those that call themselves Mozilla/4, only MSIE from 7 on, and 6 with Windows XP SP2, read what they ask for.
bool misreads_codings(const Head& request) {
  const auto agent = request.value(FieldId::user_agent);
  if (!agent || !agent->starts_with("Mozilla/4")) return false;
  constexpr std::string_view kName = "MSIE ";
  const std::size_t at = agent->find(kName);
  if (at == std::string_view::npos) return true;
  std::string_view rest = agent->substr(at + kName.size());
  unsigned version = 0;
  for (; !rest.empty() && is_digit(rest.front()) && version < 100; rest.remove_prefix(1))
    version = version * 10 + static_cast<unsigned>(rest.front() - '0');
  if (version == 6)
    return agent->find("Windows NT 5.1") == std::string_view::npos || agent->find("SV1") == std::string_view::npos;
  return version < 7;
}

bool too_busy(Session& session) {
  WorkerContext& worker = *session.worker;
  return worker.encoders.at_limit(worker.plan->global->compression, worker.io->now(), worker.now_ms());
}

// False: it passes as it is, for there is no memory or no time for it.
bool give_encoder(Session& session, BodyState& body, Coding coding) {
  if (coding != Coding::identity && too_busy(session)) return false;
  LentEncoder encoder = session.worker->encoders.take(coding, session.worker->plan->global->compression);
  if (!encoder) return false;
  if (!body.filter) body.filter = std::make_unique<BodyFilter>();
  body.filter->encoder = std::move(encoder);
  return true;
}

void note_wanted_coding(Session& session) {
  HttpExchange& exchange = *session.http;
  const std::vector<Coding>* codings = response_codings(session);
  if (codings == nullptr || exchange.request.version == Version::http10) return;
  if (!misreads_codings(exchange.request)) exchange.wanted_coding = choose_coding(exchange.request, *codings);
  if (exchange.wanted_coding) {
    const bool hidden = offloads(*session.frontend->config) || offloads(*session.backend->config);
    if (hidden) exchange.request.remove_all(FieldId::accept_encoding);
    return;
  }
  // COMPAT: observed on 2.6: a client that takes nothing of ours is left to the server; identity does not ask it.
  if (std::ranges::find(*codings, Coding::identity) != codings->end()) exchange.wanted_coding = Coding::identity;
}

void compress_request_body(Session& session) {
  HttpExchange& exchange = *session.http;
  const auto coding = request_coding(session);
  if (!coding || session.target_config->fcgi) return;  // an application is told the length first
  if (!may_be_coded(exchange.request, exchange.request_body.framing, least_size<&Settings::request_least>(session),
                    types<&Settings::request_types>(session)))
    return;
  if (exchange.request.unused().size() < kOwnFields || !give_encoder(session, exchange.request_body, *coding)) return;
  if (const std::string_view token = proto::coding::token_of(*coding); !token.empty())
    exchange.request.add("content-encoding", FieldId::content_encoding, token);
}

template <class Add>
void count(Session& session, Add add) {
  const std::uint16_t worker = session.worker->id();
  add(session.frontend->state->counters[worker].compression);
  add(session.backend->state->counters[worker].compression);
}

}  // namespace

bool compress_request(Session& session) {
  HttpExchange& exchange = *session.http;
  BodyFilter* filter = exchange.request_body.filter.get();
  if (exchange.compression_asked) {
    if (filter == nullptr || !filter->encoder) return true;
    return filter->encoder->restart();
  }
  exchange.compression_asked = true;
  note_wanted_coding(session);
  compress_request_body(session);
  return true;
}

void compress_response(Session& session) {
  HttpExchange& exchange = *session.http;
  const Head& head = exchange.response;
  if (!exchange.wanted_coding || head.status < 200 || head.status > 203) return;
  if (!may_be_coded(head, exchange.response_body.framing, least_size<&Settings::response_least>(session),
                    types<&Settings::response_types>(session)))
    return;
  const FieldName etag("etag");
  const Field* tag = head.find(etag);
  if (tag != nullptr &&
      (entity_tag_kind(tag->value) == TagKind::invalid || head.find(etag, head.index_of(tag) + 1) != nullptr))
    return;
  if (!give_encoder(session, exchange.response_body, *exchange.wanted_coding)) return;
  exchange.coding = exchange.wanted_coding;
}

void reconsider_coding(Session& session) {
  HttpExchange& exchange = *session.http;
  const Head& head = exchange.response;
  if (head.find(FieldId::content_encoding) == nullptr && exchange.response.unused().size() >= kOwnFields) return;
  exchange.response_body.filter->encoder.give_back();
  exchange.coding.reset();
}

void tell_coding(Session& session) {
  HttpExchange& exchange = *session.http;
  Head& head = exchange.response;
  const std::string_view token = proto::coding::token_of(*exchange.coding);
  head.add("vary", FieldId::vary, "Accept-Encoding");
  if (!token.empty()) head.add("content-encoding", FieldId::content_encoding, token);
  // RFC 9110 8.8.1: other bytes than the server's have no strong validator of the server's.
  Field* tag = head.find(FieldName("etag"));
  if (tag != nullptr && entity_tag_kind(tag->value) == TagKind::strong) {
    char* const weak = exchange.texts.take(tag->value.size() + 2);
    if (weak != nullptr) {
      weak[0] = 'W';
      weak[1] = '/';
      std::ranges::copy(tag->value, weak + 2);
      tag->value = {weak, tag->value.size() + 2};
    } else {
      tag->removed = true;
    }
  }
  count(session, [](CompressionCounters& counters) { counters.responses.add(); });
}

void adapt_level(Session& session, proto::coding::Encoder& encoder) {
  const CompressionLimits& limits = session.worker->plan->global->compression;
  const bool unlimited =
      limits.cpu >= 100 && session.worker->encoders.state().most_in_per_second.load(std::memory_order_relaxed) == 0;
  if (unlimited) return;
  const int most = static_cast<int>(limits.level);
  encoder.set_level(too_busy(session) ? encoder.level() - 1 : std::min(encoder.level() + 1, most));
}

void count_encoded(Session& session, const Flow& flow, Coding coding, std::size_t in, std::size_t out) {
  const bool answer = &flow == &session.response;
  if (coding == Coding::identity) {
    if (answer) count(session, [in](CompressionCounters& counters) { counters.bypassed.add(in); });
    return;
  }
  count(session, [&](CompressionCounters& counters) {
    (answer ? counters.in : counters.request_in).add(in);
    (answer ? counters.out : counters.request_out).add(out);
  });
  CompressionState& state = session.worker->encoders.state();
  const std::uint64_t now = session.worker->now_ms();
  if (in != 0) state.bytes_in.add(now, static_cast<std::uint32_t>(in));
  if (out != 0) state.bytes_out.add(now, static_cast<std::uint32_t>(out));
}

}  // namespace weir::proxy
