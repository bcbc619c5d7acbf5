// The checked configuration as plain values: what the keyword rows fill in and the plan is built from.
//
// Everything here is a value: it knows no socket, no thread, no counter. `defaults` sections are ProxySettings that a
// later section copies; servers and binds are values of their own. What decides whether a running part may keep its
// identity across a reload is its `signature`: the words that made it, after variables and defaults were applied, so
// that a change of comments, spacing or variable names is no change.
//
// Manual: 3 (global), 4 (proxies), 5 (bind and server options).
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "balance/picker.h"
#include "base/address.h"
#include "base/diagnostics.h"
#include "base/time.h"
#include "check/config.h"
#include "io/socket.h"
#include "log/ring.h"
#include "log/target.h"
#include "peers/config.h"
#include "proxy/filter/bandwidth.h"
#include "proxy/health_settings.h"
#include "proxy/http/settings.h"
#include "proxy/log_profile.h"
#include "proxy/names.h"
#include "proxy/rule/rule.h"
#include "proxy/rule/rule_line.h"
#include "proxy/send_proxy.h"
#include "proxy/thread_layout.h"
#include "sample/acl.h"
#include "sample/condition.h"
#include "sample/expression.h"
#include "sample/log_format.h"
#include "sample/variable.h"
#include "stick/config.h"
#include "tls/client.h"
#include "update/config.h"

namespace weir::proto::http1 {
class NameCases;
}
namespace weir::sample {
class ReferenceBook;
}

