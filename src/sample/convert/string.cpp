// Converters of text: case, parts, hexadecimal. Manual 7.3.1.
#include <algorithm>

#include "sample/pattern.h"
#include "sample/tables.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

bool map_bytes(Context& context, Sample& sample, char (*change)(char)) {
  const std::string_view text = sample.text();
  char* out = context.arena.take(text.size());
  if (out == nullptr) return false;
  std::transform(text.begin(), text.end(), out, change);
  sample = Sample::string({out, text.size()});
  return true;
}

// Invalid offsets and lengths give an empty value, not an absent one.
bool bytes(const Args& args, Context&, Sample& sample) {
  const std::string_view data = sample.text();
  const std::int64_t offset = args[0].integer;
  const std::int64_t length = args.integer_or(1, static_cast<std::int64_t>(data.size()));
  const bool valid = offset >= 0 && length >= 0 && static_cast<std::uint64_t>(offset) < data.size();
  sample = Sample::binary(valid ? data.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length))
                                : std::string_view());
  return true;
}

struct Span {
  std::size_t start;
  std::size_t end;
};

/// The piece that begins at or after `from`; with `skip_empty` a run of delimiters counts as one. False at the end.
bool next_piece(std::string_view text, std::string_view delimiters, bool skip_empty, std::size_t from, Span& piece) {
  if (skip_empty) from = std::min(text.find_first_not_of(delimiters, from), text.size());
  if (from > text.size() || (skip_empty && from == text.size())) return false;
  piece = {from, std::min(text.find_first_of(delimiters, from), text.size())};
  return true;
}

/// `count` pieces from the index-th on, counted from the other end when negative; 0: all the rest.
bool take_pieces(const Args& args, Sample& sample, bool skip_empty) {
  const std::string_view text = sample.text();
  const std::string_view delimiters = args[1].text;
  std::int64_t total = 0;
  std::size_t from = 0;
  for (Span piece{}; next_piece(text, delimiters, skip_empty, from, piece); from = piece.end + 1) ++total;
  const std::int64_t index = args[0].integer;
  const std::int64_t count = args.integer_or(2, 1);
  std::int64_t first = index > 0 ? index : total + index + 1;
  std::int64_t last = count == 0 || count > total ? (index > 0 ? total : first) : first + count - 1;
  if (index < 0 && count != 1) {
    last = first;
    first = count == 0 || count >= last ? 1 : last - count + 1;
  }
  if (last < 1 || first < 1 || first > total) {
    if (!skip_empty) return false;
    sample = Sample::string({});
    return true;
  }
  Span result{text.size(), text.size()};
  std::int64_t number = 0;
  from = 0;
  for (Span piece{}; next_piece(text, delimiters, skip_empty, from, piece); from = piece.end + 1) {
    ++number;
    if (number == first) result.start = piece.start;
    if (number == std::min(last, total)) result.end = piece.end;
  }
  sample = Sample::string(text.substr(result.start, result.end - result.start));
  return true;
}

Result<std::shared_ptr<const void>> check_index(const Args& args) {
  if (args[0].integer == 0) return fail("the index counts from 1, or from -1 at the end");
  if (args.has(2) && args[2].integer < 0) return fail("the count must be 0 or more");
  return std::shared_ptr<const void>();
}

bool field(const Args& args, Context&, Sample& sample) { return take_pieces(args, sample, false); }
bool word(const Args& args, Context&, Sample& sample) { return take_pieces(args, sample, true); }

bool hex(const Args&, Context& context, Sample& sample) {
  const std::string_view data = sample.text();
  char* out = context.arena.take(data.size() * 2);
  if (out == nullptr) return false;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto byte = static_cast<unsigned char>(data[i]);
    out[2 * i] = kHexDigits[byte >> 4];
    out[2 * i + 1] = kHexDigits[byte & 15];
  }
  sample = Sample::string({out, data.size() * 2});
  return true;
}

bool length(const Args&, Context&, Sample& sample) {
  sample = Sample::integer(static_cast<std::int64_t>(sample.text().size()));
  return true;
}
bool lower_case(const Args&, Context& context, Sample& sample) { return map_bytes(context, sample, lower); }
bool upper_case(const Args&, Context& context, Sample& sample) { return map_bytes(context, sample, upper); }

