// http-err-codes, http-fail-codes: which statuses count as errors of clients and failures of servers. Manual: 3.1.
#include <fmt/format.h>

#include "base/parts.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/global_rows.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {

namespace {
constexpr std::size_t kFirst = 100;
constexpr std::size_t kLast = 599;

StatusCodes range(std::size_t low, std::size_t high) {
  StatusCodes codes;
  for (std::size_t code = low; code <= high; code++) codes.set(code);
  return codes;
}
}  // namespace

StatusCodes usual_error_codes() { return range(400, 499); }
StatusCodes usual_failure_codes() { return range(500, 599) & ~(range(501, 501) | range(505, 505)); }

namespace {

using namespace config::vocabulary;
using G = GlobalConfig;

// "401,403-410"; nothing after errors.
std::optional<StatusCodes> read_ranges(ParseContext& context, const Word& word, std::string_view list) {
  StatusCodes codes;
  for (const std::string_view one : Parts(list, ',')) {
    const auto ends = parse_integer_range(one, kFirst, kLast);
    if (!ends) {
      context.error(word, fmt::format("'{}' is no range of statuses", one)).hint =
          "numbers from 100 to 599, the smaller first: 401,403-410";
      return std::nullopt;
    }
    codes |= range(static_cast<std::size_t>(ends->low), static_cast<std::size_t>(ends->high));
  }
  return codes;
}

template <StatusCodes G::* Member>
void status_codes(ParseContext& context, const Line& line) {
  StatusCodes& codes = context.target<G>().*Member;
  for (const Word& word : line.args()) {
    const char sign = word.text.empty() ? ' ' : word.text.front();
    const bool signed_range = sign == '+' || sign == '-';
    const auto told = read_ranges(context, word, std::string_view(word.text).substr(signed_range ? 1 : 0));
    if (!told) return;
    if (sign == '+')
      codes |= *told;
    else if (sign == '-')
      codes &= ~*told;
    else
      codes = *told;
  }
}

constexpr KeywordRow kRows[] = {
    {.name = "http-err-codes",
     .sections = in::global,
     .arguments = "[+-]<range>[,...] [...]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = status_codes<&G::error_codes>,
     .doc = "Which statuses http_err_cnt counts: these alone, or more (+) or fewer (-) than 400 to 499.",
     .example = "http-err-codes 400-499 -450 +500"},
    {.name = "http-fail-codes",
     .sections = in::global,
     .arguments = "[+-]<range>[,...] [...]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = status_codes<&G::failure_codes>,
     .doc = "Which statuses http_fail_cnt counts: these alone, or more (+) or fewer (-) than 5xx but 501 and 505.",
     .example = "http-fail-codes -500"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> status_code_keywords{kRows};

}  // namespace weir::proxy
