#include "proxy/keyword/finish_external.h"

#include <fmt/format.h>
#include <unistd.h>

#include "proxy/keyword/build.h"

namespace weir::proxy {

// Manual, external-check: off unless the global section agrees, as running commands is a risk of its own.
void finish_external_check(const Config& config, const ProxyConfig& proxy, const FinishOptions& options,
                           Diagnostics& diagnostics) {
  const ProxySettings& settings = proxy.settings;
  if (settings.check_kind != check::Kind::external) {
    if (settings.external_written && !options.after_errors)
      diagnostics.warning(proxy.at, fmt::format("{} has 'external-check' lines that nothing uses", title(proxy))).hint =
          "add 'option external-check'";
    return;
  }
  const GlobalConfig& global = config.global;
  if (!global.external_check)
    diagnostics.error(proxy.at, fmt::format("{}: external checks are not allowed by the global section", title(proxy)))
        .hint = "the line 'external-check' in the global section allows them";
  if (settings.external.command.empty()) {
    diagnostics.error(proxy.at, fmt::format("{}: 'option external-check' has no command to run", title(proxy)))
        .example = "external-check command /usr/local/bin/check-desk";
    return;
  }
  if (options.after_errors) return;
  if (!global.insecure_fork_wanted)
    diagnostics
        .warning(proxy.at,
                 fmt::format("{} runs commands, and the global section has no 'insecure-fork-wanted'", title(proxy)))
        .hint = "the commands are run; say 'insecure-fork-wanted' to agree";
  if (global.chroot.empty()) return;
  const std::string inside = global.chroot + settings.external.command;
  if (::access(inside.c_str(), X_OK) != 0)
    diagnostics
        .warning(proxy.at,
                 fmt::format("{}: inside the chroot there is no command '{}'", title(proxy), settings.external.command))
        .hint = fmt::format("it would have to be '{}', with all it needs to run", inside);
}

}  // namespace weir::proxy
