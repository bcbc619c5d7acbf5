// Tokens of distcc's messages: what is compiled, and how large it is. Manual 7.3.5; codec: proto/distcc.h.
#include "proto/distcc.h"

#include "sample/tables.h"

namespace weir::sample {
namespace {

/// Requests are looked at, and, in response rules, answers.
const Payload* message_of(const Context& context) { return context.in_response ? context.response : context.request; }

FetchStatus find(const Args& args, const Payload* payload, proto::distcc::Token& token) {
  if (payload == nullptr) return FetchStatus::absent;
  const auto occurrence = static_cast<std::uint32_t>(args.integer_or(1, 1));
  token = proto::distcc::find_token(payload->bytes, args[0].text, occurrence);
  switch (token.outcome) {
    case proto::distcc::Outcome::need_more: return payload->closed ? FetchStatus::absent : FetchStatus::need_more;
    case proto::distcc::Outcome::not_there: return FetchStatus::absent;
    case proto::distcc::Outcome::found: break;
  }
  return FetchStatus::ok;
}

FetchStatus distcc_body(const Args& args, Context& context, Sample& out) {
  const Payload* payload = message_of(context);
  proto::distcc::Token token;
  const FetchStatus status = find(args, payload, token);
  if (status != FetchStatus::ok) return status;
  if (!token.body_complete) return payload->closed ? FetchStatus::absent : FetchStatus::need_more;
  out = Sample::binary(token.body);
  return FetchStatus::ok;
}

FetchStatus distcc_param(const Args& args, Context& context, Sample& out) {
  proto::distcc::Token token;
  const FetchStatus status = find(args, message_of(context), token);
  if (status == FetchStatus::ok) out = Sample::integer(token.parameter);
  return status;
}

Result<std::shared_ptr<const void>> check_token(const Args& args) {
  if (args[0].text.size() != 4) return fail("a token of distcc has four letters, such as DOTI");
  if (args.has(1) && (args[1].integer < 1 || args[1].integer > 0xffffffff)) return fail("occurrences count from 1");
  return std::shared_ptr<const void>();
}

constexpr ArgSpec kToken = args(1, {ArgKind::string, ArgKind::integer});
constexpr Given kRequest = {.request = "DIST00000001ARGC00000002ARGV00000002gcARGV00000003-o1DOTI00000004body"};

constexpr Fetch kRows[] = {
    {.name = "distcc_body",
     .args = kToken,
     .needs = Facts::request_bytes,
     .out = Type::binary,
     .fetch = distcc_body,
     .prepare = check_token,
     .doc = "The body of the nth token of that name in a distcc message, from 1; waits for all of it.",
     .given = kRequest,
     .examples = {{{"distcc_body(ARGV,2)", "-o1"}, {"distcc_body(DOTI)", "body"}, {"distcc_body(FILE)", "", true}}}},
    {.name = "distcc_param",
     .args = kToken,
     .needs = Facts::request_bytes,
     .out = Type::integer,
     .fetch = distcc_param,
     .prepare = check_token,
     .doc = "The number of the nth token of that name in a distcc message; for tokens with a body its length, which is "
            "known before the body is there.",
     .given = kRequest,
     .examples = {{{"distcc_param(DIST)", "1"}, {"distcc_param(DOTI)", "4"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> distcc_fetches{kRows};
}  // namespace weir::sample
