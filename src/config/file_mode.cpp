#include "config/file_mode.h"

#include <fmt/format.h>

#include <charconv>

namespace weir::config {

std::optional<std::uint32_t> expect_mode(Arguments& args) {
  const Word* word = args.expect_word("a file mode");
  if (word == nullptr) return std::nullopt;
  unsigned mode = 0;
  const char* end = word->text.data() + word->text.size();
  const auto [stop, problem] = std::from_chars(word->text.data(), end, mode, 8);
  if (problem == std::errc{} && stop == end && mode <= 07777) return mode;
  args.error_at(word->at, fmt::format("'{}' is no file mode", word->text)).hint = "an octal number such as 660";
  return std::nullopt;
}

}  // namespace weir::config
