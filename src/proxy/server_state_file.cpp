#include "proxy/server_state_file.h"

#include <fmt/format.h>

#include "balance/server_slot.h"
#include "base/units.h"

namespace weir::proxy {
namespace {

// Positions of the words of a line, version 1.
enum Place : std::size_t {
  k_backend = 1,
  k_server = 3,
  k_address,
  k_state,
  k_admin,
  k_weight,
  k_configured_weight,
  k_since,
  k_check_status,
  k_check_counter = 12,
  k_check_state,
  k_fqdn = 17,
  k_port,
};
// The manual's own examples end behind the flags of forced ids.
constexpr std::size_t kFewestWords = 16;
constexpr std::size_t kMostProblems = 20;
constexpr unsigned kConfigured = 2, kEnabled = 4;
constexpr std::int64_t kMostAdmin = 0x7f;
constexpr unsigned kForcedMaint = 1, kForcedDrain = 8;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t space = line.find(' ');
    if (space != 0) words.push_back(line.substr(0, space));
    line.remove_prefix(space == line.npos ? line.size() : space + 1);
  }
  return words;
}

class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {}

  SavedStates run(std::string_view text) {
    std::size_t number = 0;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text.remove_prefix(end == text.npos ? text.size() : end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      number++;
      if (number == 1) {
        if (line != "1") {
          complain(fmt::format("server states of '{}': the first line is no version this program knows", name_));
          return std::move(states_);
        }
      } else if (!line.empty() && line.front() != '#') {
        read(words_of(line), number);
      }
    }
    if (number == 0) complain(fmt::format("server states of '{}': the file is empty", name_));
    return std::move(states_);
  }

 private:
  void complain(std::string message) {
    if (states_.problems.size() < kMostProblems) states_.problems.push_back(std::move(message));
  }

  // A number within its bounds; what is none is named once and the line is given up.
  std::int64_t number(const std::vector<std::string_view>& words, std::size_t place, std::string_view what,
                      std::int64_t most) {
    const auto value = parse_integer(words[place], 0, most);
    if (value) return *value;
    if (good_)
      complain(fmt::format("server-state application failed for server '{}/{}', invalid {} value '{}'",
                           words[k_backend], words[k_server], what, words[place]));
    good_ = false;
    return 0;
  }

  void read(const std::vector<std::string_view>& words, std::size_t line) {
    if (words.size() < kFewestWords) {
      complain(fmt::format("server states of '{}': line {} is not whole", name_, line));
      return;
    }
    good_ = true;
    SavedServer server;
    server.address = words[k_address];
    server.state = static_cast<check::State>(number(words, k_state, "srv_op_state", 3));
    server.admin = static_cast<unsigned>(number(words, k_admin, "srv_admin_state", kMostAdmin));
    // No process leaves a server both in maintenance and draining by command: the line was not written by one.
    if ((server.admin & kForcedMaint) != 0 && (server.admin & kForcedDrain) != 0) {
      complain(fmt::format("server-state application failed for server '{}/{}', invalid srv_admin_state value '{}'",
                           words[k_backend], words[k_server], server.admin));
      good_ = false;
    }
    server.weight = static_cast<unsigned>(number(words, k_weight, "srv_uweight", balance::kMaxWeight));
    server.configured_weight =
        static_cast<unsigned>(number(words, k_configured_weight, "srv_iweight", balance::kMaxWeight));
    server.since_change =
        std::chrono::seconds(number(words, k_since, "srv_time_since_last_change", std::int64_t{INT32_MAX}));
    const auto status = check::status_from_number(
        static_cast<unsigned>(number(words, k_check_status, "srv_check_status", std::int64_t{INT32_MAX})));
    server.check_status = status.value_or(check::Status::ini);
    server.check_counter =
        static_cast<unsigned>(number(words, k_check_counter, "srv_check_health", std::int64_t{INT32_MAX}));
    const auto checks = static_cast<unsigned>(number(words, k_check_state, "srv_check_state", 0xff));
    server.checks_configured = (checks & kConfigured) != 0;
    server.checks_enabled = (checks & kEnabled) != 0;
    server.fqdn = words.size() > k_fqdn ? words[k_fqdn] : "-";
    if (words.size() > k_port && words[k_port] != "-")
      server.port = static_cast<std::uint16_t>(number(words, k_port, "srv_port", 65'535));
    if (good_)
      states_.servers.insert_or_assign(fmt::format("{}/{}", words[k_backend], words[k_server]), std::move(server));
  }

  std::string_view name_;
  SavedStates states_;
  bool good_ = true;
};

}  // namespace

SavedStates parse_server_states(std::string_view text, std::string_view name) { return Reader(name).run(text); }

}  // namespace weir::proxy
