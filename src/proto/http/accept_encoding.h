// Which content coding an answer gets: what the client takes, among what may be used for it.
//
// The highest weight wins and 0 refuses; "*" speaks for what is not named. What is not said at all is not taken: an
// answer without a coding is always good. Between equal weights the client's order decides, as configurations that know
// gzip and deflate expect; a list that names br or zstd is an order itself, for browsers name gzip first and take the
// others all the same. COMPAT: observed on 2.6: a weight that is no number counts as 1; "deflate" stands for both of
// its spellings, and of two that the same word stands for the one listed last is used. Spec: RFC 9110 12.5.3, 12.4.2.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "proto/coding/encoder.h"
#include "proto/http/head.h"

namespace weir::proto::http {

/// One of `codings`, identity left out; nothing when the request takes none of them.
[[nodiscard]] std::optional<coding::Coding> choose_coding(const Head& request, std::span<const coding::Coding> codings);

/// "..." or W/"...": what may be told to be weak. RFC 9110 8.8.3.
enum class TagKind : std::uint8_t { invalid, strong, weak };
[[nodiscard]] TagKind entity_tag_kind(std::string_view value);

/// Whether one of the fields lists this word.
[[nodiscard]] bool lists(const Head& head, FieldId id, std::string_view word);

}  // namespace weir::proto::http
