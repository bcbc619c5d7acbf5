// Hashes of bytes, 32 bits as an integer. None is for secrets. Manual 7.3.1.
#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/avalanche.h"
#include "sample/tables.h"

namespace weir::sample {
namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table(std::uint32_t polynomial) {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? value >> 1 ^ polynomial : value >> 1;
    table[byte] = value;
  }
  return table;
}
constexpr auto kCrc32Table = make_crc_table(0xedb88320U);   // Ethernet, gzip, PNG
constexpr auto kCrc32cTable = make_crc_table(0x82f63b78U);  // Castagnoli: iSCSI, SCTP

std::uint32_t crc(const std::array<std::uint32_t, 256>& table, std::string_view data) {
  std::uint32_t value = 0xffffffffU;
  for (const char c : data) value = table[(value ^ static_cast<unsigned char>(c)) & 0xff] ^ value >> 8;
  return ~value;
}

/// The argument of the older hashes: 1 mixes the result once more.
Sample mixed(const Args& args, std::uint32_t hash) {
  return Sample::integer(args.integer_or(0, 0) != 0 ? avalanche(hash) : hash);
}

bool crc32(const Args& args, Context&, Sample& sample) {
  sample = mixed(args, crc(kCrc32Table, sample.text()));
  return true;
}
bool crc32c(const Args& args, Context&, Sample& sample) {
  sample = mixed(args, crc(kCrc32cTable, sample.text()));
  return true;
}
// Both start from the number and go on with 32 bits; the values were compared with a running HAProxy's.
bool djb2(const Args& args, Context&, Sample& sample) {
  std::uint32_t hash = 5381;
  for (const char c : sample.text()) hash = hash * 33 + static_cast<unsigned char>(c);
  sample = mixed(args, hash);
  return true;
}
bool sdbm(const Args& args, Context&, Sample& sample) {
  std::uint32_t hash = 0;
  for (const char c : sample.text()) hash = hash * 65599 + static_cast<unsigned char>(c);
  sample = mixed(args, hash);
  return true;
}
bool xxh3(const Args& args, Context&, Sample& sample) {
  const std::string_view data = sample.text();
  const auto seed = static_cast<std::uint64_t>(args.integer_or(0, 0));
  sample = Sample::integer(static_cast<std::int64_t>(XXH3_64bits_withSeed(data.data(), data.size(), seed)));
  return true;
}
bool xxh32(const Args& args, Context&, Sample& sample) {
  const std::string_view data = sample.text();
  const auto seed = static_cast<std::uint32_t>(args.integer_or(0, 0));
  sample = Sample::integer(XXH32(data.data(), data.size(), seed));
  return true;
}
bool xxh64(const Args& args, Context&, Sample& sample) {
  const std::string_view data = sample.text();
  const auto seed = static_cast<std::uint64_t>(args.integer_or(0, 0));
  sample = Sample::integer(static_cast<std::int64_t>(XXH64(data.data(), data.size(), seed)));
  return true;
}

constexpr Converter kRows[] = {
    {.name = "crc32",
     .args = args(0, {ArgKind::integer}),
     .in = Type::binary,
     .out = Type::integer,
     .apply = crc32,
     .doc = "The CRC-32 of Ethernet, gzip and PNG; with 1, mixed once more.",
     .examples = {{{"str(123456789),crc32", "3421780262"}, {"str(123456789),crc32(1)", "1130417534"}}}},
    {.name = "crc32c",
     .args = args(0, {ArgKind::integer}),
     .in = Type::binary,
     .out = Type::integer,
     .apply = crc32c,
     .doc = "The CRC-32C of iSCSI and SCTP; with 1, mixed once more.",
     .examples = {{{"str(123456789),crc32c", "3808858755"}, {"str(123456789),crc32c(1)", "1236241323"}}}},
    {.name = "djb2",
     .args = args(0, {ArgKind::integer}),
     .in = Type::binary,
     .out = Type::integer,
     .apply = djb2,
     .doc = "Bernstein's hash: times 33, plus the byte; with 1, mixed once more.",
     .examples = {{{"str(123456789),djb2", "902675330"},
                   {"bin(ff80),djb2", "5868452"},
                   {"str(123456789),djb2(1)", "2717138294"}}}},
    {.name = "sdbm",
     .args = args(0, {ArgKind::integer}),
     .in = Type::binary,
     .out = Type::integer,
     .apply = sdbm,
     .doc = "The hash of the sdbm library, which map-based balancing uses too; with 1, mixed once more.",
     .examples = {{{"str(123456789),sdbm", "1755344949"},
                   {"bin(ff80),sdbm", "16727873"},
                   {"str(123456789),sdbm(1)", "3400502718"}}}},
    {.name = "xxh3",
     .args = args(0, {ArgKind::integer}),
     .in = Type::binary,
     .out = Type::integer,
     .apply = xxh3,
     .doc = "The 64-bit XXH3, with an optional seed, as a signed integer.",
     .examples = {{{"str(abc),xxh3", "8696274497037089104"}, {"str(abc),xxh3(1)", "7729416884403528232"}}}},
    {.name = "xxh32",
     .args = args(0, {ArgKind::integer}),
     .in = Type::binary,
     .out = Type::integer,
     .apply = xxh32,
     .doc = "The 32-bit xxHash, with an optional seed.",
     .examples = {{{"str(''),xxh32", "46947589"}}}},
    {.name = "xxh64",
     .args = args(0, {ArgKind::integer}),
     .in = Type::binary,
     .out = Type::integer,
     .apply = xxh64,
     .doc = "The 64-bit xxHash, with an optional seed, as a signed integer.",
     .examples = {{{"str(''),xxh64", "-1205034819632174695"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> hash_converters{kRows};
}  // namespace weir::sample
