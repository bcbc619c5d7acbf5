#include "proxy/keyword/finish.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "log/sink.h"
#include "proto/http1/codec.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/endless.h"
#include "proxy/keyword/fcgi.h"
#include "proxy/keyword/finish_external.h"
#include "proxy/keyword/finish_filter.h"
#include "proxy/keyword/finish_guids.h"
#include "proxy/keyword/finish_mode.h"
#include "proxy/keyword/finish_server.h"
#include "proxy/keyword/finish_threads.h"
#include "proxy/keyword/finish_tracking.h"
#include "proxy/keyword/near_name.h"
#include "proxy/keyword/unreachable.h"
#include "proxy/rule/tracking.h"
#include "resolve/start.h"
#include "stick/config.h"

namespace weir::proxy {
namespace {

using ByName = std::unordered_map<std::string_view, ProxyConfig*>;

// ids: those that were written are taken, the others get the lowest free ones in the order of the file.
template <class List, class IdOf, class Complain>
void give_ids(List& list, IdOf id_of, Complain complain, std::uint32_t first = 1) {
  std::unordered_map<std::uint32_t, const void*> taken;
  for (auto& item : list)
    if (std::uint32_t& id = id_of(item); id != 0 && !taken.emplace(id, &item).second) complain(item, id);
  std::uint32_t next = first;
  for (auto& item : list) {
    std::uint32_t& id = id_of(item);
    if (id != 0) continue;
    while (taken.contains(next)) next++;
    id = next++;
  }
}

class Finisher {
 public:
  Finisher(Config& config, const sample::Registry& registry, const FinishOptions& options, Diagnostics& diagnostics)
      : config_(config), registry_(registry), options_(options), diagnostics_(diagnostics) {}

  bool run() {
    const std::size_t before = diagnostics_.errors();
    index();
    give_ids(
        config_.proxies, [](auto& proxy) -> std::uint32_t& { return proxy->id; },
        [&](const auto& proxy, std::uint32_t id) {
          diagnostics_.error(proxy->at, fmt::format("{} has the id {} of another proxy", title(*proxy), id));
        },
        // COMPAT: the runtime socket's own frontend bears number 1.
        config_.global.stats_sockets.empty() ? 1 : 2);
    for (const auto& proxy : config_.proxies) {
      if (proxy->is_frontend()) frontend(*proxy);
      if (proxy->is_backend()) backend(*proxy);
      formats(*proxy);
    }
    if (!options_.after_errors) finish_tracking(config_, diagnostics_);
    http_settings();
    log_targets();
    unused_profiles();
    full_connections();
    tables();
    finish_threads(config_, diagnostics_);
    check_guids(config_, diagnostics_);
    names();
    for (const auto& proxy : config_.proxies)
      finish_filters(
          *proxy,
          [this](std::string_view name) -> const stick::TableConfig* {
            const auto found = tables_.find(name);
            return found == tables_.end() ? nullptr : found->second;
          },
          diagnostics_);
    for (const auto& proxy : config_.proxies) sign(*proxy);
    return diagnostics_.errors() == before;
  }

 private:
  void index() {
    for (const auto& proxy : config_.proxies) {
      any_.emplace(proxy->name, proxy.get());
      if (proxy->is_backend()) backends_.emplace(proxy->name, proxy.get());
      if (proxy->table) tables_.emplace(proxy->name, &*proxy->table);
    }
    for (auto& peers : config_.peers)
      for (auto& table : peers.tables) tables_.emplace(table.name, &table);
    for (const auto& ring : config_.rings) rings_.insert(ring.name);
  }

  std::string hint(std::string_view name, sample::ArgKind kind = sample::ArgKind::backend) {
    // Looking for the nearest of 20,000 names is worth it for the first few mistakes only.
    constexpr int kMaxSuggestions = 20;
    return suggestions_++ < kMaxSuggestions ? near_name(config_, kind, name) : std::string();
  }

