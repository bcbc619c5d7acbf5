#include "sample/log_format.h"

#include <fmt/format.h>
#include <algorithm>

namespace weir::sample {
namespace {

/// More than any line of a configuration holds; a bound for generated ones.
constexpr std::size_t kMaxFormat = 65536;

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

  /// "(name:type)": only encodings use the name; it is checked and then has no effect.
  bool read_name() {
    if (position >= text.size() || text[position] != '(') return true;
    const std::size_t start = position;
    const std::size_t end = text.find(')', start);
    if (end == std::string_view::npos) {
      error(start, 1, "the name of this item is never closed", "a ')' is missing");
      return false;
    }
    const std::string_view inner = text.substr(start + 1, end - start - 1);
    const std::size_t colon = inner.find(':');
    if (colon != std::string_view::npos) {
      const std::string_view type = inner.substr(colon + 1);
      if (type != "str" && type != "sint" && type != "bool") {
        error(start + 2 + colon, type.size(), fmt::format("'{}' is no type of a format item", type),
              "str, sint or bool");
        return false;
      }
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
      } else {
        error(position, word.size(), fmt::format("'{}' is no flag of a format item", word),
              "+Q quotes, +X writes hexadecimal, +E escapes, +bin keeps bytes; a '-' turns one off");
        return false;
      }
      position = std::min(stop + 1, end);
    }
    position = end + 1;
    return true;
  }

  void read_expression(const FormatFlags& flags) {
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
    format.parts_.push_back({.literal = {}, .expression = std::move(*expression), .flags = flags});
  }

  void read_alias(std::size_t start, const FormatFlags& flags) {
    std::size_t end = position;
    while (end < text.size() && is_alias_character(text[end])) ++end;
    const std::string_view whole = text.substr(position, end - position);
    // The longest known alias wins: "%tsx" is %ts and an x, as no separator is needed behind an alias.
    for (std::string_view name = whole; !name.empty(); name.remove_suffix(1)) {
      if (name == "o") {
        position += 1;
        global = flags;
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
      format.parts_.push_back({.literal = {}, .alias = alias, .expression = {}, .flags = flags});
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
    FormatFlags flags = global;
    flags.binary = false;
    if (!read_name() || !read_flags(flags)) {
      position = text.size();
      return;
    }
    if (position < text.size() && text[position] == '[') return read_expression(flags);
    read_alias(start, flags);
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

}  // namespace weir::sample