namespace weir::proxy {

enum class Mode : std::uint8_t { tcp, http };

/// Manual 4.2, "timeout". Absent means never, except where a comment names the fallback.
struct Timeouts {
  Timeout check;  // absent: the check's inter, bounded by connect
  Timeout client;
  Timeout client_fin;  // absent: client
  Timeout client_hs;   // until the client's PROXY header is there; absent: client
  Timeout connect;
  Timeout queue;  // absent: connect
  Timeout server;
  Timeout server_fin;  // absent: server
  Timeout tunnel;
  Timeout tarpit;
  Timeout http_request;
  Timeout http_keep_alive;
};

struct LogSettings {
  bool use_global = false;  // `log global`
  std::vector<log::TargetConfig> targets;
  enum class Format : std::uint8_t { connect, tcp, http, json, custom } format = Format::connect;
  std::string custom_format;  // text of `log-format`
  SourcePosition format_at;
  std::shared_ptr<const sample::LogFormat> format_program;  // compiled by finish_config(); null for Format::connect
  LogText structured;                                       // log-format-sd
  LogText errors;                                           // error-log-format
  LogSteps steps = 0;                                       // log-steps; 0: none was written
  LogProfiles profiles;  // compiled by finish_config(): those by which this frontend may log
  std::string tag;       // `log-tag`; empty: the global one
  bool separate_errors = false;
  bool skip_normal = false;          // option dontlog-normal
  bool skip_null = false;            // option dontlognull
  bool as_soon_as_possible = false;  // option logasap
};

/// `source` and the server option of the same name. Manual 5.2.
struct SourceSettings {
  SocketAddress address;
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 0;
  std::string interface;
  enum class Use : std::uint8_t { address, client, client_ip, fixed } use = Use::address;
  SocketAddress use_address;  // for fixed
  friend bool operator==(const SourceSettings&, const SourceSettings&) = default;
};

enum class OnMarkedDown : std::uint8_t { none, shutdown_sessions };

/// A server line with its defaults applied. `default-server` is one of these without a name.
struct ServerConfig {
  std::string name;
  std::string guid;               // unique among all objects; empty: none
  std::uint32_t id = 0;           // `id`, else its place in the backend from 1
  bool explicit_id = false;       // a reload keeps the running id of a server that bears none
  AddressSpec spec;               // as written
  SocketAddress address;          // resolved; family none while `init-addr none` left it open
  bool port_from_client = false;  // no port was written: the port the client connected to
  int port_offset = 0;
  std::string init_addr;  // as written
  unsigned weight = 1;
  std::uint32_t maxconn = 0;  // 0: no limit
  std::uint32_t minconn = 0;
  std::uint32_t maxqueue = 0;
  bool backup = false;
  bool disabled = false;
  bool added_at_run_time = false;  // by the runtime socket: begins in maintenance, its checks paused
  bool non_stick = false;
  OnMarkedDown on_marked_down = OnMarkedDown::none;
  bool up_ends_backup_sessions = false;  // on-marked-up shutdown-backup-sessions
  Milliseconds slowstart{0};             // how long a server that came back takes to full speed; 0: none
  balance::NodeKey hash_key = balance::NodeKey::id;
  std::optional<SourceSettings> source;
  io::ConnectOptions connect;  // tcp-ut, tfo, interface ... without the source
  bool check_enabled = false;
  bool verify_written = false;  // `verify` stands on the line or in its defaults
  SendProxy send_proxy;
  check::CheckConfig check;  // complete once the backend is finished: steps, timeouts and kind come from the proxy
  HealthSettings health;
  SourcePosition at;
  std::string cookie;    // the value that stands for it in the proxy's cookie; empty: none
  std::string redirect;  // redir: where clients are sent instead
  std::shared_ptr<const sample::Expression> pool_name;  // pool-conn-name; null: all are alike
  std::int32_t pool_max = -1;     // pool-max-conn: idle connections kept; -1: as many as there are
  std::uint32_t pool_low = 0;     // pool-low-conn
  Milliseconds pool_purge{5000};  // pool-purge-delay
  std::uint32_t max_reuse = 0;    // requests over one connection after the first; 0: any number
  bool max_reuse_set = false;
  std::string proto;               // as written; empty: what the mode says
  std::string check_proto;         // the same of its checks; empty: as `proto`
  bool fcgi = false;               // proto fcgi
  std::vector<std::string> words;  // the line, then the default-server words that apply
  std::string resolved;            // what host names among its words meant; a part of the signature
  std::string signature;
};

struct BindConfig {
  std::vector<SocketAddress> addresses;  // ranges and several addresses are expanded
  std::string name;
  std::string guid_prefix;  // of its addresses: "prefix-0", "prefix-1"; empty: they have none
  std::uint32_t id = 0;
  std::uint32_t maxconn = 0;  // 0: the frontend's
  io::ListenOptions options;
  bool accept_proxy = false;                     // a PROXY header comes first
  std::optional<std::uint32_t> netscaler_magic;  // accept-netscaler-cip: a NetScaler header comes first
  enum class Spoken : std::uint8_t { as_mode, http1, bytes } spoken = Spoken::as_mode;  // proto
  std::vector<ThreadChoice> threads;   // `thread`, as written; none: all
  std::vector<std::uint16_t> workers;  // those it means, once finished; none: all
  std::string cli_level;               // for `stats socket`: user, operator, admin
  std::string cli_severity;            // severity-output: none, number, string
  bool cli_expose_fd = false;
  SourcePosition at;
  std::string signature;
};

struct UseBackend {
  std::string name;  // empty when `format` decides
  std::shared_ptr<const sample::LogFormat> format;
  sample::Condition condition;
  SourcePosition at;
  std::uint32_t number = 0;  // among RuleLines
};

/// `use-server`: the first rule whose condition holds and whose server may serve.
struct UseServer {
  std::string name;  // empty when `format` decides
  std::shared_ptr<const sample::LogFormat> format;
  sample::Condition condition;
  SourcePosition at;
  std::uint32_t number = 0;  // among RuleLines
};

/// `force-persist`, `ignore-persist`: the first that holds decides.
struct PersistRule {
  bool force = false;
  sample::Condition condition;
  std::uint32_t number = 0;  // among RuleLines
};

/// A rule that is nothing but its condition: `force-be-switch`, `monitor fail`, `stats admin`.
struct ConditionRule {
  sample::Condition condition;
  std::uint32_t number = 0;  // among RuleLines
};

struct BalanceConfig {
  std::string algorithm = "random";
  std::string argument;                                  // rdp-cookie(name)
  std::shared_ptr<const sample::Expression> expression;  // hash <expr>
  balance::Options options;
  // uri, url_param, hdr.
  std::uint32_t uri_length = 0;  // len; 0: all
  std::uint32_t uri_depth = 0;   // depth
  bool uri_whole = false;
  bool uri_path_only = false;
  bool check_post = false;
  bool domain_only = false;
  SourcePosition at;
  bool written = false;
};

/// Where the states of servers come from at start: load-server-state-from-file.
enum class ServerStateSource : std::uint8_t { none, global, local };

/// What a defaults section may set and a proxy starts from.
struct ProxySettings {
  Mode mode = Mode::tcp;
  SourcePosition mode_at;
  bool disabled = false;
  Timeouts timeouts;
  LogSettings log;
  std::optional<std::uint32_t> maxconn;
  std::optional<std::uint32_t> fullconn;
  std::optional<int> backlog;
  int retries = 3;
  bool redispatch = false;
  int redispatch_interval = -1;
  bool abort_on_close = false;
  bool keep_on_close = false;  // `no option abortonclose`: HTTP backends abort unless told not to
  bool no_linger = false;
  bool no_splice_request = false;  // `no option splice-request`: weir splices large transfers unless told not to
  bool no_splice_response = false;
  bool client_keepalive = false;
  bool server_keepalive = false;
  io::KeepaliveOptions client_keepalive_options;  // clitcpka-*
  io::KeepaliveOptions server_keepalive_options;  // srvtcpka-*
  bool continuous_stats = false;
  bool smart_accept = false;
  std::optional<bool> smart_connect;  // not told: where the request is there
  bool independent_streams = false;
  bool persist = false;            // option persist
  bool transparent = false;        // option transparent: without a server, where the client wanted to go
  std::uint32_t session_rate = 0;  // rate-limit sessions; 0: none
  bool log_health_checks = false;
  bool persist_rdp_cookie = false;
  std::string rdp_cookie_name = "msts";
  BalanceConfig balance;
  std::optional<SourceSettings> source;
  Timeout grace;
  check::Kind check_kind = check::Kind::connect;
  std::vector<check::Step> check_steps;
  bool check_steps_inherited = false;
  bool http_expects_inherited = false;  // http-check expect: the proxy's own lines replace them
  std::string unique_id_format;
  SourcePosition unique_id_format_at;
  std::shared_ptr<const sample::LogFormat> unique_id_program;  // compiled by finish_config()
  check::ProbeWords probe;                                     // option smtpchk, mysql-check, pgsql-check
  check::CommandWords external;                                // external-check command and path
  bool external_written = false;
  ServerStateSource server_state = ServerStateSource::none;
  std::string default_backend;
  SourcePosition default_backend_at;
  std::shared_ptr<const ServerConfig> default_server;  // null: nothing is set; shared by all that inherit it
  std::string description;
  HttpSettings http;
  std::shared_ptr<const std::vector<std::string>> inherited_lines;  // of the defaults section, words joined
};

/// A name that a line says, and where.
struct NamedAt {
  std::string name;
  SourcePosition at;
};

/// `declare capture`, or what a `capture` action reserved: how long the kept text may be.
struct CaptureSlot {
  std::uint32_t length = 0;
  std::string header;  // capture request|response header: filled from this field; empty: by a rule
};

enum class ProxyKind : std::uint8_t { frontend = 1, backend = 2, listen = 3 };

struct ProxyConfig {
  std::string name;
  std::string guid;
  ProxyKind kind = ProxyKind::listen;
  std::uint32_t id = 0;
  bool explicit_id = false;
  SourcePosition at;
  ProxySettings settings;
  std::string server_state_file;  // server-state-file-name; empty: the backend's name
  std::vector<BindConfig> binds;
  std::vector<ServerConfig> servers;
  sample::AclSet acls;
  Timeout inspect_delay;
  Timeout response_inspect_delay;
  std::vector<Rule> connection_rules;
  std::vector<Rule> session_rules;
  std::vector<Rule> content_rules;
  std::vector<Rule> response_rules;
  std::vector<Rule> http_request_rules;
  std::vector<Rule> http_response_rules;
  std::vector<Rule> http_after_response_rules;
  std::vector<Rule> old_request_rules;   // reqrep and its kin
  std::vector<Rule> old_response_rules;  // rsprep and its kin
  std::vector<Rule> redirect_rules;      // redirect: after http-request
  std::vector<Rule> stats_rules;         // stats http-request
  CaptureSlot captured_cookie;           // capture cookie; its name in `header`; length 0: none
  bool own_stats = false;                // it has a `stats` line: what its defaults section says of them does not count
  bool has_rules = false;  // on lines of its own: of a defaults section, what limits who may start from it
  std::vector<CaptureSlot> request_captures;
  std::vector<CaptureSlot> response_captures;
  std::vector<std::shared_ptr<NameRefs>> names;  // of its own lines, then of the defaults sections behind it
  std::vector<UseBackend> use_backends;
  std::vector<BandwidthFilter> bandwidth_filters;  // in the order of their lines, which is that of their limits
  CompressionFilter compression_filter;
  std::vector<NamedAt> fcgi_filters;           // filter fcgi-app
  std::vector<ConditionRule> be_switch_rules;  // force-be-switch
  std::vector<ConditionRule> monitor_fails;    // monitor fail
  std::vector<ConditionRule> stats_admins;     // stats admin
  std::vector<UseServer> use_servers;
  std::vector<PersistRule> persist_rules;
  SocketAddress dispatch;    // without a server, there; family none: nowhere
  bool unpublished = false;  // be-unpublished: rules of other proxies pass it by until `publish backend`
  std::optional<stick::TableConfig> table;
  std::vector<stick::StickRule> stick_rules;
  std::shared_ptr<RuleLines> rule_lines = std::make_shared<RuleLines>();  // of all its rules
  std::shared_ptr<const std::vector<std::string>> file_names;  // what SourcePosition::file of its rules means
  std::vector<std::string> lines;                              // every line but bind and server, words joined
  std::string settings_signature;                              // lines and inherited lines
  std::string signature;                                       // that, and the signatures of binds and servers

