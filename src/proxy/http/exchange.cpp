#include "proxy/http/exchange.h"

namespace weir::proxy {

// Everything but the storage starts anew.
void HttpExchange::clear() {
  request.clear();
  response.clear();
  texts.clear();
  request_body.clear();
  response_body.clear();
  answer = {};
  fcgi.reset();
  served.reset();
  passed = {};
  static_cast<ExchangeState&>(*this) = ExchangeState();
}

}  // namespace weir::proxy
