// What `mode http` adds to a proxy's settings. Manual: 4.2.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/network.h"
#include "proxy/filter/compression.h"
#include "sample/expression.h"
#include "sample/log_format.h"

namespace weir::proxy {

struct FcgiApp;
struct StatsConfig;

/// One field of an answer of our own; the value is a format.
struct ReplyField {
  std::string name;
  std::shared_ptr<const sample::LogFormat> value;
};

/// An answer of our own: an error page, `http-request return`, `http-error`. Immutable, shared by all who give it.
struct Reply {
  enum class Body : std::uint8_t {
    none,
    page,    // the page of the status: errorfile, errorfiles, http-error or the built-in one
    text,    // `text` as it is
    format,  // `format` with the request's values
    silent,  // no answer at all: the connection just ends
  };
  std::uint16_t status = 200;
  std::uint16_t stands_for = 0;  // of a page: the status it is given for and logged as; 0: its own
  Body body = Body::none;
  bool closes = false;                                      // the connection ends after it
  std::string reason;                                       // empty: the usual one
  std::vector<std::pair<std::string, std::string>> fields;  // of a page that holds a whole answer
  std::vector<ReplyField> added;                            // hdr
  std::string content_type;
  std::string text;
  std::shared_ptr<const sample::LogFormat> format;
  std::shared_ptr<const std::map<std::uint16_t, std::shared_ptr<const Reply>>> pages;  // errorfiles: of that section
};
using ReplyPtr = std::shared_ptr<const Reply>;

using Pages = std::map<std::uint16_t, ReplyPtr>;
/// `errorfiles`: pages of an http-errors section, which may be read later than the line.
struct SectionPages {
  std::shared_ptr<const Pages> pages;
  std::vector<std::uint16_t> only;  // none: all of them
  Pages older;                      // of the lines above it
};

/// option http-keep-alive, http-server-close, httpclose: what happens to connections after an answer.
enum class AfterAnswer : std::uint8_t { keep_alive, server_close, close };

/// tune.idle-pool.shared: which threads lend each other connections that rest.
enum class IdleSharing : std::uint8_t { nobody, own_group, all };

/// http-reuse: which requests may travel over connections that others opened.
enum class Reuse : std::uint8_t { never, safe, aggressive, always };

/// option forwardfor, option originalto: an address told in a field.
struct AddressField {
  bool enabled = false;
  bool if_none = false;
  std::string name;  // empty: the option's own
  std::optional<IpNetwork> except;
};

/// option forwarded: the pairs of the Forwarded field, each with what the option itself knows, or an expression.
struct ForwardedSettings {
  struct Pair {
    bool told = false;
    std::shared_ptr<const sample::Expression> expression;  // null: the option's own
  };
  bool proto = false;
  Pair host, by, by_port, for_, for_port;
};

/// retry-on: after which failures the request is sent again. Bits.
namespace retry {
enum : std::uint32_t {
  conn_failure = 1,
  empty_response = 2,
  junk_response = 4,
  response_timeout = 8,
  rtt_rejected = 16,
};
}  // namespace retry

/// `cookie`: how a server is remembered in the client's cookie.
struct CookieSettings {
  std::string name;  // empty: none
  enum class How : std::uint8_t { passive, insert, rewrite, prefix } how = How::passive;
  bool indirect = false;
  bool nocache = false;
  bool postonly = false;
  bool preserve = false;
  bool httponly = false;
  bool secure = false;
  bool dynamic = false;
  std::vector<std::string> domains;
  std::vector<std::string> attributes;
  std::uint32_t max_idle = 0;  // seconds; 0: none
  std::uint32_t max_life = 0;
};

struct HttpSettings {
  AfterAnswer after_answer = AfterAnswer::keep_alive;
  Reuse reuse = Reuse::safe;
  AddressField forward_for;
  AddressField original_to;
  std::shared_ptr<const ForwardedSettings> forwarded;  // null: none
  bool adjust_client_names = false;                    // option h1-case-adjust-bogus-client
  bool adjust_server_names = false;                    // option h1-case-adjust-bogus-server
  bool pretend_keepalive = false;
  bool use_proxy_header = false;  // option http-use-proxy-header
  bool buffer_request = false;
  bool accept_unsafe_request = false;
  bool accept_unsafe_response = false;
  bool ignore_probes = false;
  bool prefer_last_server = false;
  std::uint32_t max_session_servers = 5;  // max-session-srv-conns; weir keeps one at most
  bool restrict_names_delete = false;     // option http-restrict-req-hdr-names
  bool restrict_names_reject = false;
  bool restrict_names_written = false;
  std::uint32_t retry_on = retry::conn_failure;
  std::vector<std::uint16_t> retry_statuses;
  std::uint32_t max_keep_alive_queue = 0;
  bool max_keep_alive_queue_set = false;
  std::string send_name_header;
  std::string unique_id_header;
  std::string monitor_uri;
  std::shared_ptr<const StatsConfig> stats;  // of `stats` lines; null: no statistics page
  CookieSettings cookie;
  std::string dynamic_cookie_key;
  Pages pages;                                             // errorfile, errorloc, http-error
  std::vector<SectionPages> section_pages;                 // errorfiles; the last one counts
  std::shared_ptr<const CompressionSettings> compression;  // null: no word was said of it
  std::shared_ptr<const FcgiApp> fcgi_app;                 // use-fcgi-app; null: none
};

}  // namespace weir::proxy
