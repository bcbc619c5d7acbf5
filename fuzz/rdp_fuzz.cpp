// layers: proto base
//
// RDP's first packets. Every view must lie within the packet, the packet within the input, and a truncated packet must
// ask for more: never be taken as something else.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/assert.h"
#include "proto/rdp.h"

namespace rdp = weir::proto::rdp;

static bool inside(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

static void check_request(std::string_view bytes) {
  const rdp::RequestParse parse = rdp::parse_connection_request(bytes);
  if (parse.outcome != rdp::Outcome::complete) return;
  const rdp::ConnectionRequest& request = parse.request;
  WEIR_ASSERT(inside(request.packet, bytes) && inside(request.variable_part, request.packet));
  WEIR_ASSERT(inside(request.routing_token, request.packet) && inside(request.correlation_id, request.packet));
  std::size_t position = 0;
  std::size_t count = 0;
  while (const auto cookie = rdp::next_cookie(request.variable_part, position)) {
    WEIR_ASSERT(inside(cookie->name, request.packet) && inside(cookie->value, request.packet));
    (void)rdp::decode_routing_cookie(cookie->value);
    ++count;
  }
  WEIR_ASSERT(count == request.cookie_count(""));
  for (std::size_t cut = 0; cut < request.packet.size(); ++cut) {
    WEIR_ASSERT(rdp::parse_connection_request(bytes.substr(0, cut)).outcome == rdp::Outcome::need_more);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> copy(data, data + size);  // an exact allocation: one byte too far is seen
  const std::string_view bytes(copy.data(), copy.size());
  check_request(bytes);
  const rdp::ConfirmParse confirm = rdp::parse_connection_confirm(bytes);
  if (confirm.outcome == rdp::Outcome::complete) {
    WEIR_ASSERT(inside(confirm.confirm.packet, bytes));
    (void)confirm.confirm.up();
    (void)rdp::failure_name(confirm.confirm.failure);
  }
  if (const auto target = rdp::decode_routing_cookie(bytes)) {
    char text[rdp::kMaxRoutingCookie];
    const std::size_t length = rdp::encode_routing_cookie(*target, text);
    WEIR_ASSERT(length != 0 && rdp::decode_routing_cookie({text, length}) == target);
  }
  return 0;
}
