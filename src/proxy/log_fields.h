// What more than one place writes about a session into the log.
#pragma once

#include "sample/context.h"
#include "sample/log_format.h"

namespace weir::proxy {

/// "client:port [date] frontend/listener: ", before why a connection failed. Manual 8.2.5.
void write_error_head(const sample::Context& context, sample::FormatOutput& out);

}  // namespace weir::proxy
