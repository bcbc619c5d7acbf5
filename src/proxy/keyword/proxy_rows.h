// The shapes that most words of proxies have: a word with arguments, and `option` lines, which `no` and `default` may
// stand before. Those of the global section: global_rows.h.
#pragma once

#include <string_view>

#include "config/vocabulary.h"

namespace weir::proxy::proxy_rows {

/// `name <arguments>`.
constexpr config::KeywordRow word(std::string_view name, std::string_view arguments, int least, int most,
                                  config::KeywordFunction parse, std::string_view doc, std::string_view example,
                                  config::SectionSet sections = config::in::proxies, std::uint8_t accepted = 0) {
  return {.name = name,
          .sections = sections,
          .arguments = arguments,
          .min_args = least,
          .max_args = most,
          .accepts = accepted,
          .parse = parse,
          .doc = doc,
          .example = example};
}

/// `option name <arguments>`.
constexpr config::KeywordRow option(std::string_view name, std::string_view arguments, int least, int most,
                                    config::KeywordFunction parse, std::string_view doc, std::string_view example) {
  return word(name, arguments, least, most, parse, doc, example, config::in::proxies,
              config::accepts::no_prefix | config::accepts::default_prefix);
}

/// `option name`, a switch.
constexpr config::KeywordRow option(std::string_view name, config::KeywordFunction parse, std::string_view doc) {
  return option(name, {}, 0, 0, parse, doc, name);
}

}  // namespace weir::proxy::proxy_rows