bool iif(const Args& args, Context&, Sample& sample) {
  sample = Sample::string(args[sample.as_boolean() ? 0 : 1].text);
  return true;
}

bool ltrim(const Args& args, Context&, Sample& sample) {
  std::string_view text = sample.text();
  text.remove_prefix(std::min(text.find_first_not_of(args[0].text), text.size()));
  sample = Sample::string(text);
  return true;
}
bool rtrim(const Args& args, Context&, Sample& sample) {
  const std::string_view text = sample.text();
  sample = Sample::string(text.substr(0, text.find_last_not_of(args[0].text) + 1));
  return true;
}

struct Substitution {
  Regex regex;
  bool all = false;
};

Result<std::shared_ptr<const void>> prepare_regsub(const Args& args) {
  const std::string_view flags = args.has(2) ? std::string_view(args[2].text) : std::string_view();
  if (flags.find_first_not_of("gi") != std::string_view::npos) return fail("the flags are g and i");
  auto regex = Regex::compile(args[0].text, flags.contains('i'));
  if (!regex) return weir::unexpected<Error>(regex.error());
  return std::make_shared<const Substitution>(Substitution{.regex = std::move(*regex), .all = flags.contains('g')});
}

/// Appends to a block of the arena that grows while nothing else is taken.
struct Builder {
  char* start;
  std::size_t room;
  std::size_t size = 0;
  bool full = false;
  void add(std::string_view text) {
    if (text.size() > room - size) {
      full = true;
      return;
    }
    std::copy(text.begin(), text.end(), start + size);
    size += text.size();
  }
};

/// `replacement` with \0 to \9 filled in from the match.
void add_replacement(Builder& out, std::string_view text, std::string_view replacement, const Regex::Groups& groups) {
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    if (c != '\\' || i + 1 == replacement.size()) {
      out.add({&c, 1});
      continue;
    }
    const char next = replacement[++i];
    if (next < '0' || next > '9') {
      out.add({&next, 1});
      continue;
    }
    const auto group = static_cast<std::size_t>(next - '0') * 2;
    if (groups[group] != Regex::kUnset) out.add(text.substr(groups[group], groups[group + 1] - groups[group]));
  }
}

bool regsub(const Args& args, Context& context, Sample& sample) {
  const auto& substitution = *static_cast<const Substitution*>(args.prepared);
  const std::string_view text = sample.text();
  Builder out{.start = nullptr, .room = context.arena.room()};
  out.start = context.arena.take(out.room);
  std::size_t from = 0;
  Regex::Groups groups;
  while (from <= text.size() && substitution.regex.find(text, from, groups)) {
    out.add(text.substr(from, groups[0] - from));
    add_replacement(out, text, args[1].text, groups);
    from = groups[1];
    // An empty match moves on by one character, or it would match here forever.
    if (groups[1] == groups[0]) {
      out.add(text.substr(std::min(from, text.size()), 1));
      ++from;
    }
    if (!substitution.all || out.full) break;
  }
  if (from < text.size()) out.add(text.substr(from));
  context.arena.keep(out.start, out.full ? 0 : out.size);
  sample = Sample::string({out.start, out.size});
  return !out.full;
}

constexpr ArgSpec kPieces = args(2, {ArgKind::integer, ArgKind::delimiters, ArgKind::integer});

