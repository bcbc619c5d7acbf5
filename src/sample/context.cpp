#include "sample/context.h"

namespace weir::sample {

std::string_view facts_name(Facts facts) {
  if (covers(facts, Facts::client)) return "the client's connection";
  if (covers(facts, Facts::server)) return "the server's connection";
  if (covers(facts, Facts::request_bytes)) return "the client's bytes";
  if (covers(facts, Facts::response_bytes)) return "the server's bytes";
  if (covers(facts, Facts::http_request)) return "an HTTP request";
  if (covers(facts, Facts::http_response)) return "an HTTP response";
  if (covers(facts, Facts::session)) return "a session";
  return "nothing";
}

}  // namespace weir::sample
