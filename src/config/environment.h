// The environment as the configuration sees and changes it: a copy, never the process's own.
//
// setenv and its relatives act at once on the next line, but a reload starts again from what the process was given, and
// two parses may run at the same time; so the parse owns its copy and hands it on (external checks, `show env`).
// Manual: 2.3, setenv, presetenv, unsetenv, resetenv.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::config {

/// What weir itself puts into the environment. Empty optionals are not defined.
struct PredefinedVariables {
  std::string branch = "3.5";
  std::string startup_version = "3.5.0";
  std::string local_peer;
  std::string config_files;  // joined_names()
  bool master_worker = false;
  std::string http_log_format;
  std::string http_clf_log_format;
  std::string https_log_format;
  std::string tcp_log_format;
  std::string tcp_clf_log_format;
  std::string keylog_frontend_format;
  std::string keylog_backend_format;
};

class Environment {
 public:
  Environment() = default;
  /// Copies "NAME=value" strings up to the null pointer, as environ(7) has them. A null `envp` gives an empty one.
  explicit Environment(const char* const* envp);

  /// Whether a name may be set: letters, digits and underscores, not starting with a digit.
  static bool is_valid_name(std::string_view name);

  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  void set(std::string_view name, std::string_view value);            // setenv
  bool set_if_absent(std::string_view name, std::string_view value);  // presetenv; false when it existed
  void unset(std::string_view name);                                  // unsetenv; silent when absent
  void keep_only(std::span<const std::string_view> names);            // resetenv

  /// Defines the HAPROXY_* variables. The log formats stay out of `listed()` until the configuration sets them itself.
  void define(const PredefinedVariables& variables);

  /// "NAME=value" in name order, for `show env` and for programs started by weir.
  [[nodiscard]] std::vector<std::string> listed() const;

 private:
  struct Entry {
    std::string value;
    bool hidden = false;
  };
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace weir::config
