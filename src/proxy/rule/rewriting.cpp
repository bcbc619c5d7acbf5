#include "proxy/rule/rewriting.h"

namespace weir::proxy {

using proto::http::same_name;

bool matches_name(std::string_view name, std::string_view wanted, NameMatch match) {
  if (name.size() < wanted.size()) return false;
  const std::size_t last = name.size() - wanted.size();  // where an end of that size begins
  switch (match) {
    case NameMatch::str: return same_name(name, wanted);
    case NameMatch::beg: return same_name(name.substr(0, wanted.size()), wanted);
    case NameMatch::end: return same_name(name.substr(last), wanted);
    case NameMatch::sub:
      for (std::size_t at = 0; at <= last; ++at)
        if (same_name(name.substr(at, wanted.size()), wanted)) return true;
  }
  return false;
}

}  // namespace weir::proxy
