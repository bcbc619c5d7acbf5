// layers: proxy check peers log resolve stick balance tls sample config proto io base
// Text as the lines of a listen section: rules, ACLs, captures, variables. What is taken runs over the bytes behind the
// first NUL as a client's, in pieces and then for the last time: rules may wait, and must decide once they may not.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "proxy/keyword/load.h"
#include "proxy/tcp/session.h"
#include "proxy/test_tables.h"
#include "sample/testing/fixture.h"

namespace {
using namespace weir;
using namespace weir::proxy;

/// Files and other hosts are left out, and the keywords of other fuzz targets.
bool is_ours(std::string_view text) {
  for (const std::string_view line : {"tcp-re", "acl", "declare"})
    if (text.starts_with(line)) return !text.contains(" -f ") && !text.contains("-f\t") && !text.contains("map");
  return false;
}

std::string lines_of(std::string_view text) {
  std::string taken;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (is_ours(line)) taken += " " + std::string(line) + "\n";
  }
  return taken;
}

void run(const ProxyConfig& proxy, std::string_view bytes) {
  sample::testing::Surroundings here;
  Session session;
  auto frontend = std::make_shared<FrontendPlan>();
  frontend->config = std::shared_ptr<const ProxyConfig>(std::shared_ptr<void>(), &proxy);
  session.frontend = std::move(frontend);
  session.facts.client = here.client;
  session.facts.local = here.local;
  std::uint16_t next = 0;
  Verdict verdict = Verdict::wait;
  for (std::size_t size = 0; verdict == Verdict::wait && size <= bytes.size(); size += 1 + bytes.size() / 3) {
    here.request.bytes = bytes.substr(0, size);
    sample::Context context = here.context(false);
    context.session = &session;
    verdict = run_rules(proxy.content_rules, next, context, session, nullptr);
    here.arena.reset();
  }
  here.request.bytes = bytes;
  sample::Context context = here.context(true);
  context.session = &session;
  if (verdict == Verdict::wait) verdict = run_rules(proxy.content_rules, next, context, session, nullptr);
  WEIR_ASSERT(verdict != Verdict::wait && verdict != Verdict::next);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 16'384));
  const std::size_t end = std::min(input.find('\0'), input.size());
  std::string text = "listen l\n bind 127.0.0.1:4440\n server s 127.0.0.1:80\n stick-table type ip size 10\n" +
                     lines_of(input.substr(0, end));
  std::vector<config::SourceFile> sources;
  sources.push_back({"fuzz.cfg", std::move(text)});
  Diagnostics diagnostics;
  const auto config = load_config(
      std::move(sources), {.table = &test_keywords(), .registry = &test_registry(), .local_peer = "fuzz"}, diagnostics);
  static_cast<void>(diagnostics.render(Severity::diag));
  WEIR_ASSERT(config.has_value() == !diagnostics.has_errors());
  if (config) run(*config->proxies[0], input.substr(std::min(end + 1, input.size())));
  return 0;
}
