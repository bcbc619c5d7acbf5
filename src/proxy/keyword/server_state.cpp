// Where a backend's servers have their state from when the process starts. Manual: 4.2, load-server-state-from-file.
#include "proxy/keyword/build.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

void load_server_state(ParseContext& context, const Line& line) {
  static constexpr std::string_view kSources[] = {"none", "global", "local"};
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  if (const auto source = args.expect_choice("source of states", kSources))
    proxy->settings.server_state = static_cast<ServerStateSource>(*source);
}

void server_state_file_name(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  const bool own_name = line.args().empty() || line.args()[0].text == "use-backend-name";
  proxy->server_state_file = own_name ? std::string() : line.args()[0].text;
}

constexpr KeywordRow kRows[] = {
    {.name = "load-server-state-from-file",
     .sections = in::any_backend,
     .arguments = "<global | local | none>",
     .min_args = 1,
     .max_args = 1,
     .parse = load_server_state,
     .doc =
         "From which file servers take the state they had in a former process: the process's, the backend's or none.",
     .example = "load-server-state-from-file global"},
    {.name = "server-state-file-name",
     .sections = in::backends,
     .arguments = "[use-backend-name | <file>]",
     .max_args = 1,
     .parse = server_state_file_name,
     .doc = "The backend's own file of server states; without a name it is called as the backend.",
     .example = "server-state-file-name bk_rdp.state"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> server_state_keywords{kRows};

}  // namespace weir::proxy
