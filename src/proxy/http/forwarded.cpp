// Forwarded: proto, host, by and for, each as the option knows it or as an expression says. Manual: option forwarded,
// option http-restrict-req-hdr-names; RFC 7239 4, 6.
//
// A node is an address, "unknown", or an identifier that hides one, which begins with an underscore: it is put before
// what an expression gives when that is neither. What is no node is "unknown", what is no port is left out.
#include "proxy/http/forwarded.h"

#include <fmt/format.h>

#include <algorithm>

#include "proto/http/forwarded.h"
#include "proto/http/text.h"
#include "proxy/http/exchange.h"
#include "proxy/worker_context.h"
#include "sample/expression.h"
#include "sample/text.h"

namespace weir::proxy {
namespace {

using namespace proto::http;
using Pair = ForwardedSettings::Pair;

std::optional<std::string> value_of(const Pair& pair, sample::Context& context) {
  sample::Sample sample;
  if (pair.expression->evaluate(context, sample) != sample::FetchStatus::ok) return std::nullopt;
  const auto text = to_text(sample, context.arena);
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

std::string node_of(const Pair& pair, const SocketAddress& address, sample::Context& context) {
  std::string text = address.is_inet() ? address.host() : "unknown";
  if (pair.expression != nullptr) text = value_of(pair, context).value_or("unknown");
  if (text.contains(':') && !text.starts_with('[')) text = fmt::format("[{}]", text);
  if (const auto node = parse_node(text); node && node->port.empty()) return text;
  return is_hidden_name(text) ? "_" + text : "unknown";
}

bool is_port(std::string_view text) {
  if (text.starts_with('_')) return is_hidden_name(text.substr(1));
  return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, is_digit);
}

// ":<port>", or nothing.
std::string port_of(const Pair& pair, const SocketAddress& address, sample::Context& context) {
  if (!pair.told) return {};
  std::string text = address.is_inet() ? fmt::format("{}", address.port()) : std::string();
  if (pair.expression != nullptr) text = value_of(pair, context).value_or("");
  return is_port(text) ? ":" + text : std::string();
}

void add_pair(std::string& field, std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(field), "{}{}={}", field.empty() ? "" : ";", name, value);
}

void add_node(std::string& field, std::string_view name, const std::string& node) {
  add_pair(field, name, std::ranges::all_of(node, is_token_byte) ? node : quoted(node));
}

bool is_visible(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return c >= ' ' && c != 0x7f; });
}

}  // namespace

void tell_forwarded(Session& session) {
  const ForwardedSettings* told = session.backend->config->settings.http.forwarded.get();
  if (told == nullptr) return;
  HttpExchange& exchange = *session.http;
  const SessionFacts& facts = session.facts;
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  std::string field;
  if (told->proto) add_pair(field, "proto", "http");  // no client speaks TLS
  if (told->host.told) {
    const std::string host = told->host.expression != nullptr
                                 ? value_of(told->host, context).value_or("")
                                 : std::string(exchange.request.value(FieldId::host).value_or(std::string_view()));
    if (is_visible(host)) add_pair(field, "host", quoted(host));
  }
  if (told->by.told)
    add_node(field, "by", node_of(told->by, facts.local, context) + port_of(told->by_port, facts.local, context));
  if (told->for_.told)
    add_node(field, "for", node_of(told->for_, facts.client, context) + port_of(told->for_port, facts.client, context));
  session.worker->arena.reset();
  if (field.empty()) return;
  if (const auto text = exchange.texts.copy(field)) exchange.request.add("forwarded", FieldId::forwarded, *text);
}

bool restrict_names(Session& session, const ProxyConfig& proxy) {
  const HttpSettings& settings = proxy.settings.http;
  if (!settings.restrict_names_delete && !settings.restrict_names_reject) return true;
  const auto plain = [](char c) { return is_letter(c) || is_digit(c) || c == '-'; };
  for (Field& field : session.http->request.fields()) {
    if (field.removed || std::ranges::all_of(field.name, plain)) continue;
    if (settings.restrict_names_reject) return false;
    field.removed = true;
  }
  return true;
}

}  // namespace weir::proxy
