// Bytes written as text and back: base64, URL encoding, numbers of several bytes. Manual 7.3.1.
#include <algorithm>
#include <charconv>

#include "proto/http/text.h"
#include "sample/base64.h"
#include "sample/tables.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

bool encode(Context& context, Sample& sample, Base64 form) {
  const auto text = base64_encoded(sample.text(), form, context.arena);
  if (text) sample = Sample::string(*text);
  return text.has_value();
}

bool decode(Context& context, Sample& sample, Base64 form) {
  const auto data = base64_decoded(sample.text(), form, context.arena);
  if (data) sample = Sample::binary(*data);
  return data.has_value();
}

bool base64(const Args&, Context& context, Sample& sample) { return encode(context, sample, Base64::plain); }
bool ub64enc(const Args&, Context& context, Sample& sample) { return encode(context, sample, Base64::url); }

bool b64dec(const Args&, Context& context, Sample& sample) { return decode(context, sample, Base64::plain); }
bool ub64dec(const Args&, Context& context, Sample& sample) {
  std::string_view text = sample.text();
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  sample = Sample::string(text);
  return decode(context, sample, Base64::url);
}

bool base2(const Args&, Context& context, Sample& sample) {
  const std::string_view data = sample.text();
  char* out = context.arena.take(data.size() * 8);
  if (out == nullptr) return false;
  for (std::size_t i = 0; i < data.size() * 8; ++i)
    out[i] = static_cast<char>('0' + (static_cast<unsigned char>(data[i / 8]) >> (7 - i % 8) & 1));
  sample = Sample::string({out, data.size() * 8});
  return true;
}

/// Writes each group of bytes by `put(out, group)`, which returns how many characters it wrote, at most `most`.
template <class Put>
bool in_groups(const Args& args, Context& context, Sample& sample, std::size_t most, Put put) {
  std::string_view data = sample.text();
  const std::string_view separator = args.has(0) ? std::string_view(args[0].text) : std::string_view();
  const auto group = args.has(1) ? static_cast<std::size_t>(args[1].integer) : std::max<std::size_t>(1, data.size());
  if (args.integer_or(2, 0) != 0) data = data.substr(0, data.size() / group * group);
  const std::size_t groups = (data.size() + group - 1) / group;
  char* out = context.arena.take(groups * (std::min(most, group * 3) + separator.size()));
  if (out == nullptr) return false;
  std::size_t size = 0;
  for (std::size_t at = 0; at < data.size(); at += group) {
    if (at != 0) size += separator.copy(out + size, separator.size());
    size += put(out + size, data.substr(at, group));
  }
  sample = Sample::string({out, size});
  return true;
}

std::size_t put_decimal(char* out, std::uint64_t value) {
  return static_cast<std::size_t>(std::to_chars(out, out + 20, value).ptr - out);
}

// A group of n bytes takes 3 n decimal digits at most, 8 bytes 20.
bool be2dec(const Args& args, Context& context, Sample& sample) {
  return in_groups(args, context, sample, 24, [](char* out, std::string_view group) {
    std::uint64_t value = 0;
    for (const char c : group) value = value << 8 | static_cast<unsigned char>(c);
    return put_decimal(out, value);
  });
}
bool le2dec(const Args& args, Context& context, Sample& sample) {
  return in_groups(args, context, sample, 24, [](char* out, std::string_view group) {
    std::uint64_t value = 0;
    for (std::size_t i = group.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(group[i]);
    return put_decimal(out, value);
  });
}
bool be2hex(const Args& args, Context& context, Sample& sample) {
  return in_groups(args, context, sample, std::string_view::npos, [](char* out, std::string_view group) {
    for (const char c : group) {
      *out++ = kHexDigits[static_cast<unsigned char>(c) >> 4];
      *out++ = kHexDigits[static_cast<unsigned char>(c) & 15];
    }
    return group.size() * 2;
  });
}

// Manual: what cannot be converted is 0. COMPAT: digits beyond 64 bits are all ones.
bool hex2i(const Args&, Context&, Sample& sample) {
  const std::string_view text = sample.text();
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error == std::errc::result_out_of_range) value = ~std::uint64_t{0};
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) value = 0;
  sample = Sample::integer(static_cast<std::int64_t>(value));
  return true;
}

bool network_order(const Args&, Context& context, Sample& sample) {
  const auto value = static_cast<std::uint32_t>(sample.as_integer());
  const char bytes[] = {static_cast<char>(value >> 24), static_cast<char>(value >> 16 & 0xff),
                        static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
  const auto copy = context.arena.copy({bytes, sizeof bytes});
  if (copy) sample = Sample::binary(*copy);
  return copy.has_value();
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").contains(c);
}

// RFC 3986 2.3.
bool url_enc(const Args&, Context& context, Sample& sample) {
  const std::string_view text = sample.text();
  char* out = context.arena.take(text.size() * 3);
  if (out == nullptr) return false;
  std::size_t size = 0;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out[size++] = c;
      continue;
    }
    out[size++] = '%';
    out[size++] = kHexDigits[static_cast<unsigned char>(c) >> 4];
    out[size++] = kHexDigits[static_cast<unsigned char>(c) & 15];
  }
  sample = Sample::string({out, size});
  return true;
}

bool url_dec(const Args& args, Context& context, Sample& sample) {
  const std::string_view text = sample.text();
  char* out = context.arena.take(text.size());
  if (out == nullptr) return false;
  bool form = args.integer_or(0, 0) != 0;
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '?') form = true;
    if (c == '+' && form) c = ' ';
    if (c == '%') {
      const int byte = proto::http::escaped_byte(text.substr(i));
      if (byte < 0) return false;
      c = static_cast<char>(byte);
      i += 2;
    }
    out[size++] = c;
  }
  sample = Sample::string({out, size});
  return true;
}

