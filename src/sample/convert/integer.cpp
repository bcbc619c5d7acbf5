// Arithmetic and logic on 64-bit integers. Results outside the range stop at its ends. Manual 7.3.1.
#include <charconv>
#include <limits>

#include "sample/tables.h"
#include "sample/variable.h"

namespace weir::sample {
namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

/// A number, or the variable that holds it. Manual: converters that take a value take a variable too.
struct Operand {
  std::int64_t number = 0;
  std::optional<VariableName> variable;
};

// False: the variable is not set, or no number.
bool operand(const Args& args, Context& context, std::int64_t& out) {
  const auto& given = *static_cast<const Operand*>(args.prepared);
  out = given.number;
  if (!given.variable) return true;
  Sample value;
  if (!get_variable(context, *given.variable, value) || !cast(value, Type::integer, context.arena)) return false;
  out = value.as_integer();
  return true;
}

Result<std::shared_ptr<const void>> prepare_operand(const Args& args) {
  std::string_view text = args[0].text;
  auto made = std::make_shared<Operand>();
  if (text.contains('.')) {
    auto name = VariableName::parse(text);
    if (!name) return unexpected(name.error());
    made->variable = *name;
    return made;
  }
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), made->number);
  if (wrong != std::errc{} || end != text.data() + text.size())
    return fail("an integer or the name of a variable was expected instead of '" + args[0].text.substr(0, 64) + "'");
  return made;
}

bool set(Sample& sample, std::int64_t value) {
  sample = Sample::integer(value);
  return true;
}
bool set(Sample& sample, bool value) {
  sample = Sample::boolean(value);
  return true;
}

std::int64_t saturated_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? kLowest : kHighest;
}

bool add(const Args& args, Context& context, Sample& sample) {
  std::int64_t value = 0;
  return operand(args, context, value) && set(sample, saturated_add(sample.as_integer(), value));
}
bool and_(const Args& args, Context& context, Sample& sample) {
  std::int64_t value = 0;
  return operand(args, context, value) && set(sample, sample.as_integer() & value);
}
bool boolean(const Args&, Context&, Sample& sample) { return set(sample, sample.as_integer() != 0); }
bool cpl(const Args&, Context&, Sample& sample) { return set(sample, ~sample.as_integer()); }
bool div(const Args& args, Context& context, Sample& sample) {
  std::int64_t divisor = 0;
  if (!operand(args, context, divisor)) return false;
  if (divisor == 0 || (divisor == -1 && sample.as_integer() == kLowest)) return set(sample, kHighest);
  return set(sample, sample.as_integer() / divisor);
}
bool even(const Args&, Context&, Sample& sample) { return set(sample, (sample.as_integer() & 1) == 0); }
bool mod(const Args& args, Context& context, Sample& sample) {
  std::int64_t divisor = 0;
  if (!operand(args, context, divisor)) return false;
  return set(sample, divisor == 0 || divisor == -1 ? std::int64_t{0} : sample.as_integer() % divisor);
}
bool mul(const Args& args, Context& context, Sample& sample) {
  const std::int64_t a = sample.as_integer();
  std::int64_t b = 0;
  if (!operand(args, context, b)) return false;
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(a, b, &product)) return set(sample, product);
  return set(sample, (a < 0) == (b < 0) ? kHighest : kLowest);
}
bool neg(const Args&, Context&, Sample& sample) {
  return set(sample, sample.as_integer() == kLowest ? kHighest : -sample.as_integer());
}
bool not_(const Args&, Context&, Sample& sample) { return set(sample, sample.as_integer() == 0); }
bool odd(const Args&, Context&, Sample& sample) { return set(sample, (sample.as_integer() & 1) != 0); }
bool or_(const Args& args, Context& context, Sample& sample) {
  std::int64_t value = 0;
  return operand(args, context, value) && set(sample, sample.as_integer() | value);
}
bool sub(const Args& args, Context& context, Sample& sample) {
  std::int64_t b = 0;
  if (!operand(args, context, b)) return false;
  // a - lowest is a + 1 + highest.
  if (b == kLowest) return set(sample, saturated_add(saturated_add(sample.as_integer(), 1), kHighest));
  return set(sample, saturated_add(sample.as_integer(), -b));
}
bool xor_(const Args& args, Context& context, Sample& sample) {
  std::int64_t value = 0;
  return operand(args, context, value) && set(sample, sample.as_integer() ^ value);
}

