// What a file says about a value: the map family. Manual 7.3.1, map; the lists themselves: sample/pattern_reference.h.
#include <fmt/format.h>

#include "sample/reference_book.h"
#include "sample/tables.h"

namespace weir::sample {
namespace {

using Output = MapOutput;

struct Prepared {
  std::shared_ptr<PatternReference> list;
  ViewKind kind;
  Output output = Output::text;
  std::string signature;
  std::string default_text;
  std::optional<Sample> fallback;  // may borrow from default_text
};

template <MatchKind kind, Output output>
Result<std::shared_ptr<const void>> prepare(const Args& args) {
  AnyReading reading;
  auto opened = reading->open(args[0].text, true, ReferenceReading::User::map);
  if (!opened) return weir::unexpected<Error>(opened.error());
  auto made = std::make_shared<Prepared>();
  made->list = std::move(opened->list);
  made->kind = {.match = kind};
  made->output = output;
  if (auto used = made->list->use_as_map(made->kind, output); !used) return weir::unexpected<Error>(used.error());
  reading->note(*made->list, {.kind = made->kind, .output = output});
  made->signature = fmt::format("map {} <{:016x}>", args[0].text, made->list->content_hash());
  if (args.has(1)) {
    made->default_text = args[1].text;
    made->fallback = parse_output(made->default_text, output);
    if (!made->fallback) return fail("the default is no value of the type that this map gives");
  }
  return std::shared_ptr<const void>(std::move(made));
}

const std::string& map_signature(const void* prepared) { return static_cast<const Prepared*>(prepared)->signature; }

/// \0 to \9 in the value are what the groups of the expression matched.
bool give_replaced(std::string_view value, std::string_view text, const Regex& regex, Arena& arena, Sample& out) {
  Regex::Groups groups;
  if (!regex.find(text, 0, groups)) return false;
  const std::size_t room = arena.room();
  char* start = arena.take(room);
  std::size_t size = 0;
  bool full = false;
  const auto put = [&](std::string_view part) {
    full = full || part.size() > room - size;
    if (full) return;
    std::ranges::copy(part, start + size);
    size += part.size();
  };
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool reference = value[i] == '\\' && i + 1 < value.size() && value[i + 1] >= '0' && value[i + 1] <= '9';
    if (!reference) {
      put(value.substr(i, 1));
      continue;
    }
    const auto group = static_cast<std::size_t>(value[++i] - '0') * 2;
    if (groups[group] != Regex::kUnset) put(text.substr(groups[group], groups[group + 1] - groups[group]));
  }
  arena.keep(start, full ? 0 : size);
  out = Sample::string({start, size});
  return !full;
}

// What is found lives until the turn ends, what the arena holds as long as all other values: texts are copied.
bool give(const PatternEntry& entry, Output output, Arena& arena, Sample& out) {
  const std::string_view text =
      output == Output::key ? entry.key() : entry.value.load(std::memory_order_acquire)->text();
  auto value = parse_output(text, output);
  if (!value) return false;
  if (value->is_text()) {
    const auto copy = arena.copy(text);
    if (!copy) return false;
    value = Sample::string(*copy);
  }
  out = *value;
  return true;
}

template <bool references>
bool look_up(const Args& args, Context& context, Sample& sample) {
  const auto& prepared = *static_cast<const Prepared*>(args.prepared);
  if constexpr (references) {
    const Regex* regex = nullptr;
    if (const auto* const entry = prepared.list->find_expression(prepared.kind, sample.text(), regex))
      return give_replaced(entry->value.load(std::memory_order_acquire)->text(), sample.text(), *regex, context.arena,
                           sample);
  } else if (const auto* const entry = prepared.list->find(prepared.kind, sample, context.arena)) {
    return give(*entry, prepared.output, context.arena, sample);
  }
  if (prepared.fallback) sample = *prepared.fallback;
  return prepared.fallback.has_value();
}

constexpr ArgSpec kWithDefault = args(1, {ArgKind::string, ArgKind::string});
constexpr ArgSpec kFile = args(1, {ArgKind::string});

template <MatchKind kind, Output output, bool references = false>
constexpr Converter row(std::string_view name, std::string_view doc, Examples examples) {
  constexpr bool kNumbers = kind == MatchKind::integer;
  return {.name = name,
          .args = output == Output::key ? kFile : kWithDefault,
          .in = kind == MatchKind::ip ? Type::address : (kNumbers ? Type::integer : Type::string),
          .out = output == Output::integer ? Type::integer : (output == Output::address ? Type::address : Type::string),
          .apply = look_up<references>,
          .prepare = prepare<kind, output>,
          .contents = map_signature,
          .doc = doc,
          .examples = examples};
}

constexpr Converter kRows[] = {
    row<MatchKind::str, Output::text>(
        "map",
        "Looks into a map of a file for the text that is the same, and what stands behind it in the file; else the "
        "default.",
        {{{"str(a.b),map(tests/data/texts.map)", "one"},
          {"str(zz),map(tests/data/texts.map)", "", true},
          {"str(zz),map(tests/data/texts.map,none)", "none"}}}),
    row<MatchKind::beg, Output::text>(
        "map_beg",
        "Looks into a map of a file for the longest beginning of the text, and what stands behind it in the file; "
        "else the default.",
        {{{"str(a.bc),map_beg(tests/data/texts.map)", "one"}}}),
    row<MatchKind::beg, Output::integer>(
        "map_beg_int",
        "Looks into a map of a file for the longest beginning of the text, and the integer behind it; else the "
        "default.",
        {{{"str(abc),map_beg_int(tests/data/numbers.map)", "1"}}}),
    row<MatchKind::beg, Output::address>(
        "map_beg_ip",
        "Looks into a map of a file for the longest beginning of the text, and the address behind it; else the "
        "default.",
        {{{"str(bc),map_beg_ip(tests/data/addresses.map)", "2001:db8::1"}}}),
    row<MatchKind::beg, Output::key>(
        "map_beg_key",
        "Looks into a map of a file for the longest beginning of the text, itself, as it stands in the file.",
        {{{"str(a.bc),map_beg_key(tests/data/texts.map)", "a.b"}}}),
    row<MatchKind::dir, Output::text>(
        "map_dir",
        "Looks into a map of a file for the first directory in the text, and what stands behind it in the file; "
        "else the default.",
        {{{"str(/x/a.b/y),map_dir(tests/data/texts.map)", "one"}}}),
    row<MatchKind::dir, Output::integer>(
        "map_dir_int",
        "Looks into a map of a file for the first directory in the text, and the integer behind it; else the default.",
        {{{"str(/x/b),map_dir_int(tests/data/numbers.map)", "-2"}}}),
    row<MatchKind::dir, Output::address>(
        "map_dir_ip",
        "Looks into a map of a file for the first directory in the text, and the address behind it; else the default.",
        {{{"str(/a/x),map_dir_ip(tests/data/addresses.map)", "192.0.2.1"}}}),
    row<MatchKind::dir, Output::key>(
        "map_dir_key",
        "Looks into a map of a file for the first directory in the text, itself, as it stands in the file.",
        {{{"str(/x/b),map_dir_key(tests/data/numbers.map)", "b"}}}),
    row<MatchKind::dom, Output::text>(
        "map_dom",
        "Looks into a map of a file for the first domain in the text, and what stands behind it in the file; else "
        "the default.",
        {{{"str(www.a.b),map_dom(tests/data/texts.map)", "three words here"}}}),
    row<MatchKind::dom, Output::integer>(
        "map_dom_int",
        "Looks into a map of a file for the first domain in the text, and the integer behind it; else the default.",
        {{{"str(x.b),map_dom_int(tests/data/numbers.map)", "-2"}}}),
    row<MatchKind::dom, Output::address>(
        "map_dom_ip",
        "Looks into a map of a file for the first domain in the text, and the address behind it; else the default.",
        {{{"str(x.b),map_dom_ip(tests/data/addresses.map)", "2001:db8::1"}}}),
    row<MatchKind::dom, Output::key>(
        "map_dom_key", "Looks into a map of a file for the first domain in the text, itself, as it stands in the file.",
        {{{"str(x.b),map_dom_key(tests/data/numbers.map)", "b"}}}),
    row<MatchKind::end, Output::text>(
        "map_end",
        "Looks into a map of a file for the first end of the text, and what stands behind it in the file; else the "
        "default.",
        {{{"str(xa.b),map_end(tests/data/texts.map)", "one"}}}),
    row<MatchKind::end, Output::integer>(
        "map_end_int",
        "Looks into a map of a file for the first end of the text, and the integer behind it; else the default.",
        {{{"str(xb),map_end_int(tests/data/numbers.map)", "-2"}}}),
    row<MatchKind::end, Output::address>(
        "map_end_ip",
        "Looks into a map of a file for the first end of the text, and the address behind it; else the default.",
        {{{"str(xb),map_end_ip(tests/data/addresses.map)", "2001:db8::1"}}}),
    row<MatchKind::end, Output::key>(
        "map_end_key", "Looks into a map of a file for the first end of the text, itself, as it stands in the file.",
        {{{"str(xb),map_end_key(tests/data/numbers.map)", "b"}}}),
    row<MatchKind::integer, Output::text>(
        "map_int",
        "Looks into a map of a file for the first number or range, and what stands behind it in the file; else the "
        "default.",
        {{{"int(80),map_int(tests/data/ports.map)", "1"}, {"int(8080),map_int(tests/data/ports.map)", "2"}}}),
    row<MatchKind::integer, Output::integer>(
        "map_int_int",
        "Looks into a map of a file for the first number or range, and the integer behind it; else the default.",
        {{{"int(443),map_int_int(tests/data/ports.map,9)", "9"}, {"int(80),map_int_int(tests/data/ports.map)", "1"}}}),
    row<MatchKind::integer, Output::address>(
        "map_int_ip",
        "Looks into a map of a file for the first number or range, and the address behind it; else the default.",
        {{{"int(443),map_int_ip(tests/data/ports_to_addresses.map)", "192.0.2.3"}}}),
    row<MatchKind::integer, Output::key>(
        "map_int_key", "Looks into a map of a file for the first number or range, itself, as it stands in the file.",
        {{{"int(8080),map_int_key(tests/data/ports.map)", "8000:8999"}}}),
    row<MatchKind::ip, Output::text>(
        "map_ip",
        "Looks into a map of a file for the finest network, and what stands behind it in the file; else the default.",
        {{{"ipv4(10.1.2.3),map_ip(tests/data/networks.map)", "fine"},
          {"ipv4(10.2.2.3),map_ip(tests/data/networks.map)", "coarse"},
          {"ipv6(2001:db8::5),map_ip(tests/data/networks.map)", "six"}}}),
    row<MatchKind::ip, Output::integer>(
        "map_ip_int", "Looks into a map of a file for the finest network, and the integer behind it; else the default.",
        {{{"src,map_ip_int(tests/data/networks_to_numbers.map)", "40"}}}),
    row<MatchKind::ip, Output::address>(
        "map_ip_ip", "Looks into a map of a file for the finest network, and the address behind it; else the default.",
        {{{"src,map_ip_ip(tests/data/networks_to_addresses.map)", "10.0.0.1"}}}),
    row<MatchKind::ip, Output::key>(
        "map_ip_key", "Looks into a map of a file for the finest network, itself, as it stands in the file.",
        {{{"ipv4(10.1.2.3),map_ip_key(tests/data/networks.map)", "10.1.0.0/16"}}}),
    row<MatchKind::reg, Output::text>(
        "map_reg",
        "Looks into a map of a file for the first expression that matches, and what stands behind it in the file; "
        "else the default.",
        {{{"str(/img/7),map_reg(tests/data/expressions.map)", "\\1 and \\2"}}}),
    row<MatchKind::reg, Output::integer>(
        "map_reg_int",
        "Looks into a map of a file for the first expression that matches, and the integer behind it; else the "
        "default.",
        {{{"str(xby),map_reg_int(tests/data/numbers.map)", "-2"}}}),
    row<MatchKind::reg, Output::address>(
        "map_reg_ip",
        "Looks into a map of a file for the first expression that matches, and the address behind it; else the "
        "default.",
        {{{"str(xby),map_reg_ip(tests/data/addresses.map)", "2001:db8::1"}}}),
    row<MatchKind::reg, Output::key>(
        "map_reg_key",
        "Looks into a map of a file for the first expression that matches, itself, as it stands in the file.",
        {{{"str(/img/7),map_reg_key(tests/data/expressions.map)", "^/(img|css)/([0-9])"}}}),
    row<MatchKind::reg, Output::text, true>(
        "map_regm", "map_reg, with what the groups of the expression matched for \\1 to \\9 in the value.",
        {{{"str(/img/7),map_regm(tests/data/expressions.map)", "img and 7"},
          {"str(/y),map_regm(tests/data/expressions.map,none)", "none"}}}),
    row<MatchKind::str, Output::text>(
        "map_str",
        "Looks into a map of a file for the text that is the same, and what stands behind it in the file; else the "
        "default.",
        {{{"str(a),map_str(tests/data/texts.map)", "three words here"}}}),
    row<MatchKind::str, Output::integer>(
        "map_str_int",
        "Looks into a map of a file for the text that is the same, and the integer behind it; else the default.",
        {{{"str(a),map_str_int(tests/data/numbers.map)", "1"},
          {"str(zz),map_str_int(tests/data/numbers.map,7)", "7"}}}),
    row<MatchKind::str, Output::address>(
        "map_str_ip",
        "Looks into a map of a file for the text that is the same, and the address behind it; else the default.",
        {{{"str(a),map_str_ip(tests/data/addresses.map)", "192.0.2.1"}}}),
    row<MatchKind::str, Output::key>(
        "map_str_key", "Looks into a map of a file for the text that is the same, itself, as it stands in the file.",
        {{{"str(a),map_str_key(tests/data/texts.map)", "a"}}}),
    row<MatchKind::sub, Output::text>(
        "map_sub",
        "Looks into a map of a file for the first part of the text, and what stands behind it in the file; else "
        "the default.",
        {{{"str(xa.by),map_sub(tests/data/texts.map)", "three words here"}}}),
    row<MatchKind::sub, Output::integer>(
        "map_sub_int",
        "Looks into a map of a file for the first part of the text, and the integer behind it; else the default.",
        {{{"str(xby),map_sub_int(tests/data/numbers.map)", "-2"}}}),
    row<MatchKind::sub, Output::address>(
        "map_sub_ip",
        "Looks into a map of a file for the first part of the text, and the address behind it; else the default.",
        {{{"str(xby),map_sub_ip(tests/data/addresses.map)", "2001:db8::1"}}}),
    row<MatchKind::sub, Output::key>(
        "map_sub_key", "Looks into a map of a file for the first part of the text, itself, as it stands in the file.",
        {{{"str(xby),map_sub_key(tests/data/numbers.map)", "b"}}}),
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> map_converters{kRows};
}  // namespace weir::sample
