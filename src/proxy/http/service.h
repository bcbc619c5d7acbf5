// Answers made inside: what a part of weir that answers requests itself implements, such as the statistics page.
//
// A service gets the request's head and, where it asks for one, the body; it gives back a head and either a whole short
// body or the source of a long one. The source is asked for a piece when the one before has left, so an answer of any
// length costs one piece of memory, waits for its client and never holds the worker for longer than a piece takes.
// Nothing here knows the version the client speaks: framing is serve.cpp's. A service is shared by all workers and
// changes nothing of its own; a body belongs to its exchange.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/http/head.h"

namespace weir::proxy {

struct Plan;
struct ProxyConfig;
struct WorkerContext;

/// About how much a body gives at a time.
inline constexpr std::size_t kServedPiece = 16 * 1024;

class ServedBody {
 public:
  virtual ~ServedBody() = default;
  /// Appends the next piece. False: there is no more behind it.
  virtual bool more(std::string& out) = 0;
};

struct ServiceRequest {
  WorkerContext& worker;
  std::shared_ptr<const Plan> plan;
  std::shared_ptr<const ProxyConfig> proxy;  // whose lines ask for the service
  const proto::http::Head& head;
  std::string_view body;    // of a POST
  bool body_cut = false;    // it is longer than what a buffer holds
  bool may_change = false;  // stats admin: a condition holds
};

struct ServiceAnswer {
  std::uint16_t status = 200;
  std::vector<std::pair<std::string, std::string>> fields;
  std::unique_ptr<ServedBody> body;  // null: the answer has none
};

class Service {
 public:
  virtual ~Service() = default;
  [[nodiscard]] virtual ServiceAnswer serve(const ServiceRequest& request) const = 0;
};

}  // namespace weir::proxy
