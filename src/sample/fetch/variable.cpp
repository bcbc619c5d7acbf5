// Variables as samples. Manual 2.8, 7.3.2.
#include "sample/variable.h"
#include "sample/tables.h"

namespace weir::sample {
namespace {

FetchStatus var(const Args& args, Context& context, Sample& out) {
  if (get_variable(context, *static_cast<const VariableName*>(args.prepared), out)) return FetchStatus::ok;
  if (!args.has(1)) return FetchStatus::absent;
  out = Sample::string(args[1].text);
  return FetchStatus::ok;
}

Result<std::shared_ptr<const void>> prepare_name(const Args& args) {
  auto name = VariableName::parse(args[0].text);
  if (!name) return unexpected(name.error());
  return std::make_shared<const VariableName>(*name);
}

constexpr Fetch kRows[] = {
    {.name = "var",
     .args = args(1, {ArgKind::string, ArgKind::string}),
     .out = Type::any,
     .fetch = var,
     .prepare = prepare_name,
     .doc =
         "The variable's value with the type it was stored with; the second argument, as a string, when it is not set.",
     .examples = {{{"var(txn.farm,none)", "none"}, {"var(sess.user)", "", true}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> variable_fetches{kRows};
}  // namespace weir::sample
