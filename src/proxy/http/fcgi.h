// A request to a FastCGI application: what an exchange has beside it, and where it leaves the path of HTTP/1.
//
//   judge.cpp            note_fcgi_params()    set-param and pass-header are asked, behind the request's rules
//   tcp/connect.cpp      ask_fcgi_values()     option get-values: on a new connection, before anything else
//   send.cpp             begin_fcgi()          the request becomes parameters (fcgi_params.cpp), its body STDIN
//   filtered_body.cpp    the body leaves in records
//   body.cpp             decode_records()      records come off the answer, as chunks come off others
//   response.cpp         read_fcgi_response()  a CGI answer's head; from here on it is an answer like any other
//   finish.cpp           fcgi_server_stays()   whether the connection rests
//
// A connection carries one request at a time, always number 1: the specification leaves that to the web server, and
// queues, limits and retries stay those of HTTP/1. Manual: 10.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/fcgi/record.h"

namespace weir::proxy {

struct BodyState;
struct FcgiApp;
struct Flow;
struct Session;

/// Lives as long as the request; the answer's part begins anew with each attempt.
struct FcgiStream {
  Session* session = nullptr;
  std::vector<std::pair<std::string_view, std::string_view>> params;  // set-param; the values in the exchange's texts
  std::vector<std::string_view> passed;                               // pass-header

  struct Values {
    bool asked = false;
    bool known = false;
  } values;  // of this attempt's connection

  struct Answer {
    proto::fcgi::RecordReader reader;
    std::uint64_t left = 0;   // of a body whose length was told
    bool counted = false;     // it was
    bool dropped = false;     // the client gets none of it: HEAD, 204, 304
    bool over = false;        // END_REQUEST was read
    std::uint8_t status = 0;  // and said this
    bool extra = false;       // something came behind it
  } answer;
  std::string error_line;  // of STDERR, until its end has come
};

/// The application of the session's backend, which has one.
[[nodiscard]] const FcgiApp& app_of(const Session& session);
/// Asks set-param and pass-header. False: a text does not fit, and the client has been told.
[[nodiscard]] bool note_fcgi_params(Session& session);
/// A new connection to an application whose variables are wanted. False: it has not answered yet, or the attempt is
/// over.
[[nodiscard]] bool ask_fcgi_values(Session& session);
/// Settles what is sent and how the answer is read. False: the client has been answered.
[[nodiscard]] bool begin_fcgi(Session& session);
/// BEGIN_REQUEST and the parameters in the worker's scratch buffer. Empty: they do not fit, or there is no path.
[[nodiscard]] std::string_view write_fcgi_head(Session& session);
/// Takes records off what is there: output moves up to the flow's start, STDERR is logged. False: they are broken.
[[nodiscard]] bool decode_records(Flow& flow, BodyState& body);
/// The connection ended without END_REQUEST: whether all of the body is there all the same.
[[nodiscard]] bool has_whole_body(const BodyState& body);
[[nodiscard]] bool fcgi_server_stays(const Session& session);
/// The client has left: the application is told.
void abort_fcgi(Session& session);

}  // namespace weir::proxy
