// The last good content of an update, on disk: itself a file of patterns, with what is known of it in comments.
//
// Written under another name and renamed over the one before, so it is whole or not there; its size and hash stand in
// it, so what a broken disk left is not taken for a list. A copy counts for the URL it came from, no other. People may
// read it, and `-f` may name it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/opener.h"

namespace weir::update {

struct Copy {
  std::string from;           // the URL or file
  std::string etag;           // empty: none
  std::string last_modified;  // as the server said it; empty: nothing
  std::int64_t fetched = 0;   // seconds since 1970
  std::string content;
  friend bool operator==(const Copy&, const Copy&) = default;
};

/// The name of the file in its directory: readable, and different for different lists.
[[nodiscard]] std::string copy_name(std::string_view list);
[[nodiscard]] std::string write_copy(const Copy& copy, std::string_view list);
/// The error says what is wrong with the file.
[[nodiscard]] Result<Copy> parse_copy(std::string_view text);

/// Reads through base/outside.h. An error when there is none, too.
[[nodiscard]] Result<Copy> load_copy(const std::string& directory, std::string_view list);
/// Blocks: not for workers.
Result<void> save_copy(io::Opener& opener, const std::string& directory, std::string_view list, const Copy& copy);

[[nodiscard]] std::uint64_t content_hash(std::string_view content);

}  // namespace weir::update
