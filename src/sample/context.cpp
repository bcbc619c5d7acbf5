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

std::string facts_place(Facts facts) {
  if (covers(facts, Facts::http_response)) return "http-response and http-after-response rules have it";
  if (covers(facts, Facts::http_request)) return "http-request rules have it, and what is asked after them";
  if (covers(facts, Facts::response_bytes)) return "'tcp-response content' rules have it";
  if (covers(facts, Facts::request_bytes)) return "'tcp-request content' rules have it, and what is asked after them";
  if (covers(facts, Facts::server)) return "rules for the response have it, and the log";
  if (covers(facts, Facts::client)) return "'tcp-request connection' rules have it, and what is asked after them";
  return "rules and log formats of proxies have it";
}

}  // namespace weir::sample