Result<std::shared_ptr<const void>> check_group(const Args& args) {
  if (args.has(1) && args[1].integer < 1) return fail("the size of a group must be 1 or more");
  if (args.has(0) && !args[0].text.empty() && !args.has(1)) return fail("a separator needs the size of a group");
  return std::shared_ptr<const void>();
}
Result<std::shared_ptr<const void>> check_number_group(const Args& args) {
  if (args[1].integer < 1 || args[1].integer > 8) return fail("the size of a group must be 1 to 8 bytes");
  return std::shared_ptr<const void>();
}
Result<std::shared_ptr<const void>> check_encoding(const Args& args) {
  if (args.has(0) && !args[0].text.empty() && args[0].text != "query") return fail("the one encoding is query");
  return std::shared_ptr<const void>();
}

constexpr ArgSpec kNumbers = args(2, {ArgKind::string, ArgKind::integer, ArgKind::integer});

constexpr Converter kRows[] = {
    {.name = "b64dec",
     .in = Type::string,
     .out = Type::binary,
     .apply = b64dec,
     .doc = "The bytes that base64 text spells; absent when it is none.",
     .examples = {{{"str('YWI='),b64dec", "ab"}, {"str(YWJj),b64dec", "abc"}, {"str('YW*='),b64dec", "", true}}}},
    {.name = "base2",
     .in = Type::binary,
     .out = Type::string,
     .apply = base2,
     .doc = "Each byte as eight digits of 0 and 1.",
     .examples = {{{"bin(0a81),base2", "0000101010000001"}}}},
    {.name = "base64",
     .in = Type::binary,
     .out = Type::string,
     .apply = base64,
     .doc = "The bytes in base64 (RFC 4648).",
     .examples = {{{"str(ab),base64", "YWI="}, {"str(abc),base64", "YWJj"}}}},
    {.name = "be2dec",
     .args = kNumbers,
     .in = Type::binary,
     .out = Type::string,
     .apply = be2dec,
     .prepare = check_number_group,
     .doc = "Groups of so many bytes as decimal numbers, big-endian, with a separator between them; with a third "
            "argument of 1 an incomplete last group is left out.",
     .examples = {{{"bin(01020304050607),be2dec(:,2)", "258:772:1286:7"},
                   {"bin(01020304050607),be2dec(-,2,1)", "258-772-1286"},
                   {"bin(7f000001),be2dec(.,1)", "127.0.0.1"}}}},
    {.name = "be2hex",
     .args = args(0, {ArgKind::string, ArgKind::integer, ArgKind::integer}),
     .in = Type::binary,
     .out = Type::string,
     .apply = be2hex,
     .prepare = check_group,
     .doc = "The bytes in hexadecimal, with a separator after every so many; with a third argument of 1 an incomplete "
            "last group is left out.",
     .examples = {{{"bin(01020304050607),be2hex", "01020304050607"},
                   {"bin(01020304050607),be2hex(:,2)", "0102:0304:0506:07"},
                   {"bin(01020304050607),be2hex(--,2,1)", "0102--0304--0506"}}}},
    {.name = "hex2i",
     .in = Type::string,
     .out = Type::integer,
     .apply = hex2i,
     .doc = "The integer that hexadecimal digits spell; 0 when they are none.",
     .examples = {{{"str(0A1B),hex2i", "2587"}, {"str(xyz),hex2i", "0"}}}},
    {.name = "htonl",
     .in = Type::integer,
     .out = Type::binary,
     .apply = network_order,
     .doc = "The lower 32 bits of the integer as four bytes, big-endian.",
     .examples = {{{"int(258),htonl,hex", "00000102"}}}},
    {.name = "le2dec",
     .args = kNumbers,
     .in = Type::binary,
     .out = Type::string,
     .apply = le2dec,
     .prepare = check_number_group,
     .doc = "Groups of so many bytes as decimal numbers, little-endian, otherwise as be2dec.",
     .examples = {{{"bin(01020304050607),le2dec(:,2)", "513:1027:1541:7"}}}},
    {.name = "ub64dec",
     .in = Type::string,
     .out = Type::binary,
     .apply = ub64dec,
     .doc = "The bytes that base64url text spells; absent when it is none.",
     .examples = {{{"str(-_8),ub64dec,hex", "FBFF"}, {"str(a),ub64dec", "", true}}}},
    {.name = "ub64enc",
     .in = Type::binary,
     .out = Type::string,
     .apply = ub64enc,
     .doc = "The bytes in base64url, without padding (RFC 4648 5).",
     .examples = {{{"bin(fbff),ub64enc", "-_8"}}}},
    {.name = "url_dec",
     .args = args(0, {ArgKind::integer}),
     .in = Type::string,
     .out = Type::string,
     .apply = url_dec,
     .doc = "Text without its percent encoding; absent when that is wrong. '+' is a space behind '?', with 1 anywhere.",
     .examples = {{{"str(a%20b+c?d+e),url_dec", "a b+c?d e"},
                   {"str(a+b),url_dec(1)", "a b"},
                   {"str(a%2),url_dec", "", true}}}},
    {.name = "url_enc",
     .args = args(0, {ArgKind::string}),
     .in = Type::string,
     .out = Type::string,
     .apply = url_enc,
     .prepare = check_encoding,
     .doc = "Text with all but letters, digits and -._~ percent encoded.",
     .examples = {{{"str('a b/c~'),url_enc", "a%20b%2Fc~"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> encoding_converters{kRows};
}  // namespace weir::sample