  void require_backend(const ProxyConfig& proxy, std::string_view name, SourcePosition at) {
    if (const auto found = backends_.find(name); found != backends_.end()) {
      // What arrives as bytes may become HTTP; what HTTP has taken apart is bytes no more.
      const bool loses_http = proxy.settings.mode == Mode::http && found->second->settings.mode != Mode::http;
      if (found->second != &proxy && !proxy.settings.disabled && loses_http)
        diagnostics_.error(at, fmt::format("{} and its backend '{}' have different modes", title(proxy), name)).hint =
            "write 'mode http', or 'mode tcp', in both";
      if (found->second == &proxy)
        diagnostics_.error(at, fmt::format("{} names itself as its backend", title(proxy))).hint =
            "a listen section uses its own servers when no line says otherwise";
      return;
    }
    const bool frontend = any_.contains(name);
    diagnostics_
        .error(at, frontend ? fmt::format("{}: '{}' is a frontend, not a backend", title(proxy), name)
                            : fmt::format("{}: there is no backend '{}'", title(proxy), name))
        .hint = hint(name);
  }

  void frontend(ProxyConfig& proxy) {
    const ProxySettings& settings = proxy.settings;
    if (!settings.default_backend.empty())
      require_backend(proxy, settings.default_backend, settings.default_backend_at);
    for (const UseBackend& rule : proxy.use_backends)
      if (!rule.format) require_backend(proxy, rule.name, rule.at);
    if (settings.disabled) return;
    if (proxy.binds.empty() && !options_.after_errors)
      diagnostics_.warning(proxy.at, fmt::format("{} has no 'bind' line: it takes no connection", title(proxy)));
    give_ids(
        proxy.binds, [](BindConfig& bind) -> std::uint32_t& { return bind.id; },
        [&](const BindConfig& bind, std::uint32_t id) {
          diagnostics_.error(bind.at, fmt::format("{} has another bind line of the id {}", title(proxy), id));
        });
    for (BindConfig& bind : proxy.binds) complete_bind(proxy, bind);
  }

  void complete_bind(const ProxyConfig& proxy, BindConfig& bind) {
    constexpr int kBacklog = 1024;
    const ProxySettings& settings = proxy.settings;
    const GlobalConfig& global = config_.global;
    io::ListenOptions& options = bind.options;
    if (options.backlog == 0) options.backlog = settings.backlog.value_or(0);
    if (options.backlog == 0) options.backlog = static_cast<int>(std::min(settings.maxconn.value_or(0), 1U << 30U));
    if (options.backlog == 0) options.backlog = kBacklog;
    options.reuse_port = !global.no_reuseport;
    if (settings.client_keepalive) {
      options.keepalive = settings.client_keepalive_options;
      options.keepalive.enabled = true;
    }
    const bool http = settings.mode == Mode::http;
    if (bind.spoken == BindConfig::Spoken::http1 && !http) diagnostics_.error(bind.at, "'proto h1' needs 'mode http'");
    if (bind.spoken == BindConfig::Spoken::bytes && http) diagnostics_.error(bind.at, "'proto none' needs 'mode tcp'");
    if (settings.smart_accept) options.quick_ack = false;
    options.receive_buffer = static_cast<int>(global.client_rcvbuf);
    options.send_buffer = static_cast<int>(global.client_sndbuf);
    if (!options.mode && global.unix_bind.mode) options.mode = *global.unix_bind.mode;
    if (!options.owner && global.unix_bind.uid) options.owner = *global.unix_bind.uid;
    if (!options.group && global.unix_bind.gid) options.group = *global.unix_bind.gid;
    if (global.unix_bind.prefix.empty()) return;
    for (SocketAddress& address : bind.addresses)
      if (address.family() == AddressFamily::unix_path)
        address = SocketAddress::unix_path(global.unix_bind.prefix + address.path());
  }

