// Slots for captures. Manual 4.2: declare capture.
#include <fmt/format.h>

#include "proxy/keyword/build.h"
#include "proxy/keyword/tables.h"
#include "proxy/tcp/extras.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

void declare_capture(ParseContext& context, const Line& line) {
  constexpr std::string_view kDirections[] = {"request", "response"};
  constexpr std::int64_t kLongest = 65'535;
  Arguments args(context, line);
  const auto direction = args.expect_choice("a direction", kDirections);
  if (!direction) return;
  if (!args.take("len")) {
    args.error("'len' is expected");
    return;
  }
  const auto length = args.expect_integer("the longest text to keep", 1, kLongest);
  if (!length || !args.expect_end()) return;
  auto& proxy = context.target<ProxyConfig>();
  auto& slots = *direction == 0 ? proxy.request_captures : proxy.response_captures;
  if (slots.size() < kMostCaptures)
    slots.push_back({.length = static_cast<std::uint32_t>(*length)});
  else
    context.error(line.at, fmt::format("more than {} captures", kMostCaptures));
}

constexpr KeywordRow kRows[] = {
    {.name = "declare capture",
     .sections = in::frontends,
     .arguments = "request|response len <length>",
     .min_args = 3,
     .max_args = 3,
     .parse = declare_capture,
     .doc = "Reserves the next slot for a captured text, for rules of this frontend and of the backends behind it.",
     .example = "declare capture request len 32"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> capture_keywords{kRows};

}  // namespace weir::proxy
