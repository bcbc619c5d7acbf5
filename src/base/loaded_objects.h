// The program and the shared libraries it has loaded, as the dynamic linker knows them: dl_iterate_phdr(3).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

struct LoadedObject {
  std::string path;          // without a slash it is no file: the kernel's own part
  std::uintptr_t first = 0;  // address of its first and last byte
  std::uintptr_t last = 0;
};

/// The program comes first. From any thread.
std::vector<LoadedObject> loaded_objects();

}  // namespace weir
