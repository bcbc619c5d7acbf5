#include "proxy/rule/replacement.h"

namespace weir::proxy {

bool append_replacement(std::string& out, std::string_view subject, std::string_view replacement,
                        const sample::Regex::Groups& groups, std::size_t most) {
  for (std::size_t i = 0; i < replacement.size(); i++) {
    const char c = replacement[i];
    if (c != '\\' || i + 1 == replacement.size()) {
      out += c;
      continue;
    }
    const char next = replacement[++i];
    if (next < '0' || next > '9') {
      out += next;
      continue;
    }
    const auto group = static_cast<std::size_t>(next - '0') * 2;
    if (groups[group] != sample::Regex::kUnset)
      out.append(subject.substr(groups[group], groups[group + 1] - groups[group]));
  }
  return out.size() <= most;
}

}  // namespace weir::proxy
