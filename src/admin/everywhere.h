// co_await everywhere(call, function): `function(worker)` on every worker's thread, one after the other.
#pragma once

#include "admin/command.h"
#include "admin/on_worker.h"
#include "proxy/process_state.h"

namespace weir::admin {

/// As on_worker(): `function` must own what it needs, for the asking session may end meanwhile.
template <class F>
io::Task<void> everywhere(Call& call, F function) {
  for (const auto& context : call.worker.process->contexts) {
    proxy::WorkerContext* worker = context.get();
    (void)co_await on_worker(*worker->io, [worker, function] {
      function(*worker);
      return true;
    });
  }
}

}  // namespace weir::admin
