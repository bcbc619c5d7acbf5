// What the system grants the process or may do with it: core dumps, descriptors, priorities, sleep. Manual: 3.1, 3.2.
#include <fmt/format.h>

#include "proxy/keyword/build.h"
#include "proxy/keyword/global_rows.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using namespace global_rows;
using config::no_meaning;

void set_dumpable(ParseContext& context, const Line& line) {
  static constexpr std::string_view kStates[] = {"on", "off"};
  auto& dumpable = context.target<GlobalConfig>().dumpable;
  if (line.args().empty()) {
    dumpable = !context.negated();
    return;
  }
  const Word& word = line.args()[0];
  if (word.text == "libs") {
    context.error(word, "copies of libraries in core dumps are not available in this version").hint =
        "'set-dumpable on' leaves them to the system";
    return;
  }
  Arguments args(context, line);
  if (const auto state = args.expect_choice("state", kStates)) dumpable = *state == 0 && !context.negated();
}

template <std::optional<int> GlobalConfig::* Member>
void renice(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto value = args.expect_integer("the priority", -20, 19))
    context.target<GlobalConfig>().*Member = static_cast<int>(*value);
}

void max_payload(ParseContext& context, const Line& line) {
  constexpr std::uint64_t kLeast = 1024, kMost = std::uint64_t{64} << 20U;
  Arguments args(context, line);
  const auto bytes = args.expect_size("the size");
  if (!bytes) return;
  if (*bytes < kLeast || *bytes > kMost)
    context.error(line.args()[0],
                  fmt::format("'{}' is not right: from {} to {} bytes", line.args()[0].text, kLeast, kMost));
  else
    context.target<GlobalConfig>().cli_payload = *bytes;
}

using G = GlobalConfig;

constexpr KeywordRow kRows[] = {
    word("busy-polling", flag<&G::busy_polling>, "Threads never sleep: less delay for a CPU that is always busy."),
    no_meaning("close-spread-time", in::global, "sessions of TCP mode run to their own end or to 'hard-stop-after'"),
    word("insecure-setuid-wanted", flag<&G::insecure_setuid>,
         "Lets programs with a setuid bit keep it; without the word the process gives that up."),
    no_meaning("numa-cpu-mapping", in::global, "the system places the workers unless 'cpu-map' does"),
    word("prealloc-fd", flag<&G::prealloc_fd>,
         "Opens the highest descriptor once, so that the kernel's table has its size."),
    {.name = "set-dumpable",
     .sections = in::global,
     .arguments = "[on | off]",
     .max_args = 1,
     .accepts = accepts::no_prefix,
     .parse = set_dumpable,
     .doc = "Whether a crash leaves a core dump.",
     .example = "set-dumpable on"},
    one("tune.cli.max-payload-size", "<bytes>", max_payload,
        "The most a command of the runtime socket may bring along.", "tune.cli.max-payload-size 256k"),
    no_meaning("tune.peers.max-updates-at-once", in::global,
               "changes are told in pieces, behind which others of the worker go first"),
    one("tune.renice.runtime", "<priority>", renice<&G::nice_run>, "The priority of the process once it serves.",
        "tune.renice.runtime -5"),
    one("tune.renice.startup", "<priority>", renice<&G::nice_start>,
        "The priority of the process while it starts; its former one comes back unless 'tune.renice.runtime' says "
        "another.",
        "tune.renice.startup 10"),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> life_keywords{kRows};

}  // namespace weir::proxy
