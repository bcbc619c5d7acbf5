// Entries of stick tables whose time is over are freed, whether or not anybody asks for them again.
//
// One activity on one worker looks at the tables of the current plan twice a second. A table's oldest entries end
// first, so a look costs a glance at each shard; when many are due they go a few at a time, so that the worker's
// sessions wait for none of it. A table without entries costs one load.
#pragma once

#include "io/task.h"

namespace weir::proxy {

struct WorkerContext;

/// Runs until it is cancelled. Spawned once, on the worker that sweeps.
io::Task<void> sweep_tables(WorkerContext& worker);

}  // namespace weir::proxy
