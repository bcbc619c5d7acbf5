// What the form of the statistics page does to servers, and the word that tells what became of it.
//
// The words are those that scripts know from 2.6; the page spells them out. Who may post is decided before: by `stats
// admin`, by the scope, and by where the form came from. Manual: stats admin.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/service.h"
#include "proxy/plan.h"

namespace weir::admin {

/// A row of the page's menu.
struct ServerAction {
  std::string_view word;   // in the form
  std::string_view label;  // in the menu; empty: it is not listed
  /// Whether anything changed.
  bool (*act)(proxy::WorkerContext& worker, const std::shared_ptr<proxy::ServerState>& server) = nullptr;
};
std::span<const ServerAction> server_actions();

/// What is shown for a word: "DONE".
struct ActionResult {
  std::string_view word;
  std::string_view tone;  // good, warn, bad
  std::string_view text;
};
/// Of a word nobody knows: that something unexpected happened.
const ActionResult& action_result(std::string_view word);

/// Whether a browser sent the form from this very page: Origin, else Referer, is the Host; what says neither is no
/// browser. Sec-Fetch-Site, which no page can forge, overrules both when it says that another site asked.
[[nodiscard]] bool comes_from_here(const proto::http::Head& head);

/// Does it; the word that tells what became of it.
std::string_view apply_form(const proxy::ServiceRequest& request);

}  // namespace weir::admin
