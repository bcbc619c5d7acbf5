// layers: sample proto base
// Text as an expression, as a condition and as a log format; what compiles is evaluated over the rest of the input.
//
// The first line is the text, the bytes behind it are the client's. Evaluation may never read outside them, and what
// was unknown must be decided once the input is final.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/outside.h"
#include "sample/condition.h"
#include "sample/log_format.h"
#include "sample/registry.h"

namespace {
using namespace weir;
using namespace weir::sample;

const Registry& registry() {
  static const Registry all({.fetches = sample_fetches(),
                             .converters = sample_converters(),
                             .acl_keywords = sample_acl_keywords(),
                             .log_aliases = {}});
  return all;
}

/// The fuzzer shall not read the disk, whatever file a pattern list or a map names.
const bool kNoFiles = [] {
  static const Outside none{
      .open_for_reading = [](const std::string&) -> Result<int> { return fail("no files here"); },
      .look_up = [](Lookup, const std::string&) -> Result<std::string> { return fail("no names here"); }};
  set_outside(none);
  return true;
}();
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view text = input.substr(0, end);
  if (text.size() > 4096) return 0;
  Payload request{.bytes = input.substr(std::min(end + 1, input.size())), .closed = false};
  static Arena arena;
  arena.reset();
  const SocketAddress client = SocketAddress::ipv4(0x0a000001, 4000);
  const ConnectionFacts facts{.source = &client, .destination = &client};
  Context open{.arena = arena, .client = &facts, .request = &request, .response = &request};
  Context last = open;
  last.final = true;
  const Scope scope{.registry = &registry()};
  Diagnostics diagnostics;
  const SourcePosition at{0, 1, 1, 0};

  if (const auto expression = Expression::compile(text, scope, at, diagnostics)) {
    Sample sample;
    (void)expression->evaluate(open, sample);
    WEIR_ASSERT(expression->evaluate(last, sample) != FetchStatus::need_more);
  }
  arena.reset();
  std::vector<Word> words;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t stop = std::min(text.find(' ', from), text.size());
    if (stop != from) words.push_back({text.substr(from, stop - from), at});
    from = stop + 1;
  }
  if (const auto condition = Condition::compile(words, AclSet(), scope, diagnostics)) {
    (void)condition->evaluate(open);
    WEIR_ASSERT(condition->evaluate(last) != Truth::unknown);
  }
  if (const auto format = LogFormat::compile(text, {}, scope, at, diagnostics)) {
    char out[128];
    WEIR_ASSERT(format->format(last, out) <= sizeof out);
  }
  (void)diagnostics.render();
  return 0;
}
