#include "sample/fetch/http.h"

#include <array>
#include <new>
#include <type_traits>

#include "proto/http1/codec.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

namespace http = proto::http;
namespace http1 = proto::http1;

constexpr std::size_t kMaxFields = 101;

/// What a head read from raw bytes lives in, as long as the arena is not rewound.
struct OwnHead {
  std::array<http::Field, kMaxFields> fields;
  http::Head head{fields};
};
static_assert(std::is_trivially_destructible_v<OwnHead>);

OwnHead* take_head(Arena& arena) {
  std::size_t room = sizeof(OwnHead) + alignof(OwnHead);
  void* place = arena.take(room);
  if (place == nullptr || std::align(alignof(OwnHead), sizeof(OwnHead), place, room) == nullptr) return nullptr;
  return new (place) OwnHead;
}

/// Reads a head from raw bytes; they are copied, for folds are written over.
FetchStatus read_message(Arena& arena, const Payload& payload, bool request, HttpMessage& message) {
  const auto copy = arena.copy(payload.bytes);
  OwnHead* own = take_head(arena);
  if (!copy || own == nullptr) return FetchStatus::absent;
  const std::span<char> bytes(const_cast<char*>(copy->data()), copy->size());  // the copy is ours
  std::size_t scanned = 0;
  const auto result = request ? http1::parse_request(bytes, scanned, {}, own->head)
                              : http1::parse_response(bytes, scanned, {}, own->head);
  if (result.kind == http1::HeadResult::Kind::need_more) {
    return payload.closed ? FetchStatus::absent : FetchStatus::need_more;
  }
  if (result.kind == http1::HeadResult::Kind::violation) return FetchStatus::absent;
  message = {.head = &own->head, .body = copy->substr(result.size), .body_complete = payload.closed};
  return FetchStatus::ok;
}

}  // namespace

FetchStatus find_message(Context& context, Side side, HttpMessage& message) {
  const bool request = side == Side::request || (side == Side::either && !context.in_response);
  if (const HttpMessage* ready = request ? context.http_request : context.http_response; ready != nullptr) {
    message = *ready;
    return FetchStatus::ok;
  }
  const Payload* payload = request ? context.request : context.response;
  if (payload == nullptr) return FetchStatus::absent;
  if (context.each != nullptr && context.each->message.head != nullptr) {
    message = context.each->message;
    return FetchStatus::ok;
  }
  const FetchStatus status = read_message(context.arena, *payload, request, message);
  if (context.each != nullptr && status == FetchStatus::ok) {
    context.each->message = message;
    context.each->mark = context.arena.mark();
  }
  return status;
}

Result<std::shared_ptr<const void>> prepare_field_name(const Args& args) {
  if (!args.has(0) || args[0].text.empty()) return std::shared_ptr<const void>();
  return std::make_shared<const PreparedName>(args[0].text);
}

std::int64_t leading_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  constexpr std::int64_t kLimit = std::numeric_limits<std::int64_t>::max() / 10 - 1;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > kLimit) break;
    value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

bool Joined::add(std::string_view text, bool in_small) {
  if (any_ && !put(delimiter_, false)) return false;
  any_ = true;
  return put(text, in_small);
}

bool Joined::put(std::string_view text, bool in_small) {
  char* place = arena_.take(text.size());
  if (place == nullptr) return false;
  if (start_ == nullptr) start_ = place;
  for (std::size_t i = 0; i < text.size(); ++i) place[i] = in_small ? lower(text[i]) : text[i];
  size_ += text.size();
  return true;
}

}  // namespace weir::sample
