#include "proxy/http/target.h"

#include <algorithm>

#include "proto/http/uri.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

bool is_clean(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

// RFC 9112 3.2.2: beside a whole URI, Host says what its authority says.
bool follow_authority(Head& head) {
  const Target target = split_target(head.target, head.method == Method::connect);
  if (target.scheme.empty() || target.authority.empty()) return true;
  const std::string_view host = target.authority.substr(target.authority.rfind('@') + 1);
  Field* field = head.find(FieldId::host);
  if (field == nullptr) return head.add("host", FieldId::host, host);
  field->value = host;
  return true;
}

}  // namespace

std::optional<std::string_view> target_part(const HttpExchange& exchange, TargetPart part) {
  const Head& head = exchange.request;
  if (part == TargetPart::uri) return head.target;
  const Target target = split_target(head.target, head.method == Method::connect);
  if (target.path_query.empty()) return std::nullopt;
  switch (part) {
    case TargetPart::path: return path_of(target.path_query);
    case TargetPart::query: return query_of(target.path_query);
    default: return target.path_query;
  }
}

bool set_target_part(HttpExchange& exchange, TargetPart part, std::string_view text) {
  Head& head = exchange.request;
  if (!is_clean(text)) return false;
  std::string_view before;
  std::string_view separator;
  std::string_view after;
  if (part != TargetPart::uri) {
    const Target target = split_target(head.target, head.method == Method::connect);
    if (target.path_query.empty()) return true;  // there is nothing to set
    before = head.target.substr(0, static_cast<std::size_t>(target.path_query.data() - head.target.data()));
    const std::string_view path = path_of(target.path_query);
    if (part == TargetPart::path) after = target.path_query.substr(path.size());
    if (part == TargetPart::query) {
      before = {head.target.data(), before.size() + path.size()};
      if (text.starts_with('?')) text.remove_prefix(1);
      separator = text.empty() ? "" : "?";
    }
  }
  const std::size_t size = before.size() + separator.size() + text.size() + after.size();
  if (size == 0) return false;
  char* at = exchange.texts.take(size);
  if (at == nullptr) return false;
  head.target = {at, size};
  const bool whole = part == TargetPart::uri;
  for (const std::string_view piece : {before, separator, text, after}) at = std::ranges::copy(piece, at).out;
  return !whole || follow_authority(head);
}

}  // namespace weir::proxy
