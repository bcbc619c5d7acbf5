// acl(): ACLs within an expression. Manual 7.3.2.
#include "sample/condition.h"
#include "sample/tables.h"

namespace weir::sample {
namespace {

// A second line of an ACL may ask the ACL itself, and each one may ask two others: nobody gets to the bottom of that.
constexpr unsigned kMostDepth = 32;
constexpr unsigned kMostAsked = 4096;  // by one that no other asks
thread_local unsigned depth = 0;
thread_local unsigned asked = 0;

FetchStatus acl(const Args& args, Context& context, Sample& out) {
  if (depth == 0) asked = 0;
  if (depth == kMostDepth || asked == kMostAsked) return FetchStatus::absent;
  asked++;
  depth++;
  Truth all = Truth::yes;
  for (const Argument& argument : args.values) {
    all = std::min(all, static_cast<const Condition*>(argument.object)->evaluate(context));
    if (all == Truth::no) break;
  }
  depth--;
  if (all == Truth::unknown) return FetchStatus::need_more;
  out = Sample::boolean(all == Truth::yes);
  return FetchStatus::ok;
}

constexpr ArgKind kAcl = ArgKind::acl;

constexpr Fetch kRows[] = {
    {.name = "acl",
     .args = without_own_object(args(1, {kAcl, kAcl, kAcl, kAcl, kAcl, kAcl, kAcl, kAcl, kAcl, kAcl, kAcl, kAcl})),
     .out = Type::boolean,
     .fetch = acl,
     .doc = "Whether all the ACLs named hold, each perhaps negated by a '!'. They must stand above this line.",
     .examples = {{{"acl(TRUE)", "1"}, {"acl(TRUE,!FALSE)", "1"}, {"acl(TRUE,FALSE)", "0"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> acl_fetches{kRows};
}  // namespace weir::sample
