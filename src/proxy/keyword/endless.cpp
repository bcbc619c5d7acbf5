#include "proxy/keyword/endless.h"

#include <fmt/format.h>

#include "sample/regex_danger.h"

namespace weir::proxy {

void warn_of_endless(SourcePosition at, Diagnostics& diagnostics) {
  constexpr std::size_t kShown = 48;
  sample::RegexWatch* const watch = sample::RegexWatch::current();
  if (watch == nullptr) return;
  for (const auto& [pattern, text] : watch->take()) {
    std::string shown;
    for (const char c : text.substr(0, kShown))
      shown += c >= ' ' && c < 0x7f ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    diagnostics
        .warning(at,
                 fmt::format("the regular expression '{}' takes forever on some texts, such as '{}{}': it gives up and "
                             "does not match",
                             pattern, shown, text.size() > kShown ? "..." : ""))
        .hint =
        "where a quantifier stands in another one, what is inside should begin or end with something that nothing else "
        "in it matches; or make the inner one possessive, as in 'a++'";
  }
}

}  // namespace weir::proxy