  void backend(ProxyConfig& proxy) {
    give_ids(
        proxy.servers, [](ServerConfig& server) -> std::uint32_t& { return server.id; },
        [&](const ServerConfig& server, std::uint32_t id) {
          diagnostics_.error(server.at, fmt::format("server '{}' has the id {} of another server", server.name, id));
        });
    std::unordered_map<std::string_view, const ServerConfig*> names;
    for (ServerConfig& server : proxy.servers) {
      if (const auto [first, fresh] = names.emplace(server.name, &server); !fresh)
        diagnostics_.error(server.at, fmt::format("{} has another server '{}'", title(proxy), server.name)).hint =
            fmt::format("the first one is at line {}", first->second->at.line);
      finish_server(config_, proxy, server, options_, diagnostics_);
    }
    for (const UseServer& rule : proxy.use_servers)
      if (!rule.format && !names.contains(rule.name))
        diagnostics_.error(rule.at, fmt::format("{} has no server '{}'", title(proxy), rule.name)).hint =
            near_server(proxy, rule.name);
    const ProxySettings& settings = proxy.settings;
    if (!settings.check_steps.empty() && !settings.check_steps_inherited &&
        settings.check_kind != check::Kind::tcp_check && !options_.after_errors)
      diagnostics_.warning(proxy.at, fmt::format("{} has 'tcp-check' lines that nothing uses", title(proxy))).hint =
          "add 'option tcp-check'";
    finish_external_check(config_, proxy, options_, diagnostics_);
    finish_fcgi(proxy, diagnostics_);
    check_tls_warning(proxy);
    rdp_cookie_warning(proxy);
  }

  // One warning for a backend, however many servers it has.
  void check_tls_warning(const ProxyConfig& proxy) {
    for (const ServerConfig& server : proxy.servers) {
      if (!server.check_enabled || server.verify_written || server.check.tls_client.verify != tls::Verify::none ||
          config_.global.ssl_server_verify == tls::Verify::none || !check::speaks_tls(server.check))
        continue;
      diagnostics_
          .warning(server.at,
                   fmt::format("{}: health checks over TLS do not verify the server's certificate", title(proxy)))
          .hint = "say 'verify none' to agree, or 'verify required ca-file <file>' to verify it";
      return;
    }
  }

  // Manual, persist rdp-cookie: the cookie must have arrived before a server is chosen.
  void rdp_cookie_warning(const ProxyConfig& proxy) {
    if (options_.after_errors) return;
    const ProxySettings& settings = proxy.settings;
    const bool balances = settings.balance.algorithm == "rdp-cookie" && settings.balance.written;
    if (!settings.persist_rdp_cookie && !balances) return;
    if (proxy.content_rules.empty() && proxy.kind == ProxyKind::listen) {
      diagnostics_
          .warning(proxy.at, fmt::format("{} looks for an RDP cookie and has no rule that waits for it", title(proxy)))
          .hint = "add 'tcp-request inspect-delay 5s' and 'tcp-request content accept if RDP_COOKIE'";
    }
  }

  void missing_timeouts(const ProxyConfig& proxy) {
    if (options_.after_errors) return;
    const Timeouts& timeouts = proxy.settings.timeouts;
    std::string names;
    const auto missing = [&](std::string_view name) {
      names += fmt::format("{}'{}'", names.empty() ? "" : ", ", name);
    };
    if (proxy.is_frontend() && !timeouts.client) missing("client");
    if (proxy.is_backend() && !proxy.servers.empty()) {
      if (!timeouts.connect) missing("connect");
      if (!timeouts.server) missing("server");
    }
    if (names.empty()) return;
    diagnostics_.warning(proxy.at, fmt::format("{} misses the timeouts {}", title(proxy), names)).hint =
        "without them a connection whose other end vanished stays for ever; set each with 'timeout <name> <time>'";
  }

  void waiting_warning(const ProxyConfig& proxy) {
    if (options_.after_errors || proxy.inspect_delay) return;
    for (const Rule& rule : proxy.content_rules) {
      if (!sample::covers(rule.condition.needs(), sample::Facts::request_bytes)) continue;
      diagnostics_
          .warning(rule.at, fmt::format("{}: the rule looks at bytes that may not have arrived yet", title(proxy)))
          .hint = "'tcp-request inspect-delay 5s' waits for them";
      return;
    }
  }

