// Fields of Protocol Buffers, alone or behind gRPC's five bytes. Manual 7.3.1: protobuf, ungrpc; codec:
// proto/protobuf.h.
#include "proto/protobuf.h"

#include <bit>
#include <charconv>

#include "sample/tables.h"

namespace weir::sample {
namespace {

namespace protobuf = proto::protobuf;
using protobuf::Wire;

std::int64_t whole(double value) { return value > -9.2e18 && value < 9.2e18 ? static_cast<std::int64_t>(value) : 0; }
std::int64_t as_it_is(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::int64_t as_int32(std::uint64_t value) { return static_cast<std::int32_t>(value); }
std::int64_t as_float(std::uint64_t value) { return whole(std::bit_cast<float>(static_cast<std::uint32_t>(value))); }
std::int64_t as_double(std::uint64_t value) { return whole(std::bit_cast<double>(value)); }

/// What a field's type is called, how it is written, and what number it means. COMPAT: fractions are cut off.
struct FieldType {
  std::string_view name;
  Wire wire;
  std::int64_t (*number)(std::uint64_t value);
};
constexpr FieldType kTypes[] = {
    {"int32", Wire::varint, as_int32},
    {"int64", Wire::varint, as_it_is},
    {"uint32", Wire::varint, as_it_is},
    {"uint64", Wire::varint, as_it_is},
    {"sint32", Wire::varint, protobuf::signed_of},
    {"sint64", Wire::varint, protobuf::signed_of},
    {"bool", Wire::varint, as_it_is},
    {"enum", Wire::varint, as_it_is},
    {"fixed64", Wire::fixed64, as_it_is},
    {"sfixed64", Wire::fixed64, as_it_is},
    {"double", Wire::fixed64, as_double},
    {"fixed32", Wire::fixed32, as_it_is},
    {"sfixed32", Wire::fixed32, as_int32},
    {"float", Wire::fixed32, as_float},
};

struct Wanted {
  std::vector<std::uint32_t> path;
  const FieldType* type = nullptr;
};

Result<std::shared_ptr<const void>> prepare(const Args& args) {
  auto made = std::make_shared<Wanted>();
  std::string_view text = args[0].text;
  while (true) {
    std::uint32_t number = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (wrong != std::errc{} || number == 0 || number >= 1U << 29)
      return fail("a field is a number, or several with dots between them");
    made->path.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) break;
    if (text.front() != '.') return fail("a field is a number, or several with dots between them");
    text.remove_prefix(1);
  }
  if (!args.has(1)) return std::shared_ptr<const void>(std::move(made));
  for (const FieldType& type : kTypes) {
    if (type.name == args[1].text) made->type = &type;
  }
  if (made->type == nullptr) return fail("no field has that type: int32, sint64, fixed32, double ...");
  return std::shared_ptr<const void>(std::move(made));
}

bool give(const Args& args, std::string_view message, Sample& sample) {
  const auto& wanted = *static_cast<const Wanted*>(args.prepared);
  const auto field = protobuf::find(message, wanted.path);
  if (!field || (wanted.type != nullptr && wanted.type->wire != field->wire)) return false;
  sample = wanted.type != nullptr ? Sample::integer(wanted.type->number(field->number)) : Sample::binary(field->raw);
  return true;
}

bool protobuf_field(const Args& args, Context&, Sample& sample) { return give(args, sample.text(), sample); }

bool ungrpc(const Args& args, Context&, Sample& sample) {
  const auto message = protobuf::grpc_message(sample.text());
  return message && give(args, *message, sample);
}

constexpr ArgSpec kField = args(1, {ArgKind::string, ArgKind::string});
#define MESSAGE "089601120774657374696e671a0608051202696e3d0000c03f3005"

constexpr Converter kRows[] = {
    {.name = "protobuf",
     .args = kField,
     .in = Type::binary,
     .out = Type::binary,
     .apply = protobuf_field,
     .prepare = prepare,
     .doc = "A field of a Protocol Buffers message, by its number, or numbers with dots through messages inside: its "
            "bytes, or with a type an integer.",
     .examples = {{{"bin(" MESSAGE "),protobuf(2)", "testing"},
                   {"bin(" MESSAGE "),protobuf(1,int32)", "150"},
                   {"bin(" MESSAGE "),protobuf(3.2)", "in"},
                   {"bin(" MESSAGE "),protobuf(6,sint32)", "-3"},
                   {"bin(" MESSAGE "),protobuf(7,float)", "1"},
                   {"bin(" MESSAGE "),protobuf(1,fixed32)", "", true},
                   {"bin(" MESSAGE "),protobuf(9)", "", true}}}},
    {.name = "ungrpc",
     .args = kField,
     .in = Type::binary,
     .out = Type::binary,
     .apply = ungrpc,
     .prepare = prepare,
     .doc = "protobuf, of a message behind gRPC's header.",
     .examples = {{{"bin(000000001b" MESSAGE "),ungrpc(2)", "testing"},
                   {"bin(000000001b" MESSAGE "),ungrpc(3.1,int32)", "5"},
                   {"bin(00000000ff" MESSAGE "),ungrpc(2)", "", true}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");
#undef MESSAGE

}  // namespace
constinit const std::span<const Converter> protobuf_converters{kRows};
}  // namespace weir::sample
