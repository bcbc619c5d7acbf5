// layers: admin proxy
//
// The address and the form of the statistics page: what is read is bounded, and an address that is written is read as
// it was; nothing of a text is markup any more once it is escaped.
#include <cstdint>

#include "admin/statistics/address.h"
#include "admin/statistics/form.h"
#include "admin/statistics/markup.h"
#include "base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::admin;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string prefix = text.starts_with('/') ? "/" : "/;";
  const PageAddress address = read_address(prefix + std::string(text), prefix);
  WEIR_ASSERT(address.scope.size() <= 100 && address.result.size() <= 4);
  const PageAddress again = read_address(write_address("/s", address), "/s");
  WEIR_ASSERT(again.form == address.form && again.only_up == address.only_up && again.scope == address.scope);
  WEIR_ASSERT(again.refreshes == address.refreshes && again.no_maintenance == address.no_maintenance);
  const ServerForm form = read_form(text);
  std::size_t read = form.backend.size() + (form.action ? form.action->size() : 0);
  for (const auto& server : form.servers) read += server.size();
  WEIR_ASSERT(read <= size);
  WEIR_ASSERT(escaped(text).find_first_of("<>\"'") == std::string::npos);
  return 0;
}