  [[nodiscard]] bool is_frontend() const { return (static_cast<unsigned>(kind) & 1U) != 0; }
  [[nodiscard]] bool is_backend() const { return (static_cast<unsigned>(kind) & 2U) != 0; }
};

struct UserConfig {
  std::string name;
  std::string password;
  bool password_is_hash = true;
  std::vector<std::string> groups;
  friend bool operator==(const UserConfig&, const UserConfig&) = default;
};

struct UserlistConfig {
  std::string name;
  std::vector<UserConfig> users;
  std::map<std::string, std::vector<std::string>> groups;
  SourcePosition at;
};

/// Statuses from 100 to 599, by number.
using StatusCodes = std::bitset<600>;
/// Manual, http-err-codes and http-fail-codes: what they are without a line.
StatusCodes usual_error_codes();
StatusCodes usual_failure_codes();

struct GlobalConfig {
  unsigned threads = 0;  // 0: one per core
  unsigned thread_hard_limit = 0;
  ThreadGroups thread_groups;
  std::vector<CpuMapLine> cpu_map;
  std::vector<unsigned> group_of_thread;  // once finished
  IdleSharing idle_sharing = IdleSharing::own_group;
  std::vector<std::vector<unsigned>> cpus;  // of each thread, once finished; an empty list: wherever
  std::uint32_t maxconn = 0;                // 0: from the descriptor limit
  std::string chroot;
  std::string user, group;
  std::optional<std::uint32_t> uid, gid;
  bool daemon = false;
  bool master_worker = false;
  std::string pidfile;
  std::vector<log::TargetConfig> logs;
  LogProfiles log_profiles;
  std::string log_tag = "haproxy";
  std::optional<std::string> log_send_hostname;
  std::vector<BindConfig> stats_sockets;
  Milliseconds stats_timeout{10'000};
  std::uint32_t stats_maxconn = 10;
  Timeout hard_stop_after;
  Timeout grace;
  std::string node, description, localpeer;
  std::uint64_t bufsize = 16'384;
  std::uint64_t maxrewrite = 1024;                    // tune.maxrewrite
  std::uint32_t max_http_fields = 101;                // tune.http.maxhdr
  StatusCodes error_codes = usual_error_codes();      // http-err-codes
  StatusCodes failure_codes = usual_failure_codes();  // http-fail-codes
  bool keeps_ambiguous_framing = false;               // h1-do-not-close-on-insecure-transfer-encoding
  bool reject_privileged_ports = false;               // harden.reject-privileged-ports.tcp
  std::uint32_t log_uri_length = 1024;                // tune.http.logurilen
  std::uint32_t capture_cookie_length = 63;           // tune.http.cookielen
  using NamePairs = std::vector<std::pair<std::string, std::string>>;
  NamePairs adjusted_names, adjusted_file_names;              // h1-case-adjust, h1-case-adjust-file
  std::shared_ptr<const proto::http1::NameCases> name_cases;  // both, once finished; null: none
  CompressionLimits compression;
  unsigned maxaccept = 0;
  std::uint32_t stick_counters = 3;
  std::uint32_t maxpipes = 0;
  std::uint64_t pipesize = 0;
  std::uint64_t client_rcvbuf = 0, client_sndbuf = 0, server_rcvbuf = 0, server_sndbuf = 0;
  std::uint32_t ulimit_n = 0;
  std::uint32_t fd_hard_limit = 0;
  bool no_splice = false;
  bool no_reuseport = false;
  bool quiet = false;
  bool zero_warning = false;
  bool busy_polling = false;
  bool prealloc_fd = false;
  bool insecure_setuid = false;
  std::optional<bool> dumpable;             // set-dumpable
  std::optional<int> nice_start, nice_run;  // tune.renice.startup, tune.renice.runtime
  std::uint64_t cli_payload = 128 * 1024;   // tune.cli.max-payload-size
  bool strict_limits = true;
  std::string server_state_base, server_state_file;
  struct UnixBind {
    std::string prefix;
    std::optional<std::uint32_t> mode, uid, gid;
  } unix_bind;
  unsigned spread_checks = 0;
  bool pp2_never_send_local = false;
  Timeout max_spread_checks;
  bool external_check = false;
  bool external_check_keeps_environment = false;
  bool insecure_fork_wanted = false;
  std::uint32_t maxconnrate = 0, maxsessrate = 0;  // new ones per second; 0: no limit
  std::string ssl_default_bind_ciphers, ssl_default_bind_ciphersuites;
  std::vector<std::string> ssl_default_bind_options;
  tls::ClientConfig ssl_default_server;  // ssl-default-server-*: what a server's TLS words leave out
  std::optional<tls::Verify> ssl_server_verify;
  std::string ca_base, crt_base;
  sample::VariableLimits variable_limits;  // tune.vars.*
  struct SetVariable {
    sample::VariableName name;
    sample::StoredSample value;
    std::string line;
  };
  std::vector<std::shared_ptr<const SetVariable>> variables;  // set-var, set-var-fmt: what they were when it was read
  std::vector<std::string> lines;                             // words joined, for telling what changed
};

/// Where a rule names a log profile.
struct LogProfileUse {
  std::string name;
  SourcePosition at;
};

/// All of it. Proxies keep the order of the file; ids are unique per kind.
struct Config {
  GlobalConfig global;
  std::vector<std::shared_ptr<ProxyConfig>> proxies;
  std::vector<peers::PeersConfig> peers;
  std::vector<UserlistConfig> userlists;
  std::vector<log::RingConfig> rings;
  std::vector<LogProfileUse> log_profile_uses;
  std::vector<std::string> file_names;
  std::vector<std::string> environment;  // "NAME=value", for `show env`
  std::shared_ptr<const sample::ReferenceBook> references;
  update::UpdateSections updates;
};

}  // namespace weir::proxy
