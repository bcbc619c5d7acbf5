// `weir explain -f <file> ...`: what a configuration does with one request, without a server and without a client.
#pragma once

#include <string>
#include <vector>

namespace weir::app {

/// The exit status: 0 when the request's way was told.
int explain(const std::vector<std::string>& words);

}  // namespace weir::app
