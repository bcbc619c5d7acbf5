#include "config/source.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/outside.h"

namespace weir::config {

namespace {

void report(Diagnostics& diagnostics, const std::string& path, std::string_view why) {
  const auto file = diagnostics.add_file(path, {});
  diagnostics.error({.file = file}, fmt::format("cannot read '{}': {}", path, why));
}

// Visible *.cfg only, in byte order, so that "10-x.cfg" comes before "9-x.cfg" in every locale.
std::vector<std::string> config_files_in(DIR* open_directory, const std::string& directory) {
  std::vector<std::string> found;
  while (const dirent* entry = ::readdir(open_directory)) {
    const std::string_view name = entry->d_name;
    if (name.starts_with('.') || !name.ends_with(".cfg")) continue;
    struct stat facts{};
    if (::fstatat(::dirfd(open_directory), entry->d_name, &facts, 0) != 0 || !S_ISREG(facts.st_mode)) continue;
    found.push_back((directory.ends_with('/') ? directory : directory + "/") + entry->d_name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// Null when it is none; what cannot be opened is reported when it is read as a file.
DIR* open_directory(const std::string& path) {
  struct stat facts{};
  // A pipe must not be opened and closed again before it is read: only what cannot be seen from here is asked for.
  const bool visible = ::stat(path.c_str(), &facts) == 0;
  if (visible && !S_ISDIR(facts.st_mode)) return nullptr;
  const auto fd = outside().open_for_reading(path);
  if (!fd) return nullptr;
  DIR* const directory = ::fdopendir(*fd);
  if (directory == nullptr) ::close(*fd);
  return directory;
}

}  // namespace

std::vector<SourceFile> load_sources(std::span<const std::string> paths, Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    DIR* const directory = open_directory(path);
    if (directory == nullptr) {
      names.push_back(path);
      continue;
    }
    const auto inside = config_files_in(directory, path);
    ::closedir(directory);
    names.insert(names.end(), inside.begin(), inside.end());
  }
  std::vector<SourceFile> files;
  if (names.size() > kMaxFiles) {
    report(diagnostics, names[kMaxFiles],
           fmt::format("{} configuration files are above the limit of {}", names.size(), kMaxFiles));
    return files;
  }
  for (std::string& name : names) {
    auto text = read_outside(name, kMaxFileSize);
    if (text)
      files.push_back({std::move(name), std::move(*text)});
    else
      report(diagnostics, name, text.error().message);
  }
  return files;
}

std::string joined_names(std::span<const SourceFile> files) {
  std::string out;
  for (const SourceFile& file : files) {
    if (!out.empty()) out += ';';
    out += file.name;
  }
  return out;
}

}  // namespace weir::config
