// The Forwarded field, read and written. Manual 7.3.1: rfc7239_field and its relatives; codec: proto/http/forwarded.h.
#include "proto/http/forwarded.h"

#include "sample/tables.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

namespace http = proto::http;

bool rfc7239_field(const Args& args, Context&, Sample& sample) {
  const auto value = http::forwarded_parameter(sample.text(), args[0].text);
  if (value) sample = Sample::string(*value);
  return value.has_value();
}
Result<std::shared_ptr<const void>> check_field(const Args& args) {
  for (const std::string_view name : {"proto", "host", "for", "by"}) {
    if (args[0].text == name) return std::shared_ptr<const void>();
  }
  return fail("the fields are proto, host, for and by");
}

bool rfc7239_is_valid(const Args&, Context&, Sample& sample) {
  sample = Sample::boolean(http::is_forwarded(sample.text()));
  return true;
}

/// An address, "unknown" or an identifier with its underscore.
bool rfc7239_n2nn(const Args&, Context& context, Sample& sample) {
  const auto node = http::parse_node(sample.text());
  if (!node) return false;
  sample = Sample::string(node->name);
  Sample address = sample;
  if (cast(address, Type::address, context.arena)) sample = address;
  return true;
}

bool rfc7239_n2np(const Args&, Context& context, Sample& sample) {
  const auto node = http::parse_node(sample.text());
  if (!node || node->port.empty()) return false;
  sample = Sample::string(node->port);
  return node->port.starts_with('_') || cast(sample, Type::integer, context.arena);
}

bool put(std::initializer_list<std::string_view> parts, Context& context, Sample& sample) {
  const auto text = joined_copy(parts, context.arena);
  if (text) sample = Sample::string(*text);
  return text.has_value();
}
/// An identifier gets its underscore.
bool put_hidden_name(Context& context, Sample& sample) {
  return sample.is_text() && http::is_hidden_name(sample.text()) && put({"_", sample.text()}, context, sample);
}

bool rfc7239_nn(const Args&, Context& context, Sample& sample) {
  if (sample.type() == Type::ipv4) return cast(sample, Type::string, context.arena);
  if (sample.type() == Type::ipv6)
    return cast(sample, Type::string, context.arena) && put({"[", sample.text(), "]"}, context, sample);
  if (!sample.is_text() || !sample.text().empty()) return put_hidden_name(context, sample);
  sample = Sample::string("unknown");
  return true;
}

bool rfc7239_np(const Args&, Context& context, Sample& sample) {
  if (sample.type() == Type::integer) {
    const bool port = sample.as_integer() >= 0 && sample.as_integer() <= 0xffff;
    return port && cast(sample, Type::string, context.arena);
  }
  return put_hidden_name(context, sample);
}

constexpr Converter kRows[] = {
    {.name = "rfc7239_field",
     .args = args(1, {ArgKind::string}),
     .in = Type::string,
     .out = Type::string,
     .apply = rfc7239_field,
     .prepare = check_field,
     .doc = "A parameter of a valid Forwarded field: proto, host, for or by.",
     .examples = {{{"str('proto=https;host=\"haproxy.org:80\"'),rfc7239_field(host)", "haproxy.org:80"},
                   {"str('for=1.2.3.4:80'),rfc7239_field(for)", "", true}}}},
    {.name = "rfc7239_is_valid",
     .in = Type::string,
     .out = Type::boolean,
     .apply = rfc7239_is_valid,
     .doc = "Whether a Forwarded field is as RFC 7239 wants it.",
     .examples = {{{"str('for=127.0.0.1;proto=http'),rfc7239_is_valid", "1"},
                   {"str('proto=custom'),rfc7239_is_valid", "0"}}}},
    {.name = "rfc7239_n2nn",
     .in = Type::string,
     .apply = rfc7239_n2nn,
     .doc = "The name of a node of Forwarded: an address, unknown, or an identifier with its underscore.",
     .examples = {{{"str('127.0.0.1:9999'),rfc7239_n2nn", "127.0.0.1"},
                   {"str('[ab:cd:ff:ff:ff:ff:ff:ff]:9998'),rfc7239_n2nn", "ab:cd:ff:ff:ff:ff:ff:ff"},
                   {"str('_name:_port'),rfc7239_n2nn", "_name"},
                   {"str('name'),rfc7239_n2nn", "", true}}}},
    {.name = "rfc7239_n2np",
     .in = Type::string,
     .apply = rfc7239_n2np,
     .doc = "The port of a node of Forwarded: an integer, or an identifier with its underscore.",
     .examples = {{{"str('127.0.0.1:9999'),rfc7239_n2np", "9999"},
                   {"str('_name:_port'),rfc7239_n2np", "_port"},
                   {"str('127.0.0.1'),rfc7239_n2np", "", true}}}},
    {.name = "rfc7239_nn",
     .out = Type::string,
     .apply = rfc7239_nn,
     .doc = "An address or an identifier as the name of a node of Forwarded; an empty text is unknown.",
     .examples = {{{"ipv6(ab:cd:ff:ff:ff:ff:ff:ff),rfc7239_nn", "[ab:cd:ff:ff:ff:ff:ff:ff]"},
                   {"ipv4(192.0.2.1),rfc7239_nn", "192.0.2.1"},
                   {"str(test),rfc7239_nn", "_test"},
                   {"str(),rfc7239_nn", "unknown"},
                   {"str('a b'),rfc7239_nn", "", true}}}},
    {.name = "rfc7239_np",
     .out = Type::string,
     .apply = rfc7239_np,
     .doc = "A number or an identifier as the port of a node of Forwarded.",
     .examples = {{{"int(12),rfc7239_np", "12"},
                   {"str(test),rfc7239_np", "_test"},
                   {"str(),rfc7239_np", "", true},
                   {"int(65536),rfc7239_np", "", true}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> forwarded_converters{kRows};
}  // namespace weir::sample
