// Converters that keep what passes through them. Manual 2.8, 7.3.1.
#include "sample/variable.h"
#include "sample/tables.h"

namespace weir::sample {
namespace {

struct Destination {
  VariableName name;
  VariableConditions conditions;
};

bool set_var(const Args& args, Context& context, Sample& sample) {
  const auto& to = *static_cast<const Destination*>(args.prepared);
  if (to.conditions.hold(context, to.name, &sample)) set_variable(context, to.name, sample);
  return true;
}

bool unset_var(const Args& args, Context& context, Sample& sample) {
  const Destination& to = *static_cast<const Destination*>(args.prepared);
  // What passes through may be the variable's own bytes.
  if (sample.is_text()) {
    const auto copy = context.arena.copy(sample.text());
    if (!copy) return false;
    sample = sample.type() == Type::string   ? Sample::string(*copy)
             : sample.type() == Type::binary ? Sample::binary(*copy)
                                             : Sample::method(*copy);
  }
  unset_variable(context, to.name);
  return true;
}

Result<std::shared_ptr<const void>> prepare_destination(const Args& args) {
  auto name = VariableName::parse(args[0].text);
  if (!name) return unexpected(name.error());
  auto to = std::make_shared<Destination>(Destination{.name = *name, .conditions = {}});
  for (std::size_t i = 1; i < args.size(); i++)
    if (auto added = to->conditions.add(args[i].text); !added) return unexpected(added.error());
  return to;
}

constexpr Converter kRows[] = {
    {.name = "set-var",
     .args = args(1, {ArgKind::string, ArgKind::string, ArgKind::string, ArgKind::string, ArgKind::string}),
     .apply = set_var,
     .prepare = prepare_destination,
     .doc = "Keeps what passes through in a variable, when all conditions behind the name hold.",
     .examples = {{{"str(a),set-var(txn.seen)", "a"}, {"int(7),set-var(sess.n,ifnotset)", "7"}}}},
    {.name = "unset-var",
     .args = args(1, {ArgKind::string}),
     .apply = unset_var,
     .prepare = prepare_destination,
     .doc = "Unsets a variable when something passes through.",
     .examples = {{{"str(a),unset-var(txn.seen)", "a"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> variable_converters{kRows};
}  // namespace weir::sample
