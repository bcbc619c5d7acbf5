// One request and its answer: what an HTTP session has while it serves somebody, and gives back when it has.
//
//   requesting -> inspecting (-> tarpit) -> queued -> connecting -> relaying -> requesting -> ...
//
// The session's struct is the client's connection; this is the stream on it. Heads are tables of slices into the flows'
// buffers or into `texts`; rules edit the tables, and the outgoing head is written once, straight before it is sent. So
// the request's head stays where it was received until an answer begins: a server's connection that turns out dead
// costs nothing but another attempt. Nothing here knows the version that either side speaks: HTTP/1 is read and written
// in request.cpp, response.cpp and body.cpp alone. Owned by its worker's pool; an idle connection has none.
// Manual: 1.3, 4.2 (option http-keep-alive ...), 8.5.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/http/framing.h"
#include "proto/http/head.h"
#include "proto/http1/codec.h"
#include "proxy/filter/body_filter.h"
#include "proxy/http/fcgi.h"
#include "proxy/http/service.h"
#include "proxy/http/settings.h"
#include "proxy/http/text_store.h"
#include "proxy/rule/rule.h"

namespace weir::proxy {

struct Session;
class ServerState;

/// Which rules are asked next, in this order.
enum class RequestStage : std::uint8_t {
  arrived,
  front_content,
  front_http,
  front_stats,
  front_old,
  front_redirect,
  choose,
  back_content,
  back_http,
  back_stats,
  back_old,
  back_redirect,
  ready
};
enum class ResponseStage : std::uint8_t { back_content, back_http, back_old, front_http, front_old, ready };

/// A direction's body on its way.
struct BodyState {
  proto::http::Framing framing;
  proto::http1::BodyReader reader;
  std::string unsent;                  // of a head or of chunk framing: before anything else leaves
  std::string trailers;                // as received, without the last empty line
  std::unique_ptr<BodyFilter> filter;  // null: it passes as it is
  FcgiStream* records = nullptr;       // it comes in records of FastCGI; has a filter then. Null: it does not
  std::uint32_t decoded = 0;           // bytes at the flow's start that are body already, their framing taken off
  bool chunked_out = false;
  bool keep_buffer = false;  // what has been sent stays in the buffer: it may have to be sent again
  bool read_over = false;    // its last byte has been read
  bool over = false;         // and has left
  // Where its framing was found broken: the piece's begin in the buffer, the fault in the piece.
  proto::http::Violation violation = proto::http::Violation::none;
  std::uint32_t broken_from = 0;
  std::uint32_t broken_at = 0;
  void clear() { *this = BodyState(); }
  /// Between its bytes there are others: `decoded` says how many of the flow are the body's.
  [[nodiscard]] bool is_framed() const { return framing.kind == proto::http::BodyKind::chunked || records != nullptr; }
};

/// Lines of the head that reqpass excused from the rules after it: 0 is the start line, then the fields.
struct PassedLines {
  std::uint64_t bits[8] = {};
  [[nodiscard]] bool has(std::size_t line) const { return line < 512 && ((bits[line / 64] >> (line % 64)) & 1U) != 0; }
  void add(std::size_t line) {
    if (line < 512) bits[line / 64] |= std::uint64_t{1} << (line % 64);
  }
};

/// What a rule has decided to answer.
struct AnswerOrder {
  const Reply* reply = nullptr;  // owned by the rule, the configuration or `kept`
  ReplyPtr kept;
  std::vector<std::pair<std::string_view, std::string_view>> fields;  // more of them, in the exchange's texts
  bool late = false;                                                  // it is refused because it took too long
};

/// How far it is: values, begun anew for each request.
struct ExchangeState {
  std::uint32_t head_size = 0;  // the request's head, at the flow's start: kept there until an answer begins
  // Where the body begins, to send it again.
  std::uint32_t body_start = 0;
  std::uint32_t body_decoded = 0;
  proto::http1::BodyReader body_reader;
  bool body_read_over = false;

  RequestStage stage = RequestStage::arrived;
  ResponseStage response_stage = ResponseStage::back_content;
  std::uint16_t next_rule = 0;
  std::uint32_t asked = 0;  // the question to another worker for a server's connection; 0: none
  std::uint32_t response_scanned = 0;
  const Reply* tarpit = nullptr;

