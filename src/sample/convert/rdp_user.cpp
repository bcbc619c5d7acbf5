// The user behind an mstshash cookie, in one form however the client wrote it.
#include "sample/tables.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

bool rdp_user(const Args&, Context& context, Sample& sample) {
  std::string_view user = sample.text();
  if (const std::size_t slash = user.rfind('\\'); slash != std::string_view::npos) user.remove_prefix(slash + 1);
  user = user.substr(0, user.find('@'));
  // "DOMAIN\" with the user cut off names nobody: a key shared by a whole domain would be worse than none.
  if (user.empty()) return false;
  const auto text = lowered_copy(user, context.arena);
  if (!text) return false;
  sample = Sample::string(*text);
  return true;
}

constexpr Converter kRows[] = {
    {.name = "rdp_user",
     .in = Type::string,
     .out = Type::string,
     .apply = rdp_user,
     .doc = "A user name without its DOMAIN\\ before or @domain behind, in lower case. Clients cut mstshash at nine "
            "characters, so DOMAIN\\user may have lost the user: prefer user@domain or the plain name there.",
     .examples = {{{"str('EU\\Alice'),rdp_user", "alice"},
                   {"str(Bob@example.org),rdp_user", "bob"},
                   {"str(CAROL),rdp_user", "carol"},
                   {"str('LONGNAME\\'),rdp_user", "", true}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> rdp_converters{kRows};
}  // namespace weir::sample
