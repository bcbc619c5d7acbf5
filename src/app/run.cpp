#include "app/run.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

#include "app/command_line.h"
#include "app/explain.h"
#include "app/keywords.h"
#include "app/process.h"
#include "app/reference.h"
#include "app/version.h"
#include "config/condition.h"
#include "tls/version.h"

extern char** environ;

namespace weir::app {
namespace {

int evaluate(const std::string& condition) {
  const std::string version = tls::library_version();
  const std::string name = tls::library_name();
  const config::ConditionFacts facts{.version = "3.5.0",
                                     .features = features(),
                                     .options = features(),
                                     .openssl_version = version,
                                     .ssl_library_name = name};
  std::string message;
  const int status = config::condition_exit_status(condition, facts, config::Environment(environ), message);
  if (!message.empty()) std::fprintf(stderr, "%s\n", message.c_str());
  return status;
}

void limit_memory(std::uint64_t megabytes) {
  const rlimit limit{megabytes << 20, megabytes << 20};
  (void)::setrlimit(RLIMIT_AS, &limit);
}

}  // namespace

int run(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "explain") return explain({argv + 2, argv + argc});
  auto line = parse_command_line(argc, argv);
  if (!line) {
    std::fprintf(stderr, "%s\n%s", line.error().message.c_str(), usage(argv[0]).c_str());
    return 1;
  }
  if (line->version) {
    std::fputs(version_text(line->features).c_str(), stdout);
    return 0;
  }
  if (line->reference) {
    std::fputs(reference_markdown().c_str(), stdout);
    return 0;
  }
  if (line->reference_page) {
    std::fputs(reference_html().c_str(), stdout);
    return 0;
  }
  if (line->condition) return evaluate(*line->condition);
  if (!line->directory.empty() && ::chdir(line->directory.c_str()) != 0) {
    std::fprintf(stderr, "cannot change to directory '%s'\n", line->directory.c_str());
    return 1;
  }
  if (line->keyword_classes) {
    const std::string text = list_keywords(*line->keyword_classes);
    if (text.empty()) std::fprintf(stderr, "-dK knows these classes:\n%s", list_keywords("help").c_str());
    std::fputs(text.c_str(), stdout);
    if (text.empty()) return 1;
    if (!line->check_only) return 0;
  }
  if (line->files.empty()) {
    std::fputs(version_text(false).c_str(), stdout);
    std::fputs(usage(argv[0]).c_str(), stdout);
    return 1;
  }
  if (line->memory_megabytes) limit_memory(*line->memory_megabytes);
  const bool check_only = line->check_only;
  Process process(std::move(*line));
  return check_only ? process.check() : process.serve();
}

}  // namespace weir::app
