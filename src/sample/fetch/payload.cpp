// Raw bytes of a connection, read and not yet forwarded.
//
// What is there may grow, so a value that is not complete asks for more until the peer is done or the buffer is full.
// Manual 7.3.5.
#include <limits>

#include "sample/tables.h"

namespace weir::sample {
namespace {

FetchStatus undecided(const Payload& payload) { return payload.closed ? FetchStatus::absent : FetchStatus::need_more; }

FetchStatus length_of(const Payload* payload, Sample& out) {
  if (payload == nullptr) return FetchStatus::absent;
  out = Sample::integer(static_cast<std::int64_t>(payload->bytes.size())).set_may_change(!payload->closed);
  return FetchStatus::ok;
}

/// `length` bytes from `offset`; 0 means all there are.
FetchStatus slice(const Payload* payload, std::uint64_t offset, std::uint64_t length, Sample& out) {
  if (payload == nullptr) return FetchStatus::absent;
  const std::uint64_t have = payload->bytes.size();
  if (offset > have || (length != 0 && length > have - offset)) return undecided(*payload);
  if (length == 0 && offset == have) return undecided(*payload);
  out = Sample::binary(payload->bytes.substr(offset, length == 0 ? have - offset : length));
  out.set_may_change(length == 0 && !payload->closed);
  return FetchStatus::ok;
}

FetchStatus payload_of(const Args& args, const Payload* payload, Sample& out) {
  return slice(payload, static_cast<std::uint64_t>(args[0].integer), static_cast<std::uint64_t>(args[1].integer), out);
}

FetchStatus payload_lv_of(const Args& args, const Payload* payload, Sample& out) {
  if (payload == nullptr) return FetchStatus::absent;
  const auto at = static_cast<std::uint64_t>(args[0].integer);
  const auto width = static_cast<std::uint64_t>(args[1].integer);
  const std::uint64_t have = payload->bytes.size();
  if (at > have || width > have - at) return undecided(*payload);
  std::uint64_t size = 0;
  for (const char c : payload->bytes.substr(at, width)) size = size << 8 | static_cast<unsigned char>(c);
  if (size == 0) return FetchStatus::absent;
  std::int64_t start = static_cast<std::int64_t>(at + width);
  if (args.has(2)) start = args[2].relative ? start + args[2].integer : args[2].integer;
  if (start < 0) return FetchStatus::absent;
  return slice(payload, static_cast<std::uint64_t>(start), size, out);
}

/// Far above any buffer, far below overflow.
constexpr std::int64_t kMaxOffset = std::numeric_limits<std::int32_t>::max();

Result<std::shared_ptr<const void>> check_range(const Args& args) {
  if (args[0].integer < 0 || args[0].integer > kMaxOffset) return fail("the offset must be 0 or more");
  if (args[1].integer < 0 || args[1].integer > kMaxOffset) return fail("the length must be 0 or more");
  return std::shared_ptr<const void>();
}
Result<std::shared_ptr<const void>> check_length_field(const Args& args) {
  if (args[0].integer < 0 || args[0].integer > kMaxOffset) return fail("the length's offset must be 0 or more");
  if (args[1].integer < 1 || args[1].integer > 8) return fail("the length's size must be 1 to 8 bytes");
  if (args.has(2) && (args[2].integer < -kMaxOffset || args[2].integer > kMaxOffset)) {
    return fail("the second offset is out of range");
  }
  return std::shared_ptr<const void>();
}

const Payload* current(const Context& context) { return context.in_response ? context.response : context.request; }

FetchStatus payload(const Args& args, Context& context, Sample& out) { return payload_of(args, current(context), out); }
FetchStatus payload_lv(const Args& args, Context& context, Sample& out) {
  return payload_lv_of(args, current(context), out);
}
FetchStatus req_len(const Args&, Context& context, Sample& out) { return length_of(context.request, out); }
FetchStatus req_payload(const Args& args, Context& context, Sample& out) {
  return payload_of(args, context.request, out);
}
FetchStatus req_payload_lv(const Args& args, Context& context, Sample& out) {
  return payload_lv_of(args, context.request, out);
}
FetchStatus res_len(const Args&, Context& context, Sample& out) { return length_of(context.response, out); }
FetchStatus res_payload(const Args& args, Context& context, Sample& out) {
  return payload_of(args, context.response, out);
}
FetchStatus res_payload_lv(const Args& args, Context& context, Sample& out) {
  return payload_lv_of(args, context.response, out);
}

constexpr ArgSpec kRange = args(2, {ArgKind::integer, ArgKind::integer});
constexpr ArgSpec kLengthField = args(2, {ArgKind::integer, ArgKind::integer, ArgKind::offset});
constexpr std::string_view kSlice =
    "Bytes of the buffer: so many from an offset, all that are there when the length is 0.";
constexpr std::string_view kPrefixed =
    "Bytes whose number stands, big-endian, at an offset; they begin behind it or at a second offset, which is "
    "relative "
    "when signed.";

constexpr Fetch kRows[] = {
    {.name = "payload",
     .deprecated_for = "req.payload",
     .args = kRange,
     .out = Type::binary,
     .fetch = payload,
     .prepare = check_range,
     .doc = kSlice,
     .given = {.request = "hello"},
     .examples = {{{"payload(1,3)", "ell"}}}},
    {.name = "payload_lv",
     .deprecated_for = "req.payload_lv",
     .args = kLengthField,
     .out = Type::binary,
     .fetch = payload_lv,
     .prepare = check_length_field,
     .doc = kPrefixed,
     .given = {.request = "\003abcdef"},
     .examples = {{{"payload_lv(0,1)", "abc"}}}},
    {.name = "req.len",
     .needs = Facts::request_bytes,
     .out = Type::integer,
     .fetch = req_len,
     .doc = "How many bytes of the client are in the buffer; a comparison is undecided as long as more may come.",
     .given = {.request = "hello"},
     .examples = {{{"req.len", "5"}}}},
    {.name = "req.payload",
     .args = kRange,
     .needs = Facts::request_bytes,
     .out = Type::binary,
     .fetch = req_payload,
     .prepare = check_range,
     .doc = kSlice,
     .given = {.request = "hello"},
     .examples = {{{"req.payload(1,3)", "ell"}, {"req.payload(2,0)", "llo"}, {"req.payload(3,9)", "", true}}}},
    {.name = "req.payload_lv",
     .args = kLengthField,
     .needs = Facts::request_bytes,
     .out = Type::binary,
     .fetch = req_payload_lv,
     .prepare = check_length_field,
     .doc = kPrefixed,
     .given = {.request = "\003abcdef"},
     .examples = {{{"req.payload_lv(0,1)", "abc"},
                   {"req.payload_lv(0,1,+2)", "cde"},
                   {"req.payload_lv(0,1,4)", "def"}}}},
    {.name = "req_len",
     .deprecated_for = "req.len",
     .needs = Facts::request_bytes,
     .out = Type::integer,
     .fetch = req_len,
     .doc = "An older name of req.len."},
    {.name = "res.len",
     .needs = Facts::response_bytes,
     .out = Type::integer,
     .fetch = res_len,
     .doc = "How many bytes of the server are in the buffer; undecided as long as more may come.",
     .given = {.response = "hi"},
     .examples = {{{"res.len", "2"}}}},
    {.name = "res.payload",
     .args = kRange,
     .needs = Facts::response_bytes,
     .out = Type::binary,
     .fetch = res_payload,
     .prepare = check_range,
     .doc = kSlice,
     .given = {.response = "hello"},
     .examples = {{{"res.payload(0,2)", "he"}}}},
    {.name = "res.payload_lv",
     .args = kLengthField,
     .needs = Facts::response_bytes,
     .out = Type::binary,
     .fetch = res_payload_lv,
     .prepare = check_length_field,
     .doc = kPrefixed,
     .given = {.response = "\001ab"},
     .examples = {{{"res.payload_lv(0,1)", "a"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> payload_fetches{kRows};
}  // namespace weir::sample
