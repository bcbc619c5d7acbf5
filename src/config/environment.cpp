#include "config/environment.h"

#include <algorithm>

namespace weir::config {

Environment::Environment(const char* const* envp) {
  for (; envp != nullptr && *envp != nullptr; envp++) {
    const std::string_view entry(*envp);
    const auto equals = entry.find('=');
    if (equals == entry.npos || equals == 0) continue;
    // As getenv(3) does, the first of two equal names counts.
    entries_.emplace(std::string(entry.substr(0, equals)), Entry{std::string(entry.substr(equals + 1)), false});
  }
}

bool Environment::is_valid_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::optional<std::string_view> Environment::get(std::string_view name) const {
  const auto it = entries_.find(name);
  if (it == entries_.end()) return std::nullopt;
  return std::string_view(it->second.value);
}

void Environment::set(std::string_view name, std::string_view value) {
  entries_.insert_or_assign(std::string(name), Entry{std::string(value), false});
}

bool Environment::set_if_absent(std::string_view name, std::string_view value) {
  if (entries_.contains(name)) return false;
  set(name, value);
  return true;
}

void Environment::unset(std::string_view name) {
  if (const auto it = entries_.find(name); it != entries_.end()) entries_.erase(it);
}

void Environment::keep_only(std::span<const std::string_view> names) {
  std::erase_if(entries_, [&](const auto& entry) {
    return std::find(names.begin(), names.end(), std::string_view(entry.first)) == names.end();
  });
}

void Environment::define(const PredefinedVariables& v) {
  set("HAPROXY_BRANCH", v.branch);
  set_if_absent("HAPROXY_STARTUP_VERSION", v.startup_version);
  set("HAPROXY_LOCALPEER", v.local_peer);
  set("HAPROXY_CFGFILES", v.config_files);
  if (v.master_worker)
    set("HAPROXY_MWORKER", "1");
  else
    unset("HAPROXY_MWORKER");
  const std::pair<std::string_view, const std::string*> formats[] = {
      {"HAPROXY_HTTP_LOG_FMT", &v.http_log_format},
      {"HAPROXY_HTTP_CLF_LOG_FMT", &v.http_clf_log_format},
      {"HAPROXY_HTTPS_LOG_FMT", &v.https_log_format},
      {"HAPROXY_TCP_LOG_FMT", &v.tcp_log_format},
      {"HAPROXY_TCP_CLF_LOG_FMT", &v.tcp_clf_log_format},
      {"HAPROXY_KEYLOG_FC_LOG_FMT", &v.keylog_frontend_format},
      {"HAPROXY_KEYLOG_BC_LOG_FMT", &v.keylog_backend_format},
  };
  for (const auto& [name, value] : formats) entries_.insert_or_assign(std::string(name), Entry{*value, true});
}

std::vector<std::string> Environment::listed() const {
  std::vector<std::string> out;
  for (const auto& [name, entry] : entries_)
    if (!entry.hidden) out.push_back(name + "=" + entry.value);
  return out;
}

}  // namespace weir::config
