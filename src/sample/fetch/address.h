// Addresses as samples, for the families that show them.
#pragma once

#include "sample/rows.h"

namespace weir::sample {

/// Absent for Unix sockets and when there is none.
FetchStatus address_of(const SocketAddress* address, Sample& out);
FetchStatus port_of(const SocketAddress* address, Sample& out);
/// Whether a socket can be bound to it. Three system calls, none of which waits. Unix addresses are local.
FetchStatus is_local(const SocketAddress* address, Sample& out);

}  // namespace weir::sample
