#include "sample/log_format.h"

#include <fmt/format.h>
#include <algorithm>

namespace weir::sample {
namespace {

/// More than any line of a configuration holds; a bound for generated ones.
constexpr std::size_t kMaxFormat = 65536;

struct NamedType {
  std::string_view name;
  ItemType type;
};
constexpr NamedType kItemTypes[] = {{"str", ItemType::str}, {"sint", ItemType::sint}, {"bool", ItemType::boolean}};

/// In the place of a value that does not fit: half of one would be none.
void write_null(const FormatFlags& flags, FormatOutput& output) {
  char bytes[8];
  Encoder encoder(bytes, flags.encoding, flags.binary);
  encoder.value({});
  output.verbatim({bytes, encoder.size()});
}

bool is_alias_character(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

/// Reads one format; what it meets wrong goes to the diagnostics with its column.
struct LogFormat::Reader {
  LogFormat& format;
  std::string_view text;
  const Scope& scope;
  SourcePosition at;
  Diagnostics& diagnostics;
  FormatFlags global{};
  std::string literal{};
  std::size_t position = 0;
  bool good = true;

  /// What stands before an alias or an expression.
  struct Item {
    std::string_view name{};
    ItemType type = ItemType::own;
    FormatFlags flags{};
  };

  void error(std::size_t offset, std::size_t length, std::string message, std::string hint = {}) {
    SourcePosition where = at;
    if (where.column != 0) where.column += static_cast<std::uint32_t>(offset);
    where.length = static_cast<std::uint32_t>(std::max<std::size_t>(length, 1));
    diagnostics.error(where, std::move(message)).hint = std::move(hint);
    good = false;
  }

  void flush() {
    if (literal.empty()) return;
    format.parts_.push_back({.literal = std::move(literal), .expression = {}, .flags = {}});
    literal.clear();
  }

  /// "(name:type)", for the encodings.
  bool read_name(std::string_view& name, ItemType& type) {
    if (position >= text.size() || text[position] != '(') return true;
    const std::size_t start = position;
    const std::size_t end = text.find(')', start);
    if (end == std::string_view::npos) {
      error(start, 1, "the name of this item is never closed", "a ')' is missing");
      return false;
    }
    const std::string_view inner = text.substr(start + 1, end - start - 1);
    const std::size_t colon = inner.find(':');
    name = inner.substr(0, colon);
    if (colon != std::string_view::npos) {
      const std::string_view wanted = inner.substr(colon + 1);
      const auto* known = std::ranges::find(kItemTypes, wanted, &NamedType::name);
      if (known == std::end(kItemTypes)) {
        error(start + 2 + colon, wanted.size(), fmt::format("'{}' is no type of a format item", wanted),
              "str, sint or bool");
        return false;
      }
      type = known->type;
    }
    position = end + 1;
    return true;
  }

  /// "{+Q,-X}".
  bool read_flags(FormatFlags& flags) {
    if (position >= text.size() || text[position] != '{') return true;
    const std::size_t open = position++;
    const std::size_t end = text.find('}', open);
    if (end == std::string_view::npos) {
      error(open, 1, "the flags of this item are never closed", "a '}' is missing");
      return false;
    }
    while (position < end) {
      const std::size_t stop = std::min(text.find(',', position), end);
      const std::string_view word = text.substr(position, stop - position);
      const bool on = !word.starts_with('-');
      const std::string_view name = word.substr(word.starts_with('+') || !on ? 1 : 0);
      if (name == "Q") {
        flags.quote = on;
      } else if (name == "X") {
        flags.hex = on;
      } else if (name == "E") {
        flags.escape = on;
      } else if (name == "bin") {
        flags.binary = on;
      } else if (name == "json" || name == "cbor") {
        flags.encoding = !on ? Encoding::none : name == "json" ? Encoding::json : Encoding::cbor;
      } else {
        error(position, word.size(), fmt::format("'{}' is no flag of a format item", word),
              "+Q quotes, +X writes hexadecimal, +E escapes, +bin keeps bytes, +json and +cbor encode; a '-' turns one "
              "off");
        return false;
      }
      position = std::min(stop + 1, end);
    }
    position = end + 1;
    return true;
  }

  void read_expression(const Item& item) {
    const std::size_t open = position++;
    SourcePosition where = at;
    if (where.column != 0) where.column += static_cast<std::uint32_t>(position);
    std::size_t consumed = 0;
    auto expression = Expression::compile_prefix(text.substr(position), consumed, scope, where, diagnostics);
    if (!expression) {
      good = false;
      // Go on behind it, so that what else is wrong is told too.
      position = std::min(text.find(']', position), text.size() - 1) + 1;
      return;
    }
    position += consumed;
    if (position >= text.size() || text[position] != ']') {
      error(position >= text.size() ? open : position, 1,
            position >= text.size() ? "the expression that begins here is never closed"
                                    : fmt::format("'{}' cannot stand in an expression here", text[position]),
            "a ']' ends an expression, without spaces before it");
      position = text.size();
      return;
    }
    ++position;
    flush();
    format.needs_ = format.needs_ | expression->needs();
    format.waits_for_end_ |= expression->fetch()->at_end;
    format.parts_.push_back({.literal = {},
                             .expression = std::move(*expression),
                             .flags = item.flags,
                             .name = std::string(item.name),
                             .type = item.type});
  }

  void read_alias(std::size_t start, const Item& item) {
    std::size_t end = position;
    while (end < text.size() && is_alias_character(text[end])) ++end;
    const std::string_view whole = text.substr(position, end - position);
    // The longest known alias wins: "%tsx" is %ts and an x, as no separator is needed behind an alias.
    for (std::string_view name = whole; !name.empty(); name.remove_suffix(1)) {
      if (name == "o") {
        position += 1;
        global = item.flags;
        return;
      }
      const LogAlias* alias = scope.registry->log_alias(name);
      if (alias == nullptr) continue;
      position += name.size();
      if (alias->http_only && !format.options_.http) {
        return error(start, position - start, fmt::format("'%{}' exists in HTTP mode only", name));
      }
      if (!alias->without_session && !covers(scope.available, Facts::session)) {
        return error(start, position - start, fmt::format("'%{}' is about a session, and there is none here", name));
      }
      flush();
      format.waits_for_end_ |= alias->at_end;
      format.parts_.push_back({.literal = {},
                               .alias = alias,
                               .expression = {},
                               .flags = item.flags,
                               .name = std::string(item.name),
                               .type = item.type});
      return;
    }
    position = end;
    if (whole.empty()) {
      return error(start, 1, "an alias or '[' must follow '%'", "'%%' writes a percent sign");
    }
    error(start, position - start, fmt::format("no log alias is named '%{}'", whole),
          scope.registry->log_alias_hint(whole));
  }

  void read_item() {
    const std::size_t start = position++;
    if (position < text.size() && text[position] == '%') {
      literal += '%';
      ++position;
      return;
    }
    Item item{.flags = global};
    item.flags.binary = false;
    if (!read_name(item.name, item.type) || !read_flags(item.flags)) {
      position = text.size();
      return;
    }
    if (position < text.size() && text[position] == '[') return read_expression(item);
    read_alias(start, item);
  }

  void read() {
    while (position < text.size()) {
      const char c = text[position];
      if (c == '%') {
        read_item();
        continue;
      }
      const bool blank = c == ' ' || c == '\t';
      // COMPAT: blanks that begin the format, or only have %o before them, are not written.
      const bool beginning = literal.empty() && format.parts_.empty();
      const bool merge = blank && format.options_.merge_spaces && (beginning || literal.ends_with(' '));
      if (!merge) literal += blank && format.options_.merge_spaces ? ' ' : c;
      ++position;
    }
    flush();
    // "bin" counts for the whole format, and only when %o sets it.
    for (Part& part : format.parts_) part.flags.binary = global.binary;
    format.binary_ = global.binary;
    format.encoding_ = global.encoding;
    // An encoded line is its named items and nothing else.
    if (global.encoding != Encoding::none)
      std::erase_if(format.parts_, [](const Part& part) { return part.name.empty(); });
  }
};

bool LogFormat::asks_for(std::string_view fetch_prefix) const {
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    return !part.expression.empty() && part.expression.fetch()->name.starts_with(fetch_prefix);
  });
}

std::shared_ptr<const LogFormat> LogFormat::compile(std::string_view text, const FormatOptions& options,
                                                    const Scope& scope, SourcePosition at, Diagnostics& diagnostics) {
  if (text.size() > kMaxFormat) {
    diagnostics.error(at, fmt::format("the format is longer than {} bytes", kMaxFormat));
    return nullptr;
  }
  auto format = std::make_shared<LogFormat>();
  format->text_ = text;
  format->options_ = options;
  Reader reader{.format = *format, .text = text, .scope = scope, .at = at, .diagnostics = diagnostics};
  reader.read();
  if (!reader.good) return nullptr;
  return format;
}

std::size_t LogFormat::format(Context& context, std::span<char> out) const {
  if (encoding_ != Encoding::none) return format_object(context, out);
  FormatOutput output(out, options_.use);
  // Between two blanks something may write nothing: they become one, as they do when the format is read.
  bool blank_before = false;
  std::size_t after_blank = 0;
  for (const Part& part : parts_) {
    if (part.alias == nullptr && part.expression.empty()) {
      const bool again = blank_before && output.size() == after_blank && part.literal.starts_with(' ');
      output.verbatim(again ? std::string_view(part.literal).substr(1) : std::string_view(part.literal));
      blank_before = options_.merge_spaces && part.literal.ends_with(' ');
      after_blank = output.size();
      continue;
    }
    output.set_flags(part.flags);
    if (part.flags.encoding != Encoding::none) {
      FormatOutput rest(out.subspan(output.size()), options_.use);
      rest.set_flags(part.flags);
      write_encoded(part, context, rest);
      if (rest.truncated())
        write_null(part.flags, output);
      else
        output.verbatim({out.data() + output.size(), rest.size()});  // it stands there already
      continue;
    }
    if (part.alias != nullptr) {
      part.alias->write(context, output);
      continue;
    }
    const std::size_t mark = context.arena.mark();
    Sample sample;
    const bool found = part.expression.evaluate(context, sample) == FetchStatus::ok;
    const auto text = found ? to_text(sample, context.arena) : std::nullopt;
    if (text) {
      output.expression(*text);
    } else {
      output.absent();
    }
    context.arena.rewind(mark);
  }
  return output.size();
}

EncodedValue LogFormat::value_of(const Part& part, Context& context) const {
  using Kind = EncodedValue::Kind;
  if (part.alias != nullptr) {
    // Half of what is free: the rest is the alias's own.
    const std::size_t room = context.arena.room() / 2;
    FormatOutput output({context.arena.take(room), room}, FormatUse::text);
    FormatFlags flags = part.flags;
    if (flags.encoding == Encoding::none) flags.encoding = encoding_;
    flags.quote = flags.escape = false;
    output.set_flags(flags);
    part.alias->write(context, output);
    return output.value();
  }
  Sample sample;
  if (part.expression.evaluate(context, sample) != FetchStatus::ok) return {};
  switch (sample.type()) {
    case Type::boolean: return {.kind = Kind::boolean, .number = sample.as_integer()};
    case Type::integer: return {.kind = Kind::number, .number = sample.as_integer()};
    default: break;
  }
  const auto text = to_text(sample, context.arena);
  if (!text) return {};
  return {.kind = sample.type() == Type::binary ? Kind::bytes : Kind::text, .text = *text};
}

std::size_t LogFormat::format_object(Context& context, std::span<char> out) const {
  Encoder encoder(out, encoding_, binary_);
  encoder.begin_object();
  for (const Part& part : parts_) {
    const std::size_t mark = context.arena.mark();
    char digits[24];
    const bool fits = encoder.member(part.name, as_type(value_of(part, context), part.type, digits));
    context.arena.rewind(mark);
    if (!fits) break;
  }
  encoder.end_object();
  return encoder.size();
}

void LogFormat::write_encoded(const Part& part, Context& context, FormatOutput& output) const {
  const std::size_t mark = context.arena.mark();
  char digits[24];
  const EncodedValue value = as_type(value_of(part, context), part.type, digits);
  const std::size_t room = context.arena.room();
  char* const bytes = context.arena.take(room);
  Encoder encoder({bytes, room}, part.flags.encoding, part.flags.binary);
  encoder.value(value);
  if (encoder.truncated())
    write_null(part.flags, output);
  else
    output.verbatim({bytes, encoder.size()});
  context.arena.rewind(mark);
}

}  // namespace weir::sample
