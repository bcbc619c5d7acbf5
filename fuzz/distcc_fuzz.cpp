// layers: proto base
//
// distcc tokens: what was found in a prefix is found in the whole, and bodies lie within the input.
#include <string>

#include "base/assert.h"
#include "proto/distcc.h"

namespace distcc = weir::proto::distcc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  for (const std::string_view name : {"DIST", "ARGV", "DOTI", "DONE"}) {
    const auto whole = distcc::find_token(bytes, name, 1);
    if (whole.outcome == distcc::Outcome::found)
      WEIR_ASSERT(whole.body.size() <= size &&
                  (!whole.body_complete || !distcc::has_body(name) || whole.body.size() == whole.parameter));
    const auto part = distcc::find_token(std::string_view(bytes).substr(0, size / 2), name, 1);
    if (part.outcome == distcc::Outcome::found)
      WEIR_ASSERT(whole.outcome == distcc::Outcome::found && whole.parameter == part.parameter);
    if (part.outcome == distcc::Outcome::not_there) WEIR_ASSERT(whole.outcome == distcc::Outcome::not_there);
  }
  return 0;
}
