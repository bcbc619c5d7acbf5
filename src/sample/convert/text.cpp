// Looking into text: its lines, its parameters, control characters; and text as JSON writes it. Manual 7.3.1.
#include <algorithm>
#include <charconv>

#include "sample/tables.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

bool cut_crlf(const Args&, Context&, Sample& sample) {
  sample = Sample::string(sample.text().substr(0, sample.text().find_first_of("\r\n")));
  return true;
}

bool reverse(const Args&, Context& context, Sample& sample) {
  const std::string_view text = sample.text();
  char* out = context.arena.take(text.size());
  if (out == nullptr) return false;
  std::reverse_copy(text.begin(), text.end(), out);
  sample = Sample::string({out, text.size()});
  return true;
}

// Bits 0 to 31 stand for the characters of those numbers, bit 32 for DEL.
constexpr std::uint64_t kAnyControl = 0x1ffffffff;
constexpr std::uint64_t kAllButTab = kAnyControl & ~(std::uint64_t{1} << 9);
constexpr std::uint64_t kNotInHttp = 0x2401;

bool has_ctl(const Args& args, Context&, Sample& sample) {
  const std::uint64_t mask = args.prepared != nullptr ? *static_cast<const std::uint64_t*>(args.prepared) : kAllButTab;
  const std::string_view text = sample.text();
  sample = Sample::boolean(std::ranges::any_of(text, [mask](char c) {
    const auto byte = static_cast<unsigned char>(c);
    const unsigned bit = byte == 0x7f ? 32 : byte;
    return bit <= 32 && (byte < 0x20 || byte == 0x7f) && (mask >> bit & 1) != 0;
  }));
  return true;
}
Result<std::shared_ptr<const void>> prepare_mask(const Args& args) {
  if (!args.has(0)) return std::shared_ptr<const void>();
  std::string_view text = args[0].text;
  if (text == "any") return std::make_shared<const std::uint64_t>(kAnyControl);
  if (text == "http") return std::make_shared<const std::uint64_t>(kNotInHttp);
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  std::uint64_t mask = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mask, hex ? 16 : 10);
  if (error != std::errc{} || end != text.data() + text.size() || mask > kAnyControl)
    return fail("a number of 33 bits, 'any' or 'http' was expected");
  return std::make_shared<const std::uint64_t>(mask);
}

