// The statistics page: a service of HTTP mode that shows what `show stat` shows, to people and to programs.
//
// A GET gives the page, or with a word in the address the rows as CSV, typed lines or JSON; a POST changes servers and
// sends the browser back to the page (303), so that loading it again changes nothing. Rows are made as the client takes
// them, from the plan that ran when the request began. Manual: stats enable and its neighbours.
#pragma once

#include <memory>
#include <string>

#include "proxy/http/service.h"

namespace weir::admin {

/// `version` is what `stats show-version` shows.
[[nodiscard]] std::unique_ptr<proxy::Service> make_statistics_page(std::string version);

}  // namespace weir::admin
