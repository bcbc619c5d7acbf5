// What the address of the statistics page asks for: words behind semicolons, after the prefix of `stats uri`.
//
//   /haproxy?stats;csv;up;scope=web
//
// A word counts when it begins as one of ours does, whatever follows (";csv&_=17"); others mean nothing.
// COMPAT: observed on 2.6.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/stats_config.h"

namespace weir::admin {

enum class PageForm : std::uint8_t { html, csv, typed, json, json_schema };

struct PageAddress {
  PageForm form = PageForm::html;
  bool only_up = false;         // up: no servers that are down
  bool no_maintenance = false;  // no-maint
  bool refreshes = true;        // norefresh: no other page is suggested
  std::string scope;            // scope=: a part of the names of proxies
  std::string result;           // st=: what became of the form that led here
};

/// `path_query` begins with the prefix.
[[nodiscard]] PageAddress read_address(std::string_view path_query, std::string_view prefix);
/// The address that shows the same rows in that form, with `more` (";st=DONE") first.
[[nodiscard]] std::string write_address(std::string_view prefix, const PageAddress& address,
                                        std::string_view more = {});

}  // namespace weir::admin
