// Whom a request is for: its target and its Host must agree.
//
// Two places name the server, and a proxy that looks at one while the server looks at the other can be led past its own
// rules. So there is one Host, made of bytes that a host has, and it says what an absolute target or CONNECT's says.
// Spec: RFC 9112 3.2, RFC 9110 7.2.
#pragma once

#include "proto/http/framing.h"
#include "proto/http/head.h"

namespace weir::proto::http1 {

/// The form of the target: origin, absolute, "*", or CONNECT's host and port.
[[nodiscard]] http::Violation check_target(const http::Head& head, bool accept_unsafe);
/// Once the fields are there. Removes repetitions; adds the Host that an absolute target names and no field does.
[[nodiscard]] http::Violation check_host(http::Head& head, bool accept_unsafe);

}  // namespace weir::proto::http1
