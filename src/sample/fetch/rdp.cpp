// RDP's connection request: its cookies, for persistence and routing. Manual 7.3.5; codec: proto/rdp.h.
#include "proto/rdp.h"

#include "sample/tables.h"

namespace weir::sample {
namespace {

/// The request of these bytes, parsed by the first rule that asks. absent: no connection request and never one.
FetchStatus read_request(Context& context, const proto::rdp::ConnectionRequest*& request) {
  if (context.request == nullptr) return FetchStatus::absent;
  ParsedRequest& parsed = context.parsed;
  parsed.look_at(context.request->bytes);
  if (!parsed.rdp) parsed.rdp = proto::rdp::parse_connection_request(context.request->bytes);
  if (parsed.rdp->outcome == proto::rdp::Outcome::need_more) {
    return context.request->closed ? FetchStatus::absent : FetchStatus::need_more;
  }
  if (parsed.rdp->outcome == proto::rdp::Outcome::not_rdp) return FetchStatus::absent;
  request = &parsed.rdp->request;
  return FetchStatus::ok;
}

std::string_view wanted_name(const Args& args) {
  return args.has(0) ? std::string_view(args[0].text) : std::string_view();
}

FetchStatus req_rdp_cookie(const Args& args, Context& context, Sample& out) {
  const proto::rdp::ConnectionRequest* request = nullptr;
  const FetchStatus status = read_request(context, request);
  if (status != FetchStatus::ok) return status;
  const auto value = request->cookie(wanted_name(args));
  if (!value) return FetchStatus::absent;
  out = Sample::string(*value);
  return FetchStatus::ok;
}

FetchStatus req_rdp_cookie_cnt(const Args& args, Context& context, Sample& out) {
  const proto::rdp::ConnectionRequest* request = nullptr;
  const FetchStatus status = read_request(context, request);
  if (status == FetchStatus::need_more || context.request == nullptr) return status;
  const std::size_t count = status == FetchStatus::ok ? request->cookie_count(wanted_name(args)) : 0;
  out = Sample::integer(static_cast<std::int64_t>(count));
  return FetchStatus::ok;
}

using namespace std::string_view_literals;
// TPKT 3, 38 bytes; X.224 connection request; the cookie line.
constexpr Given kGiven = {.request =
                              "\x03\x00\x00\x26\x21\xe0\x00\x00\x00\x00\x00"
                              "Cookie: mstshash=EU\\Alice\r\n"sv};
constexpr ArgSpec kName = args(0, {ArgKind::string});

constexpr Fetch kRows[] = {
    {.name = "rdp_cookie",
     .deprecated_for = "req.rdp_cookie",
     .args = kName,
     .needs = Facts::request_bytes,
     .out = Type::string,
     .fetch = req_rdp_cookie,
     .doc = "An older name of req.rdp_cookie."},
    {.name = "rdp_cookie_cnt",
     .deprecated_for = "req.rdp_cookie_cnt",
     .args = kName,
     .needs = Facts::request_bytes,
     .out = Type::integer,
     .fetch = req_rdp_cookie_cnt,
     .doc = "An older name of req.rdp_cookie_cnt."},
    {.name = "req.rdp_cookie",
     .args = kName,
     .needs = Facts::request_bytes,
     .out = Type::string,
     .fetch = req_rdp_cookie,
     .doc =
         "The value of the RDP cookie of that name (case does not matter), or of the first one; clients cut mstshash "
         "at nine characters.",
     .given = kGiven,
     .examples = {{{"req.rdp_cookie(mstshash)", "EU\\Alice"},
                   {"req.rdp_cookie", "EU\\Alice"},
                   {"req.rdp_cookie(msts)", "", true}}}},
    {.name = "req.rdp_cookie_cnt",
     .args = kName,
     .needs = Facts::request_bytes,
     .out = Type::integer,
     .fetch = req_rdp_cookie_cnt,
     .doc = "How many RDP cookies of that name, or of any name, the connection request carries; 0 when it is not RDP.",
     .given = kGiven,
     .examples = {{{"req.rdp_cookie_cnt", "1"}, {"req.rdp_cookie_cnt(msts)", "0"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> rdp_fetches{kRows};
}  // namespace weir::sample
