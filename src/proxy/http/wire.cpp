#include "proxy/http/wire.h"

#include <charconv>
#include <cstring>
#include <optional>

#include "proto/http/text.h"
#include "proto/http1/codec.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

bool is_own_option(std::string_view option) { return same_name(option, "close") || same_name(option, "keep-alive"); }

// h1-case-adjust, where the option of the other side asks for it.
const proto::http1::NameCases* name_cases(const Session& session, bool to_server) {
  const bool wanted = to_server ? session.backend->config->settings.http.adjust_server_names
                                : session.frontend->config->settings.http.adjust_client_names;
  return wanted ? session.worker->plan->global->name_cases.get() : nullptr;
}

}  // namespace

bool strip_connection_options(Head& head, TextStore& texts) {
  for (Field* field = head.find(FieldId::connection); field != nullptr;
       field = head.find(FieldId::connection, head.index_of(field) + 1)) {
    // "a,b" becomes "a, b": at most a blank for each comma.
    char* const start = texts.take(2 * field->value.size());
    if (start == nullptr) return false;
    char* out = start;
    ListWalk list(field->value);
    for (std::string_view option; list.next(option);) {
      if (is_own_option(option)) continue;
      if (out != start) {
        *out++ = ',';
        *out++ = ' ';
      }
      std::memcpy(out, option.data(), option.size());
      out += option.size();
    }
    const auto size = static_cast<std::size_t>(out - start);
    texts.keep_only(start, size);
    field->value = {start, size};
    field->removed = size == 0;
  }
  return true;
}

void heed_proxy_connection(const Head& head, Framing& framing) {
  bool told = false;
  bool close = false;
  bool keep = false;
  for (const Field* field = head.find(FieldId::proxy_connection); field != nullptr;
       field = head.find(FieldId::proxy_connection, head.index_of(field) + 1)) {
    told = true;
    ListWalk list(field->value);
    for (std::string_view option; list.next(option);) {
      close = close || same_name(option, "close");
      keep = keep || same_name(option, "keep-alive");
    }
  }
  if (told) framing.keep_alive = !close && (keep || head.version == Version::http11);
}

std::string_view connection_field(const HttpExchange& exchange, bool keeps) {
  if (exchange.proxied) return keeps ? "proxy-connection: keep-alive\r\n" : "proxy-connection: close\r\n";
  return keeps ? "connection: keep-alive\r\n" : "connection: close\r\n";
}

bool asks_for_close(const Head& head) {
  for (const Field* field = head.find(FieldId::connection); field != nullptr;
       field = head.find(FieldId::connection, head.index_of(field) + 1)) {
    ListWalk list(field->value);
    for (std::string_view option; list.next(option);)
      if (same_name(option, "close")) return true;
  }
  return false;
}

namespace {

// The first of its name says this, and is the only one. False: there is none.
bool only_says(Head& head, FieldId id, std::string_view value) {
  Field* first = head.find(id);
  if (first == nullptr) return false;
  first->value = value;
  for (Field* more = head.find(id, head.index_of(first) + 1); more != nullptr;
       more = head.find(id, head.index_of(more) + 1))
    more->removed = true;
  return true;
}

std::string_view without_zeroes(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

void say_chunked(Head& head) {
  head.remove_all(FieldId::content_length);
  if (!only_says(head, FieldId::transfer_encoding, "chunked"))
    head.add("transfer-encoding", FieldId::transfer_encoding, "chunked");
}

}  // namespace

void settle_framing_fields(Head& head, BodyState& body, TextStore& texts) {
  if (body.filter && body.filter->encoder) {  // nobody knows how long it will be
    body.chunked_out = true;
    return say_chunked(head);
  }
  switch (body.framing.kind) {
    case BodyKind::length: {
      char digits[20];
      const char* const end = std::to_chars(digits, digits + sizeof digits, body.framing.length).ptr;
      const Field* told = head.find(FieldId::content_length);
      const std::string_view length{digits, end};
      const bool right = told != nullptr && without_zeroes(told->value) == without_zeroes(length);
      const auto kept = right ? std::optional(told->value) : texts.copy(length);
      if (told != nullptr && kept && only_says(head, FieldId::content_length, *kept)) {
        head.remove_all(FieldId::transfer_encoding);
      } else {
        body.chunked_out = true;
        say_chunked(head);
      }
      return;
    }
    case BodyKind::chunked: return say_chunked(head);
    case BodyKind::until_close:
    case BodyKind::tunnel:
      head.remove_all(FieldId::content_length);
      head.remove_all(FieldId::transfer_encoding);
      return;
    case BodyKind::none:
      if (!head.is_request) return;  // of an answer to HEAD: they say what GET would bring
      head.remove_all(FieldId::transfer_encoding);
      if (const Field* told = head.find(FieldId::content_length); told != nullptr && told->value != "0")
        head.remove_all(FieldId::content_length);
      return;
  }
}

std::string_view write_http1_head(Session& session, const Head& head, std::string_view last_line) {
  const std::span<char> out = session.worker->io->scratch();
  const auto* cases = name_cases(session, head.is_request);
  std::size_t size = proto::http1::write_head(head, out, cases);
  if (size == 0) return {};
  if (last_line.empty()) return {out.data(), size};
  size -= 2;  // the empty line comes after it
  if (size + last_line.size() + 2 > out.size()) return {};
  std::memcpy(out.data() + size, last_line.data(), last_line.size());
  if (cases != nullptr)
    if (const std::string* name = cases->find(last_line.substr(0, last_line.find(':'))))
      std::memcpy(out.data() + size, name->data(), name->size());
  size += last_line.size();
  std::memcpy(out.data() + size, "\r\n", 2);
  return {out.data(), size + 2};
}

}  // namespace weir::proxy