  void formats(ProxyConfig& proxy) {
    if (proxy.settings.disabled) return;
    if (!options_.after_errors) warn_of_http_words(proxy, diagnostics_);
    missing_timeouts(proxy);
    waiting_warning(proxy);
    if (!options_.after_errors) warn_of_unreachable(proxy, diagnostics_);
    if (!proxy.is_frontend()) return;
    ProxySettings& settings = proxy.settings;
    if (!settings.unique_id_format.empty())
      settings.unique_id_program = compiled(settings.unique_id_format, settings.unique_id_format_at,
                                            *proxy.names.front(), settings.mode == Mode::http, proxy.acls, proxy.lines);
    LogSettings& log = proxy.settings.log;
    const bool http = settings.mode == Mode::http;
    NameRefs& names = *proxy.names.front();
    for (LogText* more : {&log.structured, &log.errors})
      if (!more->text.empty()) more->program = compiled(more->text, more->at, names, http, proxy.acls, proxy.lines);
    profiles(proxy);
    if (log.format == LogSettings::Format::connect) return;
    if (log.targets.empty() && (!log.use_global || config_.global.logs.empty()) && proxy.settings.mode == Mode::tcp &&
        !options_.after_errors)
      diagnostics_.warning(proxy.at, fmt::format("{} says how to log and not where", title(proxy))).hint =
          log.use_global ? "the global section has no 'log' line" : "add a 'log' line";
    std::string_view text = kTcpLogFormat;
    if (log.format == LogSettings::Format::custom) text = log.custom_format;
    if (log.format == LogSettings::Format::json) text = http ? kHttpJsonLogFormat : kTcpJsonLogFormat;
    if (log.format == LogSettings::Format::http && http)
      text = log.custom_format.empty() ? kHttpLogFormat : std::string_view(log.custom_format);
    if (log.format == LogSettings::Format::http && proxy.settings.mode == Mode::tcp && http_format_said_++ == 0)
      diagnostics_
          .warning(proxy.at, fmt::format("{} is in TCP mode: 'option httplog' logs as 'option tcplog'", title(proxy)))
          .hint = "write 'option tcplog'";
    log.format_program = compiled(text, log.format_at, names, http, proxy.acls, proxy.lines);
  }

  // A frontend may log by the profiles of its targets and by those that some rule's do-log names. Each is compiled with
  // the frontend's own names; in TCP mode what only HTTP has is absent from its lines, for profiles serve both.
  void profiles(ProxyConfig& proxy) {
    LogSettings& log = proxy.settings.log;
    const auto take = [&](std::string_view name) {
      if (name.empty() || find_profile(log.profiles, name)) return;
      const auto found = find_profile(config_.global.log_profiles, name);
      if (!found) return;  // reported where it is named
      log.profiles.push_back(compiled_profile(*found, *proxy.names.front(), proxy.acls, proxy.lines));
      used_profiles_.insert(found->name);
    };
    for (const log::TargetConfig& target : log.targets) take(target.profile);
    if (log.use_global)
      for (const log::TargetConfig& target : config_.global.logs) take(target.profile);
    for (const LogProfileUse& use : config_.log_profile_uses) take(use.name);
  }

  std::shared_ptr<const LogProfile> compiled_profile(const LogProfile& read, NameRefs& names,
                                                     const sample::AclSet& acls, std::vector<std::string>& lines) {
    auto made = std::make_shared<LogProfile>(read);
    for (LogProfile::Step& step : made->steps)
      for (LogText* text : {&step.format, &step.structured})
        if (!text->text.empty()) text->program = compiled(text->text, text->at, names, true, acls, lines);
    for (const std::string& line : read.lines) lines.push_back(fmt::format("log-profile {}: {}", read.name, line));
    return made;
  }

