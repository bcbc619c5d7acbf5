// The statistics page for people: one document that needs nothing from outside, row by row.
//
// page/page.html is the frame; its {{slots}} are filled here, everything that comes from a configuration or a request
// escaped. page/page.css and page/page.js stand in the document, and its policy names their digests: nothing else runs
// or is fetched. Without the script it is a plain table that shows the same.
#pragma once

#include <memory>
#include <string>

#include "admin/stat_walk.h"
#include "admin/statistics/address.h"
#include "proxy/http/service.h"

namespace weir::admin {

struct HtmlPage {
  proxy::WorkerContext& worker;
  std::shared_ptr<const proxy::ProxyConfig> page;
  PageAddress address;
  std::string_view version;  // the service's
  bool changes = false;      // its visitor may change servers
};

[[nodiscard]] StatContext stat_context(const proxy::WorkerContext& worker, const proxy::Plan& plan,
                                       bool shows_addresses);
[[nodiscard]] std::unique_ptr<proxy::ServedBody> make_html(HtmlPage page, StatWalk walk);
/// The Content-Security-Policy of the page.
[[nodiscard]] const std::string& page_policy();

}  // namespace weir::admin
