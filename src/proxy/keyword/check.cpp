// How servers of a backend are checked: option tcp-check with its steps, option rdp-check. Manual: 4.2 (tcp-check).
//
// A step in a section of its own replaces all that came from the defaults section. The last `option` line decides the
// kind of check.
#include "check/step.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

template <check::Kind Which>
void set_kind(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  check::Kind& kind = proxy->settings.check_kind;
  if (context.prefix() == Prefix::none)
    kind = Which;
  else if (kind == Which)
    kind = check::Kind::connect;
}

void tcp_check(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  ProxySettings& settings = proxy->settings;
  const sample::Scope scope{.registry = &context.model<Build>().registry,
                            .available = check::kStepFacts,
                            .names = nullptr,
                            .contents = &proxy->lines,
                            .owner = proxy->name};
  auto step = check::parse_tcp_check_step(line.args(), line.end, scope, context.diagnostics());
  if (!step) return;
  if (settings.check_steps_inherited) settings.check_steps.clear();
  settings.check_steps_inherited = false;
  settings.check_steps.push_back(std::move(*step));
  if (const auto order = check::check_step_order(settings.check_steps); !order) {
    context.error(line.at, order.error().message);
    settings.check_steps.pop_back();
  }
}

constexpr KeywordRow kRows[] = {
    {.name = "option rdp-check",
     .sections = in::proxies,
     .accepts = accepts::no_prefix | accepts::default_prefix,
     .parse = set_kind<check::Kind::rdp>,
     .doc = "Checks servers by a real RDP negotiation, so that a host that hangs is found out though its port answers.",
     .example = "option rdp-check"},
    {.name = "option tcp-check",
     .sections = in::proxies,
     .accepts = accepts::no_prefix | accepts::default_prefix,
     .parse = set_kind<check::Kind::tcp_check>,
     .doc = "Checks servers by the steps of the 'tcp-check' lines.",
     .example = "option tcp-check"},
    {.name = "tcp-check",
     .sections = in::proxies,
     .arguments = "connect|send|send-binary|expect|comment|set-var ...",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = tcp_check,
     .doc = "One step of a check: connect, send something, expect something, keep a value.",
     .example = "tcp-check connect port 3389 ssl"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> check_keywords{kRows};

}  // namespace weir::proxy
