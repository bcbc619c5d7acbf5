#include "app/load_options.h"

#include <unistd.h>

#include "app/keywords.h"
#include "app/version.h"
#include "tls/version.h"

extern char** environ;

namespace weir::app {

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

proxy::LoadOptions load_options(const CommandLine& line) {
  static const std::string tls_version = tls::library_version();
  static const std::string tls_name = tls::library_name();
  proxy::LoadOptions options;
  options.table = &keyword_table();
  options.registry = &sample_registry();
  options.environment = environ;
  options.facts = {.version = "3.5.0",
                   .features = features(),
                   .options = features(),
                   .openssl_version = tls_version,
                   .ssl_library_name = tls_name};
  options.local_peer = line.local_peer;
  options.master_worker = line.master_worker;
  options.insecure_fork = line.insecure_fork;
  options.finish.ignore_resolution_failures = line.ignore_resolution_failures;
  options.finish.no_server_verify = line.no_server_verify;
  return options;
}

}  // namespace weir::app
