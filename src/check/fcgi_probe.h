// `option httpchk` to a FastCGI application: the same request as parameters, and the answer out of its records.
//
// What an application is told of a check is what it is told of a request, less what only a client has. Manual: 10,
// check-proto.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weir {
class SocketAddress;
}
namespace weir::sample {
class Regex;
}

namespace weir::check {

struct HttpWords;

/// Of the fcgi-app section.
struct FcgiWords {
  std::string docroot;
  std::string index;
  std::string path_info_text;  // as written
  std::shared_ptr<const sample::Regex> path_info;
  friend bool operator==(const FcgiWords& a, const FcgiWords& b) {
    return a.docroot == b.docroot && a.index == b.index && a.path_info_text == b.path_info_text;
  }
};

/// The bytes to send; `server` is where they go. Empty: the path is none, or does not fit.
[[nodiscard]] std::string fcgi_request(const HttpWords& words, const SocketAddress* server);

struct FcgiAnswer {
  std::string output;
  bool over = false;    // END_REQUEST has come
  bool broken = false;  // it will not come any more
};
[[nodiscard]] FcgiAnswer fcgi_answer(std::string_view received);

}  // namespace weir::check