  // Nobody uses them; what is wrong with them is said all the same.
  void unused_profiles() {
    if (config_.proxies.empty()) return;
    for (const auto& profile : config_.global.log_profiles) {
      if (used_profiles_.contains(profile->name)) continue;
      NameRefs names(config_.proxies.front()->name);
      std::vector<std::string> lines;
      (void)compiled_profile(*profile, names, {}, lines);
    }
    for (const LogProfileUse& use : config_.log_profile_uses) require_profile(use.name, use.at);
  }

  void require_profile(std::string_view name, SourcePosition at) {
    if (name.empty() || find_profile(config_.global.log_profiles, name)) return;
    std::vector<std::string_view> names;
    for (const auto& profile : config_.global.log_profiles) names.push_back(profile->name);
    auto& wrong = diagnostics_.error(at, fmt::format("there is no log-profile '{}'", name));
    if (const auto near = nearest_word(name, names); !near.empty())
      wrong.hint = fmt::format("did you mean '{}'?", near);
  }

  // Proxies that write the same format share one program, unless it names tables or backends: those may be the proxy's
  // own.
  std::shared_ptr<const sample::LogFormat> compiled(std::string_view text, SourcePosition at, NameRefs& names,
                                                    bool http, const sample::AclSet& acls,
                                                    std::vector<std::string>& lines) {
    auto& formats = formats_[http ? 1 : 0];
    auto known = formats.find(text);
    Format made;
    if (known == formats.end()) {
      const std::size_t named = names.uses().size();
      auto scope = scope_of(registry_, Place::log, &names);
      scope.contents = &made.contents;
      scope.acls = &acls;
      made.program =
          sample::LogFormat::compile(text, {.use = sample::FormatUse::log, .http = http}, scope, at, diagnostics_);
      const bool own_acls = text.find("acl") != text.npos;  // acl(name), when(acl,name)
      warn_of_endless(at, diagnostics_);
      if (names.uses().size() == named && !own_acls) known = formats.emplace(text, made).first;
    }
    const Format& format = known == formats.end() ? made : known->second;
    lines.insert(lines.end(), format.contents.begin(), format.contents.end());
    return format.program;
  }

  void check_target(log::TargetConfig& target) {
    require_profile(target.profile, target.profile_at);
    if (target.kind == log::TargetKind::ring && !rings_.contains(target.ring)) {
      std::vector<std::string_view> names(rings_.begin(), rings_.end());
      auto& wrong = diagnostics_.error(target.at, fmt::format("there is no ring '{}'", target.ring));
      if (const auto near = nearest_word(target.ring, names); !near.empty())
        wrong.hint = fmt::format("did you mean '{}'?", near);
    }
    if (target.host.empty()) return;
    auto found = resolve::resolve_host(target.host, AddressFamily::none);
    if (!found) {
      diagnostics_.error(target.at, found.error().message);
      return;
    }
    found->set_port(target.address.port());
    target.address = *found;
    target.host.clear();
  }

  void log_targets() {
    for (auto& target : config_.global.logs) check_target(target);
    for (const auto& proxy : config_.proxies)
      for (auto& target : proxy->settings.log.targets) {
        const bool named = !target.host.empty();
        check_target(target);
        if (named) proxy->lines.push_back(fmt::format("log = {}", target.address.host()));
        if (const auto profile = find_profile(config_.global.log_profiles, target.profile))
          proxy->lines.push_back(fmt::format("log-profile {} tag {}", profile->name, profile->tag));
      }
    for (auto& section : config_.peers)
      for (auto& target : section.logs) check_target(target);
    for (auto& ring : config_.rings)
      for (auto& server : ring.servers) {
        if (server.host.empty()) continue;
        auto found = resolve::resolve_host(server.host, AddressFamily::none);
        if (!found) {
          diagnostics_.error(server.at, found.error().message);
          continue;
        }
        found->set_port(server.address.port());
        server.address = *found;
        server.host.clear();
      }
  }