bool param(const Args& args, Context&, Sample& sample) {
  const char delimiter = args.prepared != nullptr ? *static_cast<const char*>(args.prepared) : '&';
  const std::string_view name = args[0].text;
  std::string_view rest = sample.text();
  while (true) {
    const std::size_t end = rest.find(delimiter);
    const std::string_view part = rest.substr(0, end);
    const std::size_t equals = std::min(part.find('='), part.size());
    if (part.substr(0, equals) == name) {
      sample = Sample::string(part.substr(std::min(equals + 1, part.size())));
      return true;
    }
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}
Result<std::shared_ptr<const void>> prepare_delimiter(const Args& args) {
  if (!args.has(1)) return std::shared_ptr<const void>();
  const std::string& text = args[1].text;
  if (text.size() == 1) return std::make_shared<const char>(text[0]);
  if (text.size() == 4 && (text.starts_with("0x") || text.starts_with("0X")))
    if (const auto byte = from_hex(std::string_view(text).substr(2))) return std::make_shared<const char>((*byte)[0]);
  return fail("the delimiter must be one character, or one as 0xHH");
}

// JSON (RFC 8259 7). A decoder gives one character of the input at a time.

enum class Input : std::uint8_t { ascii, utf8, utf8s, utf8p, utf8ps };
constexpr std::string_view kInputs[] = {"ascii", "utf8", "utf8s", "utf8p", "utf8ps"};

struct Decoded {
  std::uint32_t code = 0;
  std::size_t size = 1;  // bytes it took
  bool bad = false;      // no character
  bool overlong = false;
};

Decoded decode_utf8(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {.code = lead};
  const std::size_t size = lead >= 0xf8 || lead < 0xc0 ? 0 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (size == 0) return {.bad = true};
  std::uint32_t code = lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if (i >= text.size() || (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return {.size = i, .bad = true};
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  }
  constexpr std::uint32_t kFirst[] = {0, 0, 0x80, 0x800, 0x10000};
  // Surrogates and what is beyond Unicode are no characters; above 0xffff there is no \uXXXX of one.
  const bool forbidden = (code >= 0xd800 && code <= 0xdfff) || code > 0xffff;
  return {.code = code, .size = size, .bad = forbidden, .overlong = code < kFirst[size]};
}

std::size_t put_json(char* out, std::uint32_t code) {
  constexpr std::string_view kNamed = "\"\\/\b\f\n\r\t";
  constexpr std::string_view kNames = "\"\\/bfnrt";
  if (code < 0x80 && code != 0) {
    const std::size_t named = kNamed.find(static_cast<char>(code));
    if (named != std::string_view::npos) {
      out[0] = '\\';
      out[1] = kNames[named];
      return 2;
    }
    if (code >= ' ' && code < 0x7f) {
      out[0] = static_cast<char>(code);
      return 1;
    }
  }
  out[0] = '\\';
  out[1] = 'u';
  for (std::size_t i = 0; i < 4; ++i) out[2 + i] = lower(kHexDigits[code >> (12 - 4 * i) & 15]);
  return 6;
}

bool json(const Args& args, Context& context, Sample& sample) {
  const Input input = args.prepared != nullptr ? *static_cast<const Input*>(args.prepared) : Input::ascii;
  const bool silent = input == Input::utf8s || input == Input::utf8ps;
  const bool permissive = input == Input::utf8p || input == Input::utf8ps;
  const std::string_view text = sample.text();
  char* out = context.arena.take(text.size() * 6);
  if (out == nullptr) return false;
  std::size_t size = 0;
  for (std::size_t at = 0; at < text.size();) {
    Decoded character{.code = static_cast<unsigned char>(text[at])};
    if (input != Input::ascii) character = decode_utf8(text.substr(at));
    at += character.size;
    if (character.bad || (character.overlong && !permissive)) {
      if (!silent) return false;
      continue;
    }
    size += put_json(out + size, character.code);
  }
  context.arena.keep(out, size);
  sample = Sample::string({out, size});
  return true;
}
Result<std::shared_ptr<const void>> prepare_json(const Args& args) {
  if (!args.has(0)) return std::shared_ptr<const void>();
  const auto* found = std::ranges::find(kInputs, std::string_view(args[0].text));
  if (found == std::end(kInputs)) return fail("the input is one of ascii, utf8, utf8s, utf8p, utf8ps");
  return std::make_shared<const Input>(static_cast<Input>(found - kInputs));
}

constexpr Converter kRows[] = {
    {.name = "cut_crlf",
     .in = Type::string,
     .out = Type::string,
     .apply = cut_crlf,
     .doc = "The text up to its first line end.",
     .examples = {{{"bin(610d0a62),cut_crlf", "a"}, {"str(ab),cut_crlf", "ab"}}}},
    {.name = "has_ctl",
     .args = args(0, {ArgKind::string}),
     .in = Type::binary,
     .out = Type::boolean,
     .apply = has_ctl,
     .prepare = prepare_mask,
     .doc = "Whether there is a control character: any but TAB, or those of a mask of 33 bits (the last is DEL), or "
            "'any', or 'http' for those that HTTP forbids.",
     .examples = {{{"bin(6109),has_ctl", "0"},
                   {"bin(6109),has_ctl(any)", "1"},
                   {"bin(7f),has_ctl", "1"},
                   {"bin(61),has_ctl", "0"},
                   {"bin(0a),has_ctl(0x2000)", "0"}}}},
    {.name = "json",
     .args = args(0, {ArgKind::string}),
     .in = Type::string,
     .out = Type::string,
     .apply = json,
     .prepare = prepare_json,
     .doc =
         "The text as it stands in a JSON string. It is read as ascii, or as utf8, where errors make it absent; utf8s "
         "leaves them out, utf8p takes overlong characters, utf8ps does both.",
     .examples = {{{"bin(2f22095c),json", "\\/\\\"\\t\\\\"},
                   {"bin(c3a9),json", "\\u00c3\\u00a9"},
                   {"bin(c3a9),json(utf8)", "\\u00e9"},
                   {"bin(e941),json(utf8s)", "A"},
                   {"bin(e941),json(utf8)", "", true},
                   {"bin(c0af),json(utf8p)", "\\/"}}}},
    {.name = "param",
     .args = args(1, {ArgKind::string, ArgKind::string}),
     .in = Type::string,
     .out = Type::string,
     .apply = param,
     .prepare = prepare_delimiter,
     .doc = "The value of the first parameter of that name; parameters are separated by '&' or another character.",
     .examples = {{{"str(a=b&c=d&a=r),param(a)", "b"},
                   {"str(a&b=c),param(a)", ""},
                   {"str('a=1;b=2;c=4'),param(b,;)", "2"},
                   {"str(a=b),param(b)", "", true}}}},
    {.name = "reverse",
     .in = Type::string,
     .out = Type::string,
     .apply = reverse,
     .doc = "The bytes in the other order, so that suffixes become prefixes.",
     .examples = {{{"str(example.com),reverse", "moc.elpmaxe"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> text_converters{kRows};
}  // namespace weir::sample
