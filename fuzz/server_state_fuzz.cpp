// layers: proxy check peers log resolve stick balance tls sample config proto io base
//
// Files of server states, and the words of cpu-map and thread: any text gives values within their bounds, or a reason.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "balance/server_slot.h"
#include "proxy/server_state_file.h"
#include "proxy/thread_layout.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const weir::proxy::SavedStates states = weir::proxy::parse_server_states(text, "states");
  require(states.problems.size() <= 20);
  for (const auto& [name, server] : states.servers) {
    require(name.find('/') != std::string::npos && name.size() <= size);
    require(server.weight <= weir::balance::kMaxWeight && server.configured_weight <= weir::balance::kMaxWeight);
    require(static_cast<unsigned>(server.state) <= 3 && server.since_change.count() >= 0);
  }
  if (size > 100) return 0;
  if (const auto set = weir::proxy::parse_number_set(text, 64)) require(set->first >= 1 && set->last <= 64);
  weir::proxy::CpuMapLine line;
  (void)weir::proxy::parse_cpu_map_threads(text, line);
  std::vector<unsigned> cpus;
  (void)weir::proxy::parse_cpu_set(text, cpus);
  for (const unsigned cpu : cpus) require(cpu < 1024);
  return 0;
}
