// From files to a checked Config: sources, parser, second pass.
//
// The caller brings the tables of words, what the process knows of itself and its environment; everything that is wrong
// is in the diagnostics, in one run. Two loads may run at the same time, each with its own Diagnostics.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/condition.h"
#include "config/keyword_table.h"
#include "config/source.h"
#include "proxy/keyword/finish.h"
#include "proxy/model.h"
#include "sample/registry.h"

namespace weir::proxy {

struct LoadOptions {
  const config::KeywordTable* table = nullptr;
  const sample::Registry* registry = nullptr;
  std::span<const std::string> files;        // files and directories, as -f names them
  const char* const* environment = nullptr;  // environ(7)
  config::ConditionFacts facts = {};         // what .if may ask
  std::string local_peer;                    // -L; empty: the host's name
  bool master_worker = false;                // -W
  bool insecure_fork = false;                // -dI: as insecure-fork-wanted
  FinishOptions finish = {};
  const sample::ReferenceBook* running = nullptr;  // of what runs: lists that stay keep what was changed in them
};

/// nullopt after errors.
std::optional<Config> load_config(const LoadOptions& options, Diagnostics& diagnostics);
/// The same for texts already read; `options.files` does not count.
std::optional<Config> load_config(std::vector<config::SourceFile> sources, const LoadOptions& options,
                                  Diagnostics& diagnostics);

/// A `server` line for a backend that runs, checked as if it stood there: its default-server lines do not count, and a
/// name is not resolved. nullopt after errors.
std::optional<ServerConfig> load_server(const Config& running, const ProxyConfig& backend,
                                        std::span<const std::string> words, const LoadOptions& options,
                                        Diagnostics& diagnostics);

}  // namespace weir::proxy
