// What the `stats` lines of a proxy say of its statistics page. Manual: 4.2, stats uri and its neighbours.
//
// A proxy that has such a line of its own starts from the usual values, not from those of its defaults section.
// COMPAT: observed on 2.6. Conditions (`stats admin`, `stats http-request`) are rules and stand with the proxy's
// others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::proxy {

struct StatsConfig {
  struct User {
    std::string name;
    std::string password;
  };
  std::string uri = "/haproxy?stats";
  std::string realm = "HAProxy Statistics";
  std::vector<User> users;         // stats auth; none: everybody
  std::vector<std::string> scope;  // names of proxies; "." is the one that serves the page; none: all
  std::uint32_t refresh = 0;       // seconds; 0: none is suggested
  bool show_version = false;       // stats show-version
  bool show_legends = false;       // stats show-legends
  bool show_modules = false;       // stats show-modules
  bool show_node = false;          // stats show-node
  bool show_description = false;   // stats show-desc
  bool realm_written = false;      // stats realm
  std::string node, description;   // empty: those of the global section
};

}  // namespace weir::proxy
