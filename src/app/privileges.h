// What the process gives up or takes before it serves: descriptors, root directory, user. Manual 3.1.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "proxy/model.h"

namespace weir::app {

/// Raises the descriptor limit as far as allowed and wanted; fills in `global.maxconn` when nobody set it. Returns the
/// limit.
Result<std::uint32_t> settle_descriptors(proxy::GlobalConfig& global);
/// `chroot`, `group`, `user`, in that order. Names are looked up before the root changes.
Result<void> drop_privileges(const proxy::GlobalConfig& global);
Result<void> write_pidfile(const std::string& path);

/// The two ends of a start in the background: the parent waits until the child serves or has failed.
class Background {
 public:
  /// Forks. In the parent this waits for the child's word and exits; in the child it returns.
  Result<void> enter();
  /// The child serves: the parent exits with 0, the terminal is let go.
  void ready(bool keep_output);
  [[nodiscard]] bool entered() const { return report_ >= 0; }

 private:
  int report_ = -1;
  int null_ = -1;
};

}  // namespace weir::app
