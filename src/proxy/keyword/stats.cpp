// The runtime socket. Manual: 3.1 (stats), management 9.3.
#include <fmt/format.h>

#include "proxy/keyword/bind.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

void stats_socket(ParseContext& context, const Line& line) {
  auto bind = read_bind(context, line, true);
  if (!bind) return;
  if (bind->cli_level.empty()) bind->cli_level = "operator";
  context.target<GlobalConfig>().stats_sockets.push_back(std::move(*bind));
}

void stats_timeout(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto time = args.expect_time("the time");
  if (!time) return;
  if (time->count() == 0)
    context.error(line.args()[0], "a timeout of 0 would close every connection at once");
  else
    context.target<GlobalConfig>().stats_timeout = *time;
}

void stats_maxconn(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto number = args.expect_integer("the number of connections", 1, 1'000'000))
    context.target<GlobalConfig>().stats_maxconn = static_cast<std::uint32_t>(*number);
}

constexpr KeywordRow kRows[] = {
    config::dropped("stats bind-process", in::global, "weir is one process", ""),
    {.name = "stats maxconn",
     .sections = in::global,
     .arguments = "<connections>",
     .min_args = 1,
     .max_args = 1,
     .parse = stats_maxconn,
     .doc = "How many connections the runtime socket takes at once.",
     .example = "stats maxconn 10"},
    {.name = "stats socket",
     .sections = in::global,
     .arguments = "<path or address> [options]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = stats_socket,
     .doc = "A socket for commands to the running process.",
     .example = "stats socket /run/weir.sock mode 660 level admin"},
    {.name = "stats timeout",
     .sections = in::global,
     .arguments = "<time>",
     .min_args = 1,
     .max_args = 1,
     .parse = stats_timeout,
     .doc = "How long a connection of the runtime socket may be idle.",
     .example = "stats timeout 30s"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> stats_keywords{kRows};

}  // namespace weir::proxy
