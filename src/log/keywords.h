// The tables of this layer, for app/keywords.cpp. The `log` lines themselves belong to the sections that have them.
#pragma once

#include <deque>
#include <span>

#include "config/keyword.h"
#include "config/section.h"
#include "log/ring.h"

namespace weir::log {

/// What `ring` sections fill in; provide one to the parser. Names are those of rings only.
struct RingSections {
  std::deque<RingConfig> rings;
  config::UniqueNames names;
};

extern const std::span<const config::SectionRow> sections;
extern const std::span<const std::span<const config::KeywordRow>> keywords;

}  // namespace weir::log
