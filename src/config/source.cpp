#include "config/source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace weir::config {

namespace {

// Reads to the end rather than trusting st_size: a pipe (`-f <(generator)`) has none.
bool read_whole(const std::string& path, std::string& text, std::string& why) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    why = std::strerror(errno);
    return false;
  }
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) why = std::strerror(errno);
    if (got <= 0) break;
    if (text.size() + static_cast<std::size_t>(got) > kMaxFileSize) {
      why = fmt::format("larger than the limit of {} MB", kMaxFileSize >> 20U);
      break;
    }
    text.append(buffer, static_cast<std::size_t>(got));
  }
  close(fd);
  return why.empty();
}

void report(Diagnostics& diagnostics, const std::string& path, std::string_view why) {
  const auto file = diagnostics.add_file(path, {});
  diagnostics.error({.file = file}, fmt::format("cannot read '{}': {}", path, why));
}

// Visible *.cfg only, in byte order, so that "10-x.cfg" comes before "9-x.cfg" in every locale.
std::vector<std::string> config_files_in(const std::string& directory, Diagnostics& diagnostics) {
  std::vector<std::string> found;
  std::error_code error;
  std::filesystem::directory_iterator it(directory, error);
  const std::filesystem::directory_iterator end;
  for (; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with('.') || !name.ends_with(".cfg")) continue;
    std::error_code kind_error;
    if (!it->is_regular_file(kind_error)) continue;
    found.push_back(directory.ends_with('/') ? directory + name : directory + "/" + name);
  }
  if (error) report(diagnostics, directory, error.message());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::vector<SourceFile> load_sources(std::span<const std::string> paths, Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    struct stat facts{};
    if (stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) {
      const auto inside = config_files_in(path, diagnostics);
      names.insert(names.end(), inside.begin(), inside.end());
    } else {
      names.push_back(path);
    }
  }
  std::vector<SourceFile> files;
  if (names.size() > kMaxFiles) {
    report(diagnostics, names[kMaxFiles],
           fmt::format("{} configuration files are above the limit of {}", names.size(), kMaxFiles));
    return files;
  }
  for (std::string& name : names) {
    std::string text;
    std::string why;
    if (read_whole(name, text, why))
      files.push_back({std::move(name), std::move(text)});
    else
      report(diagnostics, name, why);
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
