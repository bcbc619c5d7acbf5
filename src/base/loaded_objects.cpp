#include "base/loaded_objects.h"

#include <link.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace weir {
namespace {

int add(dl_phdr_info* info, std::size_t, void* list) {
  LoadedObject object{.path = info->dlpi_name, .first = UINTPTR_MAX};
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const auto& part = info->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || part.p_memsz == 0) continue;
    object.first = std::min(object.first, info->dlpi_addr + part.p_vaddr);
    object.last = std::max(object.last, info->dlpi_addr + part.p_vaddr + part.p_memsz - 1);
  }
  if (object.first > object.last) return 0;
  if (object.path.empty()) {  // the program has no name here
    std::error_code unreadable;
    object.path = std::filesystem::read_symlink("/proc/self/exe", unreadable).string();
  }
  static_cast<std::vector<LoadedObject>*>(list)->push_back(std::move(object));
  return 0;
}

}  // namespace

std::vector<LoadedObject> loaded_objects() {
  std::vector<LoadedObject> all;
  (void)::dl_iterate_phdr(add, &all);
  return all;
}

}  // namespace weir
