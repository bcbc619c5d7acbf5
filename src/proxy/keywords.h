// The tables of this layer, for app/keywords.cpp.
#pragma once

#include <span>

#include "config/keyword.h"
#include "config/section.h"
#include "sample/rows.h"

namespace weir::proxy {

extern const std::span<const config::SectionRow> sections;
extern const std::span<const std::span<const config::KeywordRow>> keywords;
extern const std::span<const sample::LogAlias> log_aliases;       // log_fields.cpp
extern const std::span<const sample::LogAlias> http_log_aliases;  // http/log_fields.cpp
extern const std::span<const sample::LogAlias> capture_aliases;   // fetch/capture.cpp
/// The families of fetch/, each defined at the bottom of its file.
[[nodiscard]] std::span<const std::span<const sample::Fetch>> fetches();
[[nodiscard]] std::span<const std::span<const sample::Converter>> converters();

}  // namespace weir::proxy
