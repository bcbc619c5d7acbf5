// The part of a request that a balancing algorithm hashes. Manual 4.2: balance uri, url_param, hdr.
#include "proto/http/uri.h"
#include "proxy/http/body.h"
#include "proxy/http/phases.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

// The end of the first `depth` directories, within the first `length` bytes, before the query unless the whole counts.
std::string_view beginning(std::string_view uri, const BalanceConfig& balance) {
  std::uint32_t slashes = 0;
  std::size_t end = 0;
  for (; end < uri.size(); end++) {
    if (balance.uri_length != 0 && end >= balance.uri_length) break;
    const char c = uri[end];
    if (c == '/' && balance.uri_depth != 0 && ++slashes > balance.uri_depth) break;
    if (c == '?' && !balance.uri_whole) break;
  }
  return uri.substr(0, end);
}

std::optional<std::string_view> uri_key(const Head& request, const BalanceConfig& balance) {
  std::string_view uri = request.target;
  if (balance.uri_path_only) uri = split_target(uri, request.method == Method::connect).path_query;
  const std::string_view key = beginning(uri, balance);
  return key.empty() ? std::nullopt : std::optional(key);
}

std::optional<std::string_view> parameter(std::string_view parameters, std::string_view name, std::string_view ends) {
  ParameterWalk walk(parameters, ends);
  while (const auto one = walk.next())
    if (one->name == name && !one->value.empty()) return one->value;
  return std::nullopt;
}

std::optional<std::string_view> parameter_key(const Session& session, const BalanceConfig& balance) {
  const HttpExchange& exchange = *session.http;
  const Target target = split_target(exchange.request.target);
  if (const auto query = query_of(target.path_query))
    if (const auto value = parameter(*query, balance.argument, "&;")) return value;
  if (!balance.check_post || exchange.request.method != Method::post) return std::nullopt;
  return parameter(buffered_body(session.request, exchange.request_body), balance.argument, "&");
}

// "www.example.co" is about "example": the part before the last dot, ports aside.
std::string_view main_domain(std::string_view host) {
  host = host_of(host);
  const std::size_t last = host.rfind('.');
  if (last == host.npos) return host;
  const std::size_t before = host.rfind('.', last == 0 ? 0 : last - 1);
  const std::size_t start = before == host.npos ? 0 : before + 1;
  return host.substr(start, last - start);
}

std::optional<std::string_view> header_key(const Head& request, const BalanceConfig& balance) {
  const Field* field = request.find(FieldName(balance.argument));
  if (field == nullptr || field->value.empty()) return std::nullopt;
  return balance.domain_only ? main_domain(field->value) : field->value;
}

}  // namespace

std::optional<std::string_view> balance_key(const Session& session, const BalanceConfig& balance,
                                            balance::KeyKind key) {
  switch (key) {
    case balance::KeyKind::uri: return uri_key(session.http->request, balance);
    case balance::KeyKind::url_param: return parameter_key(session, balance);
    case balance::KeyKind::header: return header_key(session.http->request, balance);
    default: return std::nullopt;
  }
}

}  // namespace weir::proxy
