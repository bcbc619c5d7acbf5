// What the FastCGI application of the backend is. Manual: 10.1.
#include "proxy/fetch/tables.h"
#include "proxy/http/fcgi_app.h"
#include "proxy/plan.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {
namespace {

using namespace sample::vocabulary;

// Before a backend is chosen, a `listen` section answers for itself.
const FcgiApp* app_of(const Context& context) {
  if (context.session == nullptr) return nullptr;
  const Session& session = *context.session;
  const ProxyConfig& proxy = session.backend ? *session.backend->config : *session.frontend->config;
  return proxy.settings.http.fcgi_app.get();
}

template <std::string FcgiApp::* Member>
FetchStatus text(const Args&, Context& context, Sample& out) {
  const FcgiApp* app = app_of(context);
  if (app == nullptr || (app->*Member).empty()) return FetchStatus::absent;
  out = Sample::string(app->*Member);
  return FetchStatus::ok;
}

constexpr Fetch kRows[] = {
    {.name = "fcgi.docroot",
     .needs = Facts::session,
     .out = Type::string,
     .fetch = text<&FcgiApp::docroot>,
     .doc = "The document root of the backend's FastCGI application.",
     .examples = {{{"fcgi.docroot", "/srv/www"}}}},
    {.name = "fcgi.index",
     .needs = Facts::session,
     .out = Type::string,
     .fetch = text<&FcgiApp::index>,
     .doc = "The index script of the backend's FastCGI application.",
     .examples = {{{"fcgi.index", "index.php"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> fcgi_fetches{kRows};
}  // namespace weir::proxy
