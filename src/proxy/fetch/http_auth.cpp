// Who a request says it is from: the Authorization field, and the userlists that know better. Manual 7.3.6, 12.2.
//
// Basic credentials are decoded into the arena for one evaluation. RFC 9110 11.4, RFC 7617, RFC 6750.
#include <fmt/format.h>

#include "proto/http/text.h"
#include "proxy/fetch/tables.h"
#include "proxy/http/credentials.h"
#include "proxy/http/exchange.h"
#include "proxy/names.h"
#include "proxy/tcp/session.h"
#include "proxy/userlist.h"
#include "sample/fetch/http.h"

namespace weir::proxy {
namespace {

using namespace sample::vocabulary;
using proto::http::FieldId;
using proto::http::same_name;
using sample::args;
using sample::HttpMessage;

FetchStatus read_field(Context& context, const proto::http::FieldName& name, Authorization& out) {
  HttpMessage message;
  if (const FetchStatus found = find_message(context, sample::Side::request, message); found != FetchStatus::ok)
    return found;
  const proto::http::Field* field = message.head->find(name);
  if (field == nullptr) return FetchStatus::absent;
  out = Authorization(field->value);
  return out.scheme.empty() || out.rest.empty() ? FetchStatus::absent : FetchStatus::ok;
}

// Manual, option http-use-proxy-header: of a request for a proxy, its own field.
const proto::http::FieldName& field_of(const Context& context) {
  static const proto::http::FieldName kName("authorization");
  static const proto::http::FieldName kProxyName("proxy-authorization");
  const Session* session = context.session;
  return session != nullptr && session->http != nullptr && session->http->proxied ? kProxyName : kName;
}

FetchStatus read_basic(Context& context, BasicCredentials& out) {
  Authorization field;
  if (const FetchStatus found = read_field(context, field_of(context), field); found != FetchStatus::ok) return found;
  const auto told = basic_credentials(field, context.arena);
  if (!told) return FetchStatus::absent;
  out = *told;
  return FetchStatus::ok;
}

const UserlistConfig* list_of(const Args& args) { return static_cast<const UserlistRef*>(args[0].object)->list.get(); }

FetchStatus http_auth(const Args& args, Context& context, Sample& out) {
  const UserlistConfig* list = list_of(args);
  BasicCredentials told;
  if (const FetchStatus found = read_basic(context, told); found != FetchStatus::ok) return found;
  out = Sample::boolean(list != nullptr && authenticated(*list, told.user, told.password) != nullptr);
  return FetchStatus::ok;
}

// An ACL looks at the groups, one by one; the password is checked for the first of them only.
FetchStatus http_auth_group(const Args& args, Context& context, Sample& out) {
  const UserlistConfig* list = list_of(args);
  if (list == nullptr) return FetchStatus::absent;
  sample::Occurrences* each = context.each;
  const UserConfig* user = nullptr;
  if (each != nullptr && each->item != 0) {
    user = &list->users[each->offset];
  } else {
    BasicCredentials told;
    if (const FetchStatus found = read_basic(context, told); found != FetchStatus::ok) return found;
    user = authenticated(*list, told.user, told.password);
    if (user == nullptr) return FetchStatus::absent;
  }
  if (each == nullptr) {
    out = Sample::string(user->name);
    return FetchStatus::ok;
  }
  const std::string_view group = group_of(*list, *user, each->item++);
  each->offset = static_cast<std::size_t>(user - list->users.data());
  if (group.empty()) return FetchStatus::absent;
  each->more = true;
  out = Sample::string(group);
  return FetchStatus::ok;
}

FetchStatus http_auth_bearer(const Args& args, Context& context, Sample& out) {
  Authorization field;
  const auto* prepared = static_cast<const sample::PreparedName*>(args.prepared);
  const FetchStatus found = read_field(context, prepared == nullptr ? field_of(context) : prepared->field, field);
  if (found != FetchStatus::ok) return found;
  if (!same_name(field.scheme, "bearer")) return FetchStatus::absent;
  out = Sample::string(field.rest);
  return FetchStatus::ok;
}

FetchStatus http_auth_pass(const Args&, Context& context, Sample& out) {
  BasicCredentials told;
  if (const FetchStatus found = read_basic(context, told); found != FetchStatus::ok) return found;
  out = Sample::string(told.password);
  return FetchStatus::ok;
}
FetchStatus http_auth_user(const Args&, Context& context, Sample& out) {
  BasicCredentials told;
  if (const FetchStatus found = read_basic(context, told); found != FetchStatus::ok) return found;
  out = Sample::string(told.user);
  return FetchStatus::ok;
}
// COMPAT: observed on 2.6: Bearer too, which the manual does not say.
FetchStatus http_auth_type(const Args& args, Context& context, Sample& out) {
  BasicCredentials told;
  const FetchStatus basic = read_basic(context, told);
  if (basic == FetchStatus::need_more) return basic;
  if (basic == FetchStatus::ok) {
    out = Sample::string("Basic");
    return basic;
  }
  if (const FetchStatus bearer = http_auth_bearer(args, context, out); bearer != FetchStatus::ok) return bearer;
  out = Sample::string("Bearer");
  return FetchStatus::ok;
}

constexpr std::string_view kAda = "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRhOnMzY3JldA==\r\n\r\n";
constexpr std::string_view kToken =
    "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ab.cd\r\nX-Token: Bearer ef\r\n\r\n";

constexpr Fetch kRows[] = {
    {.name = "http_auth",
     .args = args(1, {ArgKind::userlist}),
     .needs = Facts::http_request,
     .out = Type::boolean,
     .fetch = http_auth,
     .doc = "Whether the request brings the name and password (Basic) of a user of the list.",
     .given = {.request = kAda},
     .examples = {{{"http_auth(staff)", "1"}}}},
    {.name = "http_auth_bearer",
     .args = args(0, {ArgKind::string}),
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = http_auth_bearer,
     .prepare = sample::prepare_field_name,
     .doc = "The token of a Bearer authorization, in Authorization or another field. It is not checked.",
     .given = {.request = kToken},
     .examples = {{{"http_auth_bearer", "ab.cd"}, {"http_auth_bearer(x-token)", "ef"}}}},
    {.name = "http_auth_group",
     .args = args(1, {ArgKind::userlist}),
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = http_auth_group,
     .doc = "The user's name, when the list has it and the password is right. An ACL looks at the user's groups.",
     .given = {.request = kAda},
     .examples = {{{"http_auth_group(staff)", "ada"}}},
     .each = true},
    {.name = "http_auth_pass",
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = http_auth_pass,
     .doc = "The password of a Basic authorization. It is not checked.",
     .given = {.request = kAda},
     .examples = {{{"http_auth_pass", "s3cret"}}}},
    {.name = "http_auth_type",
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = http_auth_type,
     .doc = "How the request says who it is from: Basic or Bearer; absent for anything else.",
     .given = {.request = kAda},
     .examples = {{{"http_auth_type", "Basic"}}}},
    {.name = "http_auth_user",
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = http_auth_user,
     .doc = "The user's name of a Basic authorization. It is not checked.",
     .given = {.request = kAda},
     .examples = {{{"http_auth_user", "ada"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> http_auth_fetches{kRows};
}  // namespace weir::proxy
