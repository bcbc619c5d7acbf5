// Whether a TCP client speaks HTTP. Manual 7.3.5; codec: proto/http_head.h.
#include "proto/http_head.h"

#include "sample/tables.h"

namespace weir::sample {
namespace {

// COMPAT: what is certainly no HTTP has no value, as observed on 2.6; an ACL takes that for no.
FetchStatus req_proto_http(const Args&, Context& context, Sample& out) {
  if (context.http_request != nullptr) {
    out = Sample::boolean(true);
    return FetchStatus::ok;
  }
  if (context.request == nullptr) return FetchStatus::absent;
  switch (proto::look_for_request_head(context.request->bytes)) {
    case proto::HttpHead::need_more: return context.request->closed ? FetchStatus::absent : FetchStatus::need_more;
    case proto::HttpHead::not_http: return FetchStatus::absent;
    case proto::HttpHead::complete: break;
  }
  out = Sample::boolean(true);
  return FetchStatus::ok;
}

constexpr Fetch kRows[] = {
    {.name = "req.proto_http",
     .needs = Facts::request_bytes,
     .out = Type::boolean,
     .fetch = req_proto_http,
     .doc = "True once a complete and valid HTTP request head is in the buffer; undecided while it may become one.",
     .given = {.request = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"},
     .examples = {{{"req.proto_http", "1"}}}},
    {.name = "req_proto_http",
     .deprecated_for = "req.proto_http",
     .needs = Facts::request_bytes,
     .out = Type::boolean,
     .fetch = req_proto_http,
     .doc = "An older name of req.proto_http."},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> http_detection_fetches{kRows};
}  // namespace weir::sample
