#include "proxy/fetch/tables.h"

#include "proxy/fetch/tracked.h"
#include "proxy/keywords.h"

namespace weir::proxy {

std::span<const std::span<const sample::Fetch>> fetches() {
  static const std::span<const sample::Fetch> tables[] = {
      capture_fetches, error_fetches,   http_auth_fetches, http_fetches,  kernel_fetches,  load_fetches,
      process_fetches, session_fetches, timeout_fetches,   timer_fetches, tracked_fetches, fcgi_fetches,
  };
  return tables;
}

std::span<const std::span<const sample::Converter>> converters() {
  static const std::span<const sample::Converter> tables[] = {capture_converters, debug_converters, load_converters};
  return tables;
}

}  // namespace weir::proxy
