// Arithmetic and logic on 64-bit integers. Results outside the range stop at its ends. Manual 7.3.1.
#include <limits>

#include "sample/tables.h"

namespace weir::sample {
namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

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

bool add(const Args& args, Context&, Sample& sample) {
  return set(sample, saturated_add(sample.as_integer(), args[0].integer));
}
bool and_(const Args& args, Context&, Sample& sample) { return set(sample, sample.as_integer() & args[0].integer); }
bool boolean(const Args&, Context&, Sample& sample) { return set(sample, sample.as_integer() != 0); }
bool cpl(const Args&, Context&, Sample& sample) { return set(sample, ~sample.as_integer()); }
bool div(const Args& args, Context&, Sample& sample) {
  const std::int64_t divisor = args[0].integer;
  if (divisor == 0 || (divisor == -1 && sample.as_integer() == kLowest)) return set(sample, kHighest);
  return set(sample, sample.as_integer() / divisor);
}
bool even(const Args&, Context&, Sample& sample) { return set(sample, (sample.as_integer() & 1) == 0); }
bool mod(const Args& args, Context&, Sample& sample) {
  const std::int64_t divisor = args[0].integer;
  return set(sample, divisor == 0 || divisor == -1 ? std::int64_t{0} : sample.as_integer() % divisor);
}
bool mul(const Args& args, Context&, Sample& sample) {
  const std::int64_t a = sample.as_integer();
  const std::int64_t b = args[0].integer;
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(a, b, &product)) return set(sample, product);
  return set(sample, (a < 0) == (b < 0) ? kHighest : kLowest);
}
bool neg(const Args&, Context&, Sample& sample) {
  return set(sample, sample.as_integer() == kLowest ? kHighest : -sample.as_integer());
}
bool not_(const Args&, Context&, Sample& sample) { return set(sample, sample.as_integer() == 0); }
bool odd(const Args&, Context&, Sample& sample) { return set(sample, (sample.as_integer() & 1) != 0); }
bool or_(const Args& args, Context&, Sample& sample) { return set(sample, sample.as_integer() | args[0].integer); }
bool sub(const Args& args, Context&, Sample& sample) {
  const std::int64_t b = args[0].integer;
  // a - lowest is a + 1 + highest.
  if (b == kLowest) return set(sample, saturated_add(saturated_add(sample.as_integer(), 1), kHighest));
  return set(sample, saturated_add(sample.as_integer(), -b));
}
bool xor_(const Args& args, Context&, Sample& sample) { return set(sample, sample.as_integer() ^ args[0].integer); }

constexpr ArgSpec kValue = args(1, {ArgKind::integer});
constexpr Converter kRows[] = {
    {.name = "add",
     .args = kValue,
     .in = Type::integer,
     .out = Type::integer,
     .apply = add,
     .doc = "The sum with a value.",
     .examples = {{{"int(3),add(4)", "7"}}}},
    {.name = "and",
     .args = kValue,
     .in = Type::integer,
     .out = Type::integer,
     .apply = and_,
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
     .doc = "The remainder of a division; by 0 gives 0.",
     .examples = {{{"int(7),mod(4)", "3"}, {"int(7),mod(0)", "0"}}}},
    {.name = "mul",
     .args = kValue,
     .in = Type::integer,
     .out = Type::integer,
     .apply = mul,
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
     .doc = "The bits that either has.",
     .examples = {{{"int(12),or(10)", "14"}}}},
    {.name = "sub",
     .args = kValue,
     .in = Type::integer,
     .out = Type::integer,
     .apply = sub,
     .doc = "The difference to a value.",
     .examples = {{{"int(3),sub(4)", "-1"}, {"int(5),sub(-9223372036854775808)", "9223372036854775807"}}}},
    {.name = "xor",
     .args = kValue,
     .in = Type::integer,
     .out = Type::integer,
     .apply = xor_,
     .doc = "The bits that only one has.",
     .examples = {{{"int(12),xor(10)", "6"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> integer_converters{kRows};
}  // namespace weir::sample