  void http_settings() {
    GlobalConfig& global = config_.global;
    global.maxrewrite = std::min(global.maxrewrite, global.bufsize / 2);
    if (global.adjusted_names.empty() && global.adjusted_file_names.empty()) return;
    auto names = std::make_shared<proto::http1::NameCases>();
    for (const auto* pairs : {&global.adjusted_names, &global.adjusted_file_names})
      for (const auto& [from, to] : *pairs)
        if (!names->add(from, to))
          diagnostics_.error({}, fmt::format("the name '{}' is adjusted by a line and by the file", from));
    global.name_cases = std::move(names);
  }

  // Manual, fullconn: a tenth of what all frontends that may lead to the backend take together.
  void full_connections() {
    constexpr std::uint32_t kFrontendMaxconn = 2000;
    std::unordered_map<const ProxyConfig*, std::uint64_t> sums;
    std::uint64_t everywhere = 0;  // frontends whose format may name any backend
    for (const auto& proxy : config_.proxies) {
      if (!proxy->is_frontend() || proxy->settings.disabled) continue;
      std::unordered_set<ProxyConfig*> reached;
      const auto reach = [&](std::string_view name) {
        if (const auto found = backends_.find(name); found != backends_.end()) reached.insert(found->second);
      };
      const std::uint64_t most =
          proxy->settings.maxconn.value_or(config_.global.maxconn != 0 ? config_.global.maxconn : kFrontendMaxconn);
      bool any = false;
      for (const UseBackend& rule : proxy->use_backends) {
        if (rule.format) any = true;
        reach(rule.name);
      }
      if (!proxy->settings.default_backend.empty()) reach(proxy->settings.default_backend);
      if (proxy->is_backend()) reached.insert(proxy.get());
      if (any)
        everywhere += most;
      else
        for (const ProxyConfig* one : reached) sums[one] += most;
    }
    for (const auto& proxy : config_.proxies) {
      if (!proxy->is_backend() || proxy->settings.fullconn) continue;
      const auto found = sums.find(proxy.get());
      const std::uint64_t sum = everywhere + (found == sums.end() ? 0 : found->second);
      if (sum == 0) continue;
      proxy->settings.fullconn =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(std::max<std::uint64_t>((sum + 9) / 10, 1), UINT32_MAX));
    }
  }

  void tracked_key_fits(const Rule& rule) {
    const auto tracked = tracked_key(rule);
    const auto table = tracked ? tables_.find(tracked->table) : tables_.end();
    if (table == tables_.end() || stick::key_fits(*table->second, tracked->key->type())) return;
    diagnostics_.error(rule.at, fmt::format("'{}' gives {}, which can be no key of table '{}': its keys are of type {}",
                                            tracked->key->text(), sample::type_name(tracked->key->type()),
                                            tracked->table, stick::key_type_name(table->second->type)));
  }

  void tables() {
    std::vector<const stick::TableConfig*> all;
    std::vector<std::string_view> peers;
    for (const auto& section : config_.peers) {
      peers.push_back(section.name);
      for (const auto& table : section.tables) all.push_back(&table);
    }
    for (const auto& proxy : config_.proxies) {
      for (const stick::StickRule& rule : proxy->stick_rules) {
        const auto found = tables_.find(rule.table.empty() ? std::string_view(proxy->name) : rule.table);
        if (found == tables_.end()) {
          diagnostics_
              .error(rule.table.empty() ? rule.at : rule.table_at,
                     rule.table.empty() ? fmt::format("{} has no stick table", title(*proxy))
                                        : fmt::format("there is no stick table '{}'", rule.table))
              .example = "stick-table type ip size 100k expire 30m";
          continue;
        }
        if (stick::check_rule(rule, *found->second, diagnostics_)) stick::store_server_id(*found->second);
      }
    }
    for (const auto& proxy : config_.proxies) {
      for (const auto* rules : {&proxy->connection_rules, &proxy->session_rules, &proxy->content_rules})
        for (const Rule& rule : *rules) tracked_key_fits(rule);
      if (proxy->table) all.push_back(&*proxy->table);
    }
    stick::check_tables(all, peers, diagnostics_);
  }

