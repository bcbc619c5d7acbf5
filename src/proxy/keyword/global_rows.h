// The two shapes that most words of the global section have: a flag, and a word with one argument.
#pragma once

#include <string_view>

#include "config/vocabulary.h"
#include "proxy/model.h"

namespace weir::proxy::global_rows {

template <bool GlobalConfig::* Member>
void flag(config::ParseContext& context, const config::Line&) {
  context.target<GlobalConfig>().*Member = !context.negated();
}

/// `name <argument>`.
constexpr config::KeywordRow one(std::string_view name, std::string_view arguments, config::KeywordFunction parse,
                                 std::string_view doc, std::string_view example) {
  return {.name = name,
          .sections = config::in::global,
          .arguments = arguments,
          .min_args = 1,
          .max_args = 1,
          .parse = parse,
          .doc = doc,
          .example = example};
}

/// `name`, and `no name`.
constexpr config::KeywordRow word(std::string_view name, config::KeywordFunction parse, std::string_view doc) {
  return {.name = name,
          .sections = config::in::global,
          .accepts = config::accepts::no_prefix,
          .parse = parse,
          .doc = doc,
          .example = name};
}

}  // namespace weir::proxy::global_rows
