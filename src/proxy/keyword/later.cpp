// Words that many files have and this version refuses, each with its reason. A word that stands nowhere is unknown.
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using config::dropped;
using config::KeywordRow;
namespace in = config::in;

constexpr std::string_view kHttp = "it is not available in this version";
constexpr std::string_view kNotYet = "it is not available in this version";
constexpr std::string_view kLua = "Lua is not available in this version";
constexpr std::string_view kOneProcess = "weir is one process with threads";

constexpr KeywordRow kRows[] = {
    dropped("appsession", in::proxies, "it is gone", "stick on"),
    dropped("bind-process", in::proxies, kOneProcess),
    dropped("cpu-policy", in::global, kNotYet),
    dropped("default-path", in::global, kNotYet),
    dropped("email-alert", in::proxies, kNotYet),
    dropped("filter", in::defaults, "a filter belongs to one proxy and has no place in a defaults section"),
    dropped("grace", in::proxies, "it is gone from proxies", "hard-stop-after"),
    dropped("http-check", in::proxies, "checks of several HTTP steps are not available in this version",
            "http-check send, http-check expect"),
    dropped("lua-load", in::global, kLua),
    dropped("lua-load-per-thread", in::global, kLua),
    dropped("lua-prepend-path", in::global, kLua),
    dropped("maxsslconn", in::global, "bind lines do not speak TLS in this version"),
    dropped("maxsslrate", in::global, "bind lines do not speak TLS in this version"),
    dropped("monitor-net", in::proxies, "it is gone", "tcp-request connection reject"),
    dropped("nbproc", in::global, kOneProcess, "nbthread"),
    dropped("option checkcache", in::proxies, kHttp),
    dropped("option http_proxy", in::proxies, kHttp),
    dropped("option httpslog", in::proxies, kHttp),
    dropped("option socket-stats", in::proxies, "statistics of single bind lines are not kept in this version"),
    dropped("option spop-check", in::proxies, kNotYet),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> later_keywords{kRows};

}  // namespace weir::proxy
