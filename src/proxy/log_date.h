// Dates of log lines: of the accept, or of the request. Manual 8.2.6: %t and %tr and their kin.
#pragma once

#include "base/time.h"
#include "sample/log_format.h"

namespace weir::proxy {

/// Local time: "06/Dec/2026:10:11:12"; good until this thread asks again.
[[nodiscard]] std::string_view date_text(WallTime at);
/// The same with milliseconds: "06/Dec/2026:10:11:12.345".
void write_date_ms(sample::FormatOutput& out, WallTime at);
/// "06/Dec/2026:10:11:12 +0000".
void write_date_utc(sample::FormatOutput& out, WallTime at);
/// The same with the local zone.
void write_date_local(sample::FormatOutput& out, WallTime at);
/// The part below a second, 0 to 999.
[[nodiscard]] std::int64_t milliseconds_of(WallTime at);

}  // namespace weir::proxy
