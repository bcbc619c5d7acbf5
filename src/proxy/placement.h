// cpu-map at work: which CPUs each worker's thread may run on. Manual: 3.1, cpu-map.
#pragma once

#include <vector>

#include "base/result.h"
#include "proxy/model.h"
#include "proxy/process_state.h"

namespace weir::proxy {

/// The error names a thread that could run nowhere. For the control thread, which is never moved itself.
Result<void> check_places(const GlobalConfig& global);
/// Each worker moves at its next turn; one without a list goes back to where the process may run. No list at all and
/// none before: nothing is done.
void place_workers(ProcessState& process, const std::vector<std::vector<unsigned>>& cpus);

}  // namespace weir::proxy
