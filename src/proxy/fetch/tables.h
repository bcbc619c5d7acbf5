// The fetches of this layer, one family a file: what the process, a session, its connections and its farm know.
//
// Examples look at one session: client 192.0.2.7:40123, listener "rdp" (id 1) of frontend "ft_rdp" (id 2), backend
// "bk_rdp" (id 3) with servers "ts1" (id 4, weight 10, maxconn 20, 192.0.2.20:3389) and "ts2" (id 5, weight 30,
// disabled). It is on ts1, after one retry, and moved 100 bytes to the server and 3000 back; its
// frontend has the unique-id-format "%ci:%cp-%[txn.id32]". See fetch_test.cpp.
#pragma once

#include <span>

#include "sample/rows.h"

namespace weir::proxy {

extern const std::span<const sample::Fetch> capture_fetches;         // capture.cpp
extern const std::span<const sample::Converter> capture_converters;  // capture.cpp
extern const std::span<const sample::Converter> debug_converters;    // debug.cpp
extern const std::span<const sample::Fetch> error_fetches;
extern const std::span<const sample::Fetch> fcgi_fetches;       // fcgi.cpp
extern const std::span<const sample::Fetch> http_auth_fetches;  // http_auth.cpp
extern const std::span<const sample::Fetch> http_fetches;       // http.cpp
extern const std::span<const sample::Fetch> kernel_fetches;
extern const std::span<const sample::Fetch> load_fetches;
extern const std::span<const sample::Converter> load_converters;
extern const std::span<const sample::Fetch> process_fetches;
extern const std::span<const sample::Fetch> session_fetches;
extern const std::span<const sample::Fetch> timeout_fetches;
extern const std::span<const sample::Fetch> timer_fetches;

}  // namespace weir::proxy