constexpr ArgSpec kValue = args(1, {ArgKind::string});
constexpr Converter kRows[] = {
    {.name = "add",
     .args = kValue,
     .in = Type::integer,
     .out = Type::integer,
     .apply = add,
     .prepare = prepare_operand,
     .doc = "The sum with a value.",
     .examples = {{{"int(3),add(4)", "7"}}}},
    {.name = "and",
     .args = kValue,
     .in = Type::integer,
     .out = Type::integer,
     .apply = and_,
     .prepare = prepare_operand,
     .doc = "The bits that both have.",
     .examples = {{{"int(12),and(10)", "8"}}}},
    {.name = "bool",
     .in = Type::integer,
     .out = Type::boolean,
     .apply = boolean,
     .doc = "False for 0, else true.",
     .examples = {{{"int(4),bool", "1"}, {"int(0),bool", "0"}}}},
    {.name = "cpl",
     .in = Type::integer,
     .out = Type::integer,
     .apply = cpl,
     .doc = "All 64 bits turned over.",
     .examples = {{{"int(0),cpl", "-1"}}}},
    {.name = "div",
     .args = kValue,
     .in = Type::integer,
     .out = Type::integer,
     .apply = div,
     .prepare = prepare_operand,
     .doc = "Divided by a value; by 0 gives the largest integer.",
     .examples = {{{"int(7),div(2)", "3"}, {"int(7),div(0)", "9223372036854775807"}}}},
    {.name = "even",
     .in = Type::integer,
     .out = Type::boolean,
     .apply = even,
     .doc = "True when divisible by two.",
     .examples = {{{"int(4),even", "1"}}}},
    {.name = "mod",
     .args = kValue,
     .in = Type::integer,
     .out = Type::integer,
     .apply = mod,
     .prepare = prepare_operand,
     .doc = "The remainder of a division; by 0 gives 0.",
     .examples = {{{"int(7),mod(4)", "3"}, {"int(7),mod(0)", "0"}}}},
    {.name = "mul",
     .args = kValue,
     .in = Type::integer,
     .out = Type::integer,
     .apply = mul,
     .prepare = prepare_operand,
     .doc = "The product with a value.",
     .examples = {{{"int(6),mul(7)", "42"}}}},
    {.name = "neg",
     .in = Type::integer,
     .out = Type::integer,
     .apply = neg,
     .doc = "With the other sign.",
     .examples = {{{"int(6),neg", "-6"}}}},
    {.name = "not",
     .in = Type::integer,
     .out = Type::boolean,
     .apply = not_,
     .doc = "True for 0, else false.",
     .examples = {{{"int(0),not", "1"}}}},
    {.name = "odd",
     .in = Type::integer,
     .out = Type::boolean,
     .apply = odd,
     .doc = "True when not divisible by two.",
     .examples = {{{"int(4),odd", "0"}}}},
    {.name = "or",
     .args = kValue,
     .in = Type::integer,
     .out = Type::integer,
     .apply = or_,
     .prepare = prepare_operand,
     .doc = "The bits that either has.",
     .examples = {{{"int(12),or(10)", "14"}}}},
    {.name = "sub",
     .args = kValue,
     .in = Type::integer,
     .out = Type::integer,
     .apply = sub,
     .prepare = prepare_operand,
     .doc = "The difference to a value.",
     .examples = {{{"int(3),sub(4)", "-1"}, {"int(5),sub(-9223372036854775808)", "9223372036854775807"}}}},
    {.name = "xor",
     .args = kValue,
     .in = Type::integer,
     .out = Type::integer,
     .apply = xor_,
     .prepare = prepare_operand,
     .doc = "The bits that only one has.",
     .examples = {{{"int(12),xor(10)", "6"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> integer_converters{kRows};
}  // namespace weir::sample
