#include "app/libraries.h"

#include <link.h>

#include <filesystem>
#include <string_view>
#include <system_error>

namespace weir::app {

std::string loaded_libraries() {
  std::error_code unreadable;
  std::string text = std::filesystem::read_symlink("/proc/self/exe", unreadable).string() + "\n";
  const auto add = [](dl_phdr_info* info, std::size_t, void* lines) {
    // The program has no name here, and what has no path is no file: the kernel's own part.
    const std::string_view name = info->dlpi_name;
    if (name.find('/') != name.npos) static_cast<std::string*>(lines)->append(name).append("\n");
    return 0;
  };
  (void)::dl_iterate_phdr(add, &text);
  return text;
}

}  // namespace weir::app
