// What the runtime socket may ask of the process beyond its sessions and servers: reload, stop.
//
// Implemented by app/. Callable from any worker; `done` is called on the worker that asked, with `ok` and the text to
// answer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "update/status.h"

namespace weir::proxy {

class Engine;

class Control {
 public:
  virtual ~Control() = default;
  using Answer = std::function<void(bool ok, std::string text)>;
  /// Reads the files again and applies the difference. A bad file changes nothing; the text says why.
  virtual void reload(Answer done) = 0;
  /// What a reload would change and how many sessions it touches. `files` empty: the running ones.
  virtual void plan_reload(std::vector<std::string> files, Answer done) = 0;
  /// A further server of a backend, as a line of the configuration would have it; one server less. What a reload with
  /// that difference would do is done, or nothing.
  virtual void add_server(std::string backend, std::vector<std::string> words, Answer done) = 0;
  virtual void remove_server(std::string backend, std::string server, Answer done) = 0;
  /// What is known of the updates of lists, and asking their sources at once. `list` empty: all.
  [[nodiscard]] virtual std::vector<update::Status> updates() const = 0;
  virtual void update_now(std::string list, Answer done) = 0;
  /// What was said about the configuration at start.
  [[nodiscard]] virtual const std::string& startup_logs() const = 0;
  [[nodiscard]] virtual Engine& engine() = 0;
  /// `show version`, `show info`, `show env`.
  [[nodiscard]] virtual const std::string& version() const = 0;
  [[nodiscard]] virtual std::vector<std::string> environment() const = 0;
  [[nodiscard]] virtual std::uint32_t max_sockets() const = 0;
};

}  // namespace weir::proxy
