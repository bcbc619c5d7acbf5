// Names of hosts as headers and certificates write them. Manual 7.3.1.
#include <charconv>

#include "sample/tables.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

/// Where the port's ':' stands, the end when there is none; colons within brackets are an IPv6 address.
std::size_t port_mark(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  return std::min(text.find(':', bracket == std::string_view::npos ? text.size() : bracket), text.size());
}

bool host_only(const Args&, Context& context, Sample& sample) {
  const std::string_view text = sample.text();
  const auto host = lowered_copy(text.substr(0, port_mark(text)), context.arena);
  if (host) sample = Sample::string(*host);
  return host.has_value();
}

bool port_only(const Args&, Context&, Sample& sample) {
  const std::string_view text = sample.text();
  const std::size_t mark = port_mark(text);
  std::uint16_t port = 0;
  if (mark < text.size()) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + mark + 1, end, port);
    if (error != std::errc{} || stop != end) port = 0;
  }
  sample = Sample::integer(port);
  return true;
}

bool reverse_dom(const Args&, Context& context, Sample& sample) {
  std::string_view name = sample.text();
  if (name.ends_with('.')) name.remove_suffix(1);
  char* out = context.arena.take(name.size());
  if (out == nullptr || name.empty()) return false;
  std::size_t size = 0;
  std::string_view rest = name;
  while (true) {
    const std::size_t dot = rest.rfind('.');
    const std::string_view label = dot == std::string_view::npos ? rest : rest.substr(dot + 1);
    if (label.empty()) return false;
    size += label.copy(out + size, label.size());
    if (dot == std::string_view::npos) break;
    out[size++] = '.';
    rest = rest.substr(0, dot);
  }
  sample = Sample::string({out, size});
  return true;
}

constexpr Converter kRows[] = {
    {.name = "host_only",
     .in = Type::string,
     .out = Type::string,
     .apply = host_only,
     .doc = "A Host header's value in lower case and without its port; brackets of IPv6 addresses stay.",
     .examples = {{{"str(A.Example:80),host_only", "a.example"}, {"str([::1]:80),host_only", "[::1]"}}}},
    {.name = "port_only",
     .in = Type::string,
     .out = Type::integer,
     .apply = port_only,
     .doc = "The port of a Host header's value; 0 when it has none.",
     .examples = {{{"str(a.example:80),port_only", "80"}, {"str([::1]),port_only", "0"}}}},
    {.name = "reverse_dom",
     .in = Type::string,
     .out = Type::string,
     .apply = reverse_dom,
     .doc = "A host name with its labels in the other order, so that suffixes become prefixes; a last dot is dropped.",
     .examples = {{{"str(mail.example.com),reverse_dom", "com.example.mail"},
                   {"str(example.com.),reverse_dom", "com.example"},
                   {"str(a..b),reverse_dom", "", true}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> host_converters{kRows};
}  // namespace weir::sample
