// Which descriptors `show fd` shows: types by letter, or one number. Manual: management 9.3, show fd.
#pragma once

#include <span>
#include <string>

#include "base/result.h"

namespace weir::admin {

struct DescriptorChoice {
  bool listeners = true;
  bool clients = true;
  bool servers = true;
  bool pipes = true;
  int only = -1;  // one descriptor; -1: all
  [[nodiscard]] bool names(int fd) const { return only < 0 || only == fd; }
};

/// "l", "c!f", "-p", "12", "1/12": the error is the answer to give.
Result<DescriptorChoice> parse_descriptor_choice(std::span<const std::string> words);

}  // namespace weir::admin
