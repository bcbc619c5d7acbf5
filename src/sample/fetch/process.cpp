// What the process knows: time, chance, its environment, the inspection's end. Manual 7.3.2.
#include <sys/random.h>
#include <unistd.h>

#include <cstdlib>
#include <random>

#include "sample/tables.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

/// Not for secrets: seeded by the kernel once per thread, then a fast generator.
std::uint64_t next_random() {
  thread_local std::mt19937_64 generator = [] {
    std::uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) seed = reinterpret_cast<std::uintptr_t>(&seed);
    return std::mt19937_64(seed);
  }();
  return generator();
}

FetchStatus date(const Args& args, Context& context, Sample& out) {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(context.wall_now.time_since_epoch()).count();
  const std::int64_t unit = args.has(1) ? args[1].integer : 1000000;
  std::int64_t value = 0;
  if (__builtin_add_overflow(now / unit, args.integer_or(0, 0), &value)) return FetchStatus::absent;
  out = Sample::integer(value);
  return FetchStatus::ok;
}

FetchStatus date_us(const Args&, Context& context, Sample& out) {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(context.wall_now.time_since_epoch()).count();
  out = Sample::integer(now % 1000000);
  return FetchStatus::ok;
}

FetchStatus env(const Args& args, Context&, Sample& out) {
  if (args.prepared == nullptr) return FetchStatus::absent;
  out = Sample::string(*static_cast<const std::string*>(args.prepared));
  return FetchStatus::ok;
}
Result<std::shared_ptr<const void>> prepare_env(const Args& args) {
  const char* value = std::getenv(args[0].text.c_str());
  if (value == nullptr) return std::shared_ptr<const void>();
  return std::make_shared<const std::string>(value);
}

FetchStatus hostname(const Args& args, Context&, Sample& out) {
  out = Sample::string(*static_cast<const std::string*>(args.prepared));
  return FetchStatus::ok;
}
Result<std::shared_ptr<const void>> prepare_hostname(const Args&) {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0) return fail("the system does not tell its host name");
  return std::make_shared<const std::string>(name);
}

FetchStatus rand(const Args& args, Context&, Sample& out) {
  const auto range = static_cast<std::uint64_t>(args.integer_or(0, std::int64_t{1} << 32));
  out = Sample::integer(static_cast<std::int64_t>(next_random() % range));
  return FetchStatus::ok;
}
Result<std::shared_ptr<const void>> prepare_rand(const Args& args) {
  if (args.has(0) && args[0].integer < 1) return fail("the range must be at least 1");
  return std::shared_ptr<const void>();
}

// RFC 9562: version 4 is random, version 7 begins with the milliseconds of the wall clock.
FetchStatus uuid(const Args& args, Context& context, Sample& out) {
  std::uint64_t words[2] = {next_random(), next_random()};
  const auto version = static_cast<std::uint64_t>(args.integer_or(0, 4));
  if (version == 7) {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(context.wall_now.time_since_epoch()).count();
    words[0] = static_cast<std::uint64_t>(now) << 16 | (words[0] & 0xffff);
  }
  words[0] = (words[0] & ~0xf000ULL) | version << 12;
  words[1] = (words[1] & ~(3ULL << 62)) | 2ULL << 62;
  char* text = context.arena.take(36);
  if (text == nullptr) return FetchStatus::absent;
  std::size_t at = 0;
  for (std::size_t digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text[at++] = '-';
    text[at++] = lower(kHexDigits[words[digit / 16] >> (60 - 4 * (digit % 16)) & 15]);
  }
  out = Sample::string({text, 36});
  return FetchStatus::ok;
}
Result<std::shared_ptr<const void>> prepare_uuid(const Args& args) {
  if (args.has(0) && args[0].integer != 4 && args[0].integer != 7) return fail("the version must be 4 or 7");
  return std::shared_ptr<const void>();
}

FetchStatus wait_end(const Args&, Context& context, Sample& out) {
  if (!context.final) return FetchStatus::need_more;
  out = Sample::boolean(true);
  return FetchStatus::ok;
}

constexpr Fetch kRows[] = {
    {.name = "date",
     .args = args(0, {ArgKind::integer, ArgKind::time_unit}),
     .out = Type::integer,
     .fetch = date,
     .doc = "The wall clock as seconds since 1970, plus an offset; with a unit in s, ms or us.",
     .examples = {{{"date", "1767323045"}, {"date(60)", "1767323105"}, {"date(0,ms)", "1767323045678"}}}},
    {.name = "date_us",
     .out = Type::integer,
     .fetch = date_us,
     .doc = "The microseconds within the second that date gives.",
     .examples = {{{"date_us", "678000"}}}},
    {.name = "env",
     .args = args(1, {ArgKind::string}),
     .out = Type::string,
     .fetch = env,
     .prepare = prepare_env,
     .doc = "An environment variable, as it was when the configuration was read; absent when not set.",
     .examples = {{{"env(WEIR_NO_SUCH_VARIABLE)", "", true}}}},
    {.name = "hostname",
     .out = Type::string,
     .fetch = hostname,
     .prepare = prepare_hostname,
     .doc = "The machine's host name, as it was when the configuration was read.",
     .unpredictable = true},
    {.name = "rand",
     .args = args(0, {ArgKind::integer}),
     .out = Type::integer,
     .fetch = rand,
     .prepare = prepare_rand,
     .doc = "A random integer from 0 to range - 1 (2^32 - 1 without one); not for secrets.",
     .examples = {{{"rand(1)", "0"}}}},
    {.name = "uuid",
     .args = args(0, {ArgKind::integer}),
     .out = Type::string,
     .fetch = uuid,
     .prepare = prepare_uuid,
     .doc = "A new UUID: version 4, all random, or 7, ordered by time. Not for secrets.",
     .examples = {{{"uuid,length", "36"}, {"uuid(7),bytes(14,1)", "7"}}}},
    {.name = "wait_end",
     .out = Type::boolean,
     .fetch = wait_end,
     .doc = "True when the inspection delay is over or no more input can come; undecided before.",
     .examples = {{{"wait_end", "1"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> process_fetches{kRows};
}  // namespace weir::sample
