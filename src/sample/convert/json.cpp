// Values out of JSON. Manual 7.3.1: json_query; the other direction, json, is in encoding.cpp.
#include "sample/json_path.h"
#include "sample/tables.h"

namespace weir::sample {
namespace {

bool json_query(const Args& args, Context& context, Sample& sample) {
  const auto& query = *static_cast<const JsonQuery*>(args.prepared);
  return query.path->query(sample.text(), query.integer, context.arena, sample);
}

constexpr Converter kRows[] = {
    {.name = "json_query",
     .args = args(1, {ArgKind::string, ArgKind::string}),
     .in = Type::string,
     .out = Type::string,
     .apply = json_query,
     .prepare = prepare_json_query,
     .doc = "The value at a path of a JSON document: a string, number, boolean or, as text, an array; with int, an "
            "integer.",
     .examples = {{{"str('{\"a\":{\"b\":[7,\"x\"]}}'),json_query('$.a.b')", "[7,\"x\"]"},
                   {"str('{\"a\":{\"b\":[7,\"x\"]}}'),json_query('$.a.b[0]','int'),add(1)", "8"},
                   {"str('{\"a.b\":1.5}'),json_query('$.a\\.b')", "1.5"},
                   {"str('{\"a.b\":1.5}'),json_query(\"$['a.b']\",int)", "1"},
                   {"str('{\"a\":true}'),json_query('$.a')", "1"},
                   {"str('{\"a\":{}}'),json_query('$.a')", "", true},
                   {"str('{\"a\":'),json_query('$.b')", "", true}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> json_converters{kRows};
}  // namespace weir::sample