  // For the log, once the head is gone. In the exchange's texts.
  std::string_view method;
  std::string_view target;
  std::string_view version;
  proto::http::Method request_method = proto::http::Method::other;
  proto::http::Version request_version = proto::http::Version::http11;
  std::string_view response_version;
  std::string_view connection_name;  // of the server's, by pool-conn-name
  std::uint16_t status = 0;          // 0: none was sent
  std::uint16_t server_status = 0;   // 0: the server sent none
  std::string_view served_by;        // the log's name for what answers from inside; empty: nothing does
  char cookie_in = '-';              // manual 8.5: what the client's cookie was
  char cookie_out = '-';             // and what was done about it in the answer

  std::optional<proto::coding::Coding>
      wanted_coding;                            // what the client takes of what the answer may be compressed with
  std::optional<proto::coding::Coding> coding;  // what it is compressed with

  std::shared_ptr<ServerState> cookie_server;  // that it names, whether or not it is up
  std::int64_t cookie_first = 0;               // maxlife: when the client first got it; 0: unknown

  bool request_head_alive = true;  // its slices are still good
  bool client_keep_alive = false;  // the client's connection may bring another request
  bool wanted_keep_alive = false;  // as the request wanted it
  bool request_in_buffer = false;  // the whole request still lies in the buffer: it can be sent again
  bool request_broken = false;     // the server stopped taking it
  bool proxied = false;            // meant for a proxy, and option http-use-proxy-header heeds that
  bool reused = false;             // over a server's connection that was there
  bool response_begun = false;     // the server's final head is there
  bool response_paused = false;    // a rule of the response waits
  bool response_sent = false;      // its head left: no other answer can be given
  bool local = false;              // the answer is ours
  bool tunnel = false;
  bool untimed = false;            // the log has no time of the request
  bool bad_request = false;        // there is no request: <BADREQ>
  bool continue_sent = false;      // 100 Continue was ours
  bool body_wanted = false;        // a rule or an option waits for the body before it goes on
  bool look_again = false;         // the rules have an old view of the body: they are asked again from here on
  bool pausing = false;            // a rule holds it until the session's phase deadline
  bool body_over_due = false;      // and has waited long enough
  bool strict_rewrites = true;     // http-request strict-mode
  bool retry_forbidden = false;    // http-request disable-l7-retry
  bool server_shared = false;      // the server's connection has served other clients
  bool server_private = false;     // and must not serve another
  bool server_login = false;       // for the client has logged in over it
  bool server_closes = false;      // a rule has told the server so
  bool compression_asked = false;  // the request was looked at for what it says of compression
  TimePoint body_deadline = TimePoint::max();
  Timeout tunnel_timeout, server_timeout, client_timeout, connect_timeout, queue_timeout,
      tarpit_timeout;  // set-timeout
};

struct HttpExchange : ExchangeState {
  HttpExchange(std::size_t fields, io::BufferPool& pool)
      : request_fields(std::make_unique<proto::http::Field[]>(fields)),
        response_fields(std::make_unique<proto::http::Field[]>(fields)),
        request({request_fields.get(), fields}),
        response({response_fields.get(), fields}),
        texts(pool) {}

  std::unique_ptr<proto::http::Field[]> request_fields;
  std::unique_ptr<proto::http::Field[]> response_fields;
  proto::http::Head request;
  proto::http::Head response;
  TextStore texts;
  BodyState request_body;
  BodyState response_body;
  AnswerOrder answer;
  std::unique_ptr<FcgiStream> fcgi;    // its backend's servers may speak FastCGI; null: they do not
  std::unique_ptr<ServedBody> served;  // the rest of an answer from inside; null: none is left
  PassedLines passed;

  void clear();
};

/// The exchanges of one worker, kept for the next request.
class ExchangePool {
 public:
  HttpExchange& take(std::size_t fields, io::BufferPool& pool) {
    if (free_.empty()) free_.push_back(std::make_unique<HttpExchange>(fields, pool));
    HttpExchange* taken = free_.back().release();
    free_.pop_back();
    return *taken;
  }
  void give(HttpExchange& exchange) {
    exchange.clear();
    if (free_.size() < kKept)
      free_.emplace_back(&exchange);
    else
      delete &exchange;
  }

 private:
  static constexpr std::size_t kKept = 256;
  std::vector<std::unique_ptr<HttpExchange>> free_;
};

}  // namespace weir::proxy
