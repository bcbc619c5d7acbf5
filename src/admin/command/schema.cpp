// `show schema json`: what `show info json` and `show stat json` look like, in the words of json-schema.org.
#include "admin/command/schema.h"

#include "admin/command/tables.h"

namespace weir::admin {
namespace {

// One piece per idea, joined without a space as all JSON of the socket.
constexpr std::string_view kSchema[] = {
    R"({"$schema":"http://json-schema.org/draft-04/schema#","oneOf":[)",
    R"({"title":"Info","type":"array","items":{"title":"InfoItem","type":"object","properties":{)",
    R"("field":{"$ref":"#/definitions/field"},"processNum":{"$ref":"#/definitions/processNum"},)",
    R"("tags":{"$ref":"#/definitions/tags"},"value":{"$ref":"#/definitions/typedValue"}},)",
    R"("required":["field","processNum","tags","value"]}},)",
    R"({"title":"Stat","type":"array","items":{"title":"StatOfOne","type":"array","items":{)",
    R"("title":"StatItem","type":"object","properties":{)",
    R"("objType":{"enum":["Frontend","Backend","Listener","Server","Unknown"]},)",
    R"("proxyId":{"type":"integer","minimum":0},"id":{"type":"integer","minimum":0},)",
    R"("field":{"$ref":"#/definitions/field"},"processNum":{"$ref":"#/definitions/processNum"},)",
    R"("tags":{"$ref":"#/definitions/tags"},"value":{"$ref":"#/definitions/typedValue"}},)",
    R"("required":["objType","proxyId","id","field","processNum","tags","value"]}}}],)",
    R"("definitions":{"field":{"type":"object","properties":{"pos":{"type":"integer","minimum":0},)",
    R"("name":{"type":"string"}},"required":["pos","name"]},)",
    R"("processNum":{"type":"integer","minimum":1},)",
    R"("tags":{"type":"object","properties":{)",
    R"("origin":{"type":"string","enum":["Metric","Status","Key","Config","Product"]},)",
    R"("nature":{"type":"string","enum":["Age","Average","Counter","Duration","Gauge","Limit","Max","Min","Name",)",
    R"("Output","Rate","Time","Avg"]},)",
    R"("scope":{"type":"string","enum":["Cluster","Process","Service","System"]}},)",
    R"("required":["origin","nature","scope"]},)",
    R"("typedValue":{"type":"object","oneOf":[)",
    R"({"$ref":"#/definitions/typedValue/definitions/s32Value"},{"$ref":"#/definitions/typedValue/definitions/u32Value"},)",
    R"({"$ref":"#/definitions/typedValue/definitions/u64Value"},{"$ref":"#/definitions/typedValue/definitions/strValue"}],)",
    R"("definitions":{)",
    R"("s32Value":{"properties":{"type":{"type":"string","enum":["s32"]},)",
    R"("value":{"type":"integer","minimum":-2147483648,"maximum":2147483647}},"required":["type","value"]},)",
    R"("u32Value":{"properties":{"type":{"type":"string","enum":["u32"]},)",
    R"("value":{"type":"integer","minimum":0,"maximum":4294967295}},"required":["type","value"]},)",
    R"("u64Value":{"properties":{"type":{"type":"string","enum":["u64"]},)",
    R"("value":{"type":"integer","minimum":0,"maximum":18446744073709551615}},"required":["type","value"]},)",
    R"("strValue":{"properties":{"type":{"type":"string","enum":["str"]},)",
    R"("value":{"type":"string"}},"required":["type","value"]}}}}})"};

void show_schema(Call& call) { write_json_schema(call.out.text); }

constexpr CliCommand kRows[] = {
    {.name = "show schema json",
     .usage = "show schema json",
     .answer = show_schema,
     .doc = "the form of the JSON of 'show info' and 'show stat'"},
};

}  // namespace

void write_json_schema(std::string& out) {
  for (const std::string_view piece : kSchema) out += piece;
  out += '\n';
}

constinit const std::span<const CliCommand> schema_commands{kRows};

}  // namespace weir::admin