  [[nodiscard]] bool has_server(std::string_view name) const {
    const std::size_t slash = name.find('/');
    const auto found = backends_.find(name.substr(0, slash));
    if (found == backends_.end()) return false;
    return std::ranges::any_of(found->second->servers,
                               [&](const ServerConfig& server) { return server.name == name.substr(slash + 1); });
  }

  [[nodiscard]] bool has_frontend(std::string_view name) const {
    return std::ranges::any_of(config_.proxies,
                               [&](const auto& proxy) { return proxy->is_frontend() && proxy->name == name; });
  }

  [[nodiscard]] bool has_userlist(std::string_view name) const {
    return std::ranges::find(config_.userlists, name, &UserlistConfig::name) != config_.userlists.end();
  }

  void check_use(const NameRefs::Use& use) {
    std::string_view what;
    bool known = true;
    switch (use.kind) {
      case sample::ArgKind::table:
        known = tables_.contains(use.name);
        what = "stick table";
        break;
      case sample::ArgKind::frontend:
        known = has_frontend(use.name);
        what = "frontend";
        break;
      case sample::ArgKind::backend:
        known = backends_.contains(use.name);
        what = "backend";
        break;
      case sample::ArgKind::server:
        known = has_server(use.name);
        what = "server";
        break;
      case sample::ArgKind::userlist:
        known = has_userlist(use.name);
        what = "userlist";
        break;
      case sample::ArgKind::ring:
        known = use.name.empty() || log::is_standing_sink(use.name) || rings_.contains(use.name);
        what = "ring";
        break;
      default: return;
    }
    if (known) return;
    auto& wrong = diagnostics_.error(use.at, fmt::format("there is no {} '{}'", what, use.name));
    wrong.hint = hint(use.name, use.kind);
    if (use.kind == sample::ArgKind::table && any_.contains(use.name))
      wrong.hint = "the proxy of that name has no 'stick-table' line";
  }

  // What arguments name must exist; those of defaults sections are behind every proxy that started from them.
  void names() {
    std::unordered_set<const NameRefs*> seen;
    for (const auto& proxy : config_.proxies)
      for (const auto& refs : proxy->names) {
        if (!seen.insert(refs.get()).second) continue;
        for (const NameRefs::Use& use : refs->uses()) check_use(use);
      }
  }

  static void sign(ProxyConfig& proxy) {
    std::string& text = proxy.settings_signature;
    if (proxy.settings.inherited_lines)
      for (const std::string& line : *proxy.settings.inherited_lines) text += line + '\n';
    text += "--\n";
    for (const std::string& line : proxy.lines) text += line + '\n';
    sign_parts(proxy);
  }

  Config& config_;
  const sample::Registry& registry_;
  const FinishOptions& options_;
  Diagnostics& diagnostics_;
  ByName any_;
  ByName backends_;
  std::unordered_map<std::string_view, stick::TableConfig*> tables_;
  std::unordered_set<std::string_view> rings_;
  struct Format {
    std::shared_ptr<const sample::LogFormat> program;
    std::vector<std::string> contents;  // of the maps it reads: part of what a proxy's lines say
  };
  std::array<std::map<std::string, Format, std::less<>>, 2> formats_;  // of TCP, of HTTP
  std::unordered_set<std::string_view> used_profiles_;
  int suggestions_ = 0;
  int http_format_said_ = 0;
};

}  // namespace

void sign_parts(ProxyConfig& proxy) {
  proxy.signature = proxy.settings_signature;
  for (const BindConfig& bind : proxy.binds) proxy.signature += fmt::format("bind {}\n", bind.signature);
  for (const ServerConfig& server : proxy.servers) proxy.signature += server.signature + '\n';
}

bool finish_config(Config& config, const sample::Registry& registry, const FinishOptions& options,
                   Diagnostics& diagnostics) {
  return Finisher(config, registry, options, diagnostics).run();
}

}  // namespace weir::proxy
