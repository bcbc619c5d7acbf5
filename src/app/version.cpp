#include "app/version.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include "tls/version.h"

namespace weir::app {
namespace {

// Names that configurations and the wire tests' drivers ask for. What weir does not have is listed too, so that nobody
// wonders.
constexpr config::Feature kFeatures[] = {
    {"ACCEPT4", true}, {"CPU_AFFINITY", true}, {"EPOLL", true},        {"EVPORTS", false}, {"GETADDRINFO", true},
    {"KQUEUE", false}, {"LINUX_SPLICE", true}, {"LINUX_TPROXY", true}, {"LUA", false},     {"NETFILTER", true},
    {"NS", false},     {"OPENSSL", true},      {"PCRE", false},        {"PCRE2", true},    {"PCRE2_JIT", true},
    {"POLL", false},   {"PROMEX", false},      {"QUIC", false},        {"SYSTEMD", false}, {"TFO", true},
    {"THREAD", true},  {"TPROXY", true},       {"ZLIB", true},
};

}  // namespace

std::span<const config::Feature> features() { return kFeatures; }

std::string version_text(bool with_features) {
  std::string text = fmt::format("weir version {}\nHAProxy version {} compatible\n", kVersion, kCompatibleVersion);
  if (!with_features) return text;
  utsname system{};
  uname(&system);
  text += fmt::format("Running on: {} {} {}\n", system.sysname, system.release, system.machine);
  text += fmt::format("Build options :\n  CC      = {}\n", __VERSION__);
  text += "\nFeature list :";
  for (const config::Feature& feature : kFeatures)
    text += fmt::format(" {}{}", feature.enabled ? '+' : '-', feature.name);
  text += "\n\nDefault settings :\n  bufsize = 16384, maxrewrite = 1024, maxpollevents = 256\n";
  text +=
      "\nCompression algorithms supported : identity(\"identity\"), deflate(\"deflate\"), raw-deflate(\"deflate\"), "
      "gzip(\"gzip\"), br(\"br\"), zstd(\"zstd\")\n";
  text += fmt::format("\nBuilt with multi-threading support.\nRunning on OpenSSL version : {}\n", tls::library_name());
  text +=
      "\nAvailable polling systems :\n      epoll : pref=300,  test result OK\nTotal: 1 (1 usable), will use epoll.\n";
  return text;
}

}  // namespace weir::app
