// OpenSSL's error queue, read once and emptied: it is per thread and must not leak into the next connection's errors.
#pragma once

#include <string>

namespace weir::tls {

/// The oldest error's reason in OpenSSL's words ("certificate verify failed"); the queue is empty afterwards.
std::string take_library_error();

}  // namespace weir::tls
