// What went wrong with the connections of a session. Manual 7.3.3, fc_err_str.
#include "proxy/connection_error.h"
#include "proxy/fetch/tables.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {
namespace {

using namespace sample::vocabulary;

FetchStatus number(const Context& context, Side Session::* which, Sample& out) {
  if (context.session == nullptr) return FetchStatus::absent;
  out = Sample::integer((context.session->*which).error);
  return FetchStatus::ok;
}
FetchStatus words(const Context& context, Side Session::* which, std::string_view ConnectionErrorRow::* what,
                  Sample& out) {
  if (context.session == nullptr) return FetchStatus::absent;
  out = Sample::string(connection_error((context.session->*which).error).*what);
  return FetchStatus::ok;
}

FetchStatus bc_err(const Args&, Context& context, Sample& out) { return number(context, &Session::server, out); }
FetchStatus bc_err_name(const Args&, Context& context, Sample& out) {
  return words(context, &Session::server, &ConnectionErrorRow::name, out);
}
FetchStatus bc_err_str(const Args&, Context& context, Sample& out) {
  return words(context, &Session::server, &ConnectionErrorRow::message, out);
}
FetchStatus fc_err(const Args&, Context& context, Sample& out) { return number(context, &Session::client, out); }
FetchStatus fc_err_name(const Args&, Context& context, Sample& out) {
  return words(context, &Session::client, &ConnectionErrorRow::name, out);
}
FetchStatus fc_err_str(const Args&, Context& context, Sample& out) {
  return words(context, &Session::client, &ConnectionErrorRow::message, out);
}

constexpr Fetch kRows[] = {
    {.name = "bc_err",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = bc_err,
     .doc = "The number of the error that the server's connection met, 0 for none; as listed with fc_err_str.",
     .examples = {{{"bc_err", "46"}}}},
    {.name = "bc_err_name",
     .needs = Facts::session,
     .out = Type::string,
     .fetch = bc_err_name,
     .doc = "That error as one word; empty for none.",
     .examples = {{{"bc_err_name", "EREFUSED"}}}},
    {.name = "bc_err_str",
     .needs = Facts::session,
     .out = Type::string,
     .fetch = bc_err_str,
     .doc = "That error in words.",
     .examples = {{{"bc_err_str", "ECONNREFUSED returned by OS"}}}},
    {.name = "fc_err",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = fc_err,
     .doc = "The number of the error that the client's connection met, 0 for none.",
     .examples = {{{"fc_err", "0"}}}},
    {.name = "fc_err_name",
     .needs = Facts::session,
     .out = Type::string,
     .fetch = fc_err_name,
     .doc = "That error as one word; empty for none.",
     .examples = {{{"fc_err_name", ""}}}},
    {.name = "fc_err_str",
     .needs = Facts::session,
     .out = Type::string,
     .fetch = fc_err_str,
     .doc = "That error in words: Success, ECONNRESET returned by OS, ...",
     .examples = {{{"fc_err_str", "Success"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> error_fetches{kRows};
}  // namespace weir::proxy
