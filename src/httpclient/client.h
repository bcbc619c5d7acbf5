// The HTTP client of the process itself: one request, its redirects, one answer.
//
// A connection per request and none is kept: who asks once a minute gains nothing from one. Names are looked up aside,
// so no worker waits for the C library. Certificates are verified against the context's store, the URL's host being
// the name that they must bear. HTTP/1.1; errors are values. The coroutine may be destroyed at any time.
//
//   const auto answer = co_await httpclient::fetch(worker, names, request);
#pragma once

#include "httpclient/message.h"
#include "io/aside.h"
#include "io/task.h"

namespace weir::httpclient {

/// `names` looks names up. The request outlives the task, as all reference parameters do.
io::Task<HttpResult<Response>> fetch(io::Worker& worker, io::Aside& names, const Request& request);

/// What is trusted: the CA certificates of a PEM file (empty: the system's), or, unless `verify`, anybody.
Result<std::shared_ptr<const tls::ClientContext>> make_tls(bool verify, const std::string& ca_file);

}  // namespace weir::httpclient
