#include "proxy/keyword/load.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "config/environment.h"
#include "config/parser.h"
#include "log/keywords.h"
#include "peers/config.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/endless.h"
#include "proxy/keyword/fcgi.h"
#include "proxy/keyword/finish_guids.h"
#include "proxy/keyword/finish_server.h"
#include "proxy/keyword/finish_tracking.h"
#include "sample/reference_book.h"
#include "sample/regex_danger.h"
#include "update/config.h"

namespace weir::proxy {
namespace {

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0) return "localhost";
  return name;
}

/// Regular expressions are told of with the line they stand in: when the next line begins.
struct RegexReport {
  sample::RegexWatch watch;
  SourcePosition at;
};

void begin_line(config::ParseContext& context, const config::Line& line) {
  auto& report = context.model<RegexReport>();
  warn_of_endless(report.at, context.diagnostics());
  report.at = line.at;
  record_line(context, line);
}

// Rings of the sections, and for each `log tcp@...` target nothing more: log/ makes those itself.
void take_over(Config& config, Build& build, log::RingSections& rings, std::deque<peers::PeersConfig>& peers) {
  for (auto& list : build.userlists) config.userlists.push_back(std::move(list));
  for (auto& profile : build.log_profiles)
    config.global.log_profiles.push_back(std::make_shared<const LogProfile>(std::move(profile)));
  config.log_profile_uses = std::move(build.log_profile_uses);
  for (auto& ring : rings.rings) config.rings.push_back(std::move(ring));
  for (auto& section : peers) config.peers.push_back(std::move(section));
}

}  // namespace

namespace {

// The first pass: every line by its row.
Config parse_sources(std::vector<config::SourceFile> sources, const LoadOptions& options, RegexReport& regexes,
                     Diagnostics& diagnostics) {
  Config config;
  for (const config::SourceFile& source : sources) config.file_names.push_back(source.name);
  config.global.insecure_fork_wanted = options.insecure_fork;
  config.global.localpeer = options.local_peer.empty() ? host_name() : options.local_peer;
  config.global.master_worker = options.master_worker;
  config::Environment environment(options.environment);
  environment.define({.branch = "3.5",
                      .startup_version = std::string(options.facts.version),
                      .local_peer = config.global.localpeer,
                      .config_files = config::joined_names(sources),
                      .master_worker = options.master_worker,
                      .tcp_log_format = std::string(kTcpLogFormat),
                      .tcp_clf_log_format = std::string(kTcpClfLogFormat)});
  config::Parser parser(*options.table, diagnostics, environment, {.facts = options.facts, .on_line = begin_line});
  Build build{.config = config, .registry = *options.registry, .local_peer_given = !options.local_peer.empty()};
  log::RingSections rings;
  std::deque<peers::PeersConfig> peers;
  peers::PeersFacts facts{.local_peer = config.global.localpeer};
  parser.provide(build);
  parser.provide(rings);
  parser.provide(peers);
  parser.provide(facts);
  parser.provide(config.updates);
  parser.provide(regexes);
  parser.parse(std::move(sources));
  warn_of_endless(regexes.at, diagnostics);
  check_error_pages(build, diagnostics);
  join_fcgi_apps(build, diagnostics);
  take_over(config, build, rings, peers);
  const auto file_names = std::make_shared<const std::vector<std::string>>(config.file_names);
  for (const auto& proxy : config.proxies) proxy->file_names = file_names;
  config.environment = environment.listed();
  return config;
}

// Single quotes keep everything as it is, but themselves.
std::string quoted(std::string_view word) {
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'')
      text += "'\\''";
    else
      text += c;
  }
  return text + "'";
}

}  // namespace

std::optional<ServerConfig> load_server(const Config& running, const ProxyConfig& backend,
                                        std::span<const std::string> words, const LoadOptions& options,
                                        Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.errors();
  std::string text = "backend added\n server";
  for (const std::string& word : words) text += ' ' + quoted(word);
  std::vector<config::SourceFile> sources;
  sources.push_back({"add server", text + '\n'});
  RegexReport regexes;
  const Config config = parse_sources(std::move(sources), options, regexes, diagnostics);
  if (diagnostics.errors() != before || config.proxies.size() != 1 || config.proxies[0]->servers.size() != 1)
    return std::nullopt;
  ServerConfig server = config.proxies[0]->servers[0];
  server.added_at_run_time = true;
  server.init_addr = "none";
  if (!server.guid.empty() && guid_is_taken(running, server.guid))
    diagnostics.error(server.at, fmt::format("the guid '{}' is taken", server.guid));
  finish_server(running, backend, server, options.finish, diagnostics);
  finish_tracking(running, backend, server, diagnostics);
  if (diagnostics.errors() != before) return std::nullopt;
  return server;
}

std::optional<Config> load_config(std::vector<config::SourceFile> sources, const LoadOptions& options,
                                  Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.errors();
  sample::ReferenceReading lists(options.running, &diagnostics);
  RegexReport regexes;
  Config config = parse_sources(std::move(sources), options, regexes, diagnostics);
  // The second pass runs on what could be read, so that one run names everything; its warnings about what errors left
  // out would be noise.
  FinishOptions finish = options.finish;
  finish.after_errors = diagnostics.errors() != before;
  finish_config(config, *options.registry, finish, diagnostics);
  warn_of_endless({}, diagnostics);
  if (config.global.zero_warning && diagnostics.warnings() != 0 && diagnostics.errors() == before)
    diagnostics.error({}, fmt::format("there are warnings, and 'zero-warning' allows none"));
  if (diagnostics.errors() != before) return std::nullopt;
  config.references = lists.finish();
  update::complete(config.updates, *config.references, config.global.ca_base, diagnostics);
  if (diagnostics.errors() != before) return std::nullopt;
  return config;
}

std::optional<Config> load_config(const LoadOptions& options, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.errors();
  std::vector<config::SourceFile> sources = config::load_sources(options.files, diagnostics);
  auto config = load_config(std::move(sources), options, diagnostics);
  return diagnostics.errors() == before ? std::move(config) : std::nullopt;
}

}  // namespace weir::proxy