constexpr Converter kRows[] = {
    {.name = "bytes",
     .args = args(1, {ArgKind::integer, ArgKind::integer}),
     .in = Type::binary,
     .out = Type::binary,
     .apply = bytes,
     .doc = "A part of the data, from an offset to a length or the end; empty when out of range.",
     .examples = {{{"str(012345),bytes(1,3)", "123"}, {"str(012345),bytes(4)", "45"}, {"str(012),bytes(9)", ""}}}},
    {.name = "field",
     .args = kPieces,
     .in = Type::string,
     .out = Type::string,
     .apply = field,
     .prepare = check_index,
     .doc = "The nth field between delimiters, from 1, or from -1 at the end; empty fields count. A count takes more.",
     .examples = {{{"str(f1_f2_f3__f5),field(4,_)", ""},
                   {"str(f1_f2_f3__f5),field(5,_)", "f5"},
                   {"str(f1_f2_f3__f5),field(2,_,0)", "f2_f3__f5"},
                   {"str(f1_f2_f3__f5),field(2,_,2)", "f2_f3"},
                   {"str(f1_f2_f3__f5),field(-2,_,3)", "f2_f3_"},
                   {"str(f1_f2_f3__f5),field(-3,_,0)", "f1_f2_f3"}}}},
    {.name = "hex",
     .in = Type::binary,
     .out = Type::string,
     .apply = hex,
     .doc = "The data as hexadecimal digits, two upper case ones a byte.",
     .examples = {{{"bin(0aff),hex", "0AFF"}}}},
    {.name = "iif",
     .args = args(2, {ArgKind::string, ArgKind::string}),
     .in = Type::boolean,
     .out = Type::string,
     .apply = iif,
     .doc = "The first string when the input is true, else the second.",
     .examples = {{{"bool(true),iif(yes,no)", "yes"}, {"int(0),iif(yes,no)", "no"}}}},
    {.name = "length",
     .in = Type::string,
     .out = Type::integer,
     .apply = length,
     .doc = "The number of bytes.",
     .examples = {{{"str(abc),length", "3"}}}},
    {.name = "lower",
     .in = Type::string,
     .out = Type::string,
     .apply = lower_case,
     .doc = "ASCII letters in lower case.",
     .examples = {{{"str(AbC-1),lower", "abc-1"}}}},
    {.name = "ltrim",
     .args = args(1, {ArgKind::delimiters}),
     .in = Type::string,
     .out = Type::string,
     .apply = ltrim,
     .doc = "Without these characters at the start.",
     .examples = {{{"str(--a-b),ltrim(-)", "a-b"}}}},
    {.name = "regsub",
     .args = args(2, {ArgKind::string, ArgKind::string, ArgKind::string}),
     .in = Type::string,
     .out = Type::string,
     .apply = regsub,
     .prepare = prepare_regsub,
     .doc = "Replaces the first match of a regular expression, with g all, with i in any case; \\1 to \\9 are groups.",
     .examples = {{{"str(foo bar foo),regsub(foo,x,g)", "x bar x"},
                   {"str(foo foo),regsub(o+,0)", "f0 foo"},
                   {"str(a-b),regsub('(.)-(.)','\\2-\\1')", "b-a"},
                   {"str(ab),regsub(x*,.,g)", ".a.b."}}}},
    {.name = "rtrim",
     .args = args(1, {ArgKind::delimiters}),
     .in = Type::string,
     .out = Type::string,
     .apply = rtrim,
     .doc = "Without these characters at the end.",
     .examples = {{{"str(a-b--),rtrim(-)", "a-b"}}}},
    {.name = "upper",
     .in = Type::string,
     .out = Type::string,
     .apply = upper_case,
     .doc = "ASCII letters in upper case.",
     .examples = {{{"str(AbC-1),upper", "ABC-1"}}}},
    {.name = "word",
     .args = kPieces,
     .in = Type::string,
     .out = Type::string,
     .apply = word,
     .prepare = check_index,
     .doc = "The nth word between delimiters, from 1, or from -1 at the end; empty words do not count. A count takes "
            "more.",
     .examples = {{{"str(a-b-c),word(2,-)", "b"},
                   {"str(a-b-c),word(-1,-)", "c"},
                   {"str(f1_f2_f3__f5),word(4,_)", "f5"},
                   {"str(f1_f2_f3__f5),word(3,_,2)", "f3__f5"},
                   {"str(f1_f2_f3__f5),word(-2,_,3)", "f1_f2_f3"},
                   {"str(f1_f2_f3__f5),word(2,_,0)", "f2_f3__f5"},
                   {"str(/f1/f2/f3/f4),word(1,/)", "f1"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> string_converters{kRows};
}  // namespace weir::sample
