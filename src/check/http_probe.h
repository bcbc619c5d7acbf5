// `option httpchk`: a request, and what its answer must be. Manual 4.2: option httpchk, http-check.
//
// Without `http-check expect` a status of 2xx or 3xx passes. A test of the body waits until it is whole, unless the
// test has been decided before. The words a failure gives are those observed on HAProxy 2.6.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/fcgi_probe.h"

namespace weir::sample {
class Regex;
}

namespace weir::check {

struct ProbeInput;
struct ProbeMove;

/// `http-check expect`.
struct HttpExpect {
  enum class What : std::uint8_t { status, rstatus, string, rstring } what = What::status;
  bool negated = false;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> statuses;  // ranges, both ends in
  std::string text;
  std::shared_ptr<const sample::Regex> regex;  // of rstatus and rstring
  friend bool operator==(const HttpExpect& a, const HttpExpect& b) {
    return a.what == b.what && a.negated == b.negated && a.statuses == b.statuses && a.text == b.text;
  }
};

struct HttpWords {
  std::string method = "OPTIONS";
  std::string uri = "/";
  std::string version = "HTTP/1.0";
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::vector<HttpExpect> expects;
  bool disable_on_404 = false;
  std::optional<FcgiWords> fcgi;  // it goes to an application; absent: to an HTTP server
  friend bool operator==(const HttpWords&, const HttpWords&) = default;
};

/// The bytes to send.
[[nodiscard]] std::string http_request(const HttpWords& words);
ProbeMove http_probe(const ProbeInput& input);

}  // namespace weir::check
