// The texts a configuration is made of, read whole before anything is parsed.
//
// `-f` may name a file or a directory; a directory stands for its visible *.cfg files in byte order. Every file ends
// its section, so files are parsed one after the other and never joined. Sizes are bounded: a configuration is written
// by people or their generators, and a path to a block device must not fill the memory. Manual: management 3 (-f, --).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/diagnostics.h"

namespace weir::config {

constexpr std::size_t kMaxFileSize = 256U << 20U;
constexpr std::size_t kMaxFiles = 10'000;

struct SourceFile {
  std::string name;  // as the user typed it, or directory/file; what messages and ${.FILE} show
  std::string text;
};

/// Reads all of `paths` in order (files, or directories with their *.cfg). What cannot be read is reported, the rest is
/// still returned, so that one run shows every problem.
std::vector<SourceFile> load_sources(std::span<const std::string> paths, Diagnostics& diagnostics);

/// HAPROXY_CFGFILES: the names, separated by semicolons.
std::string joined_names(std::span<const SourceFile> files);

}  // namespace weir::config
