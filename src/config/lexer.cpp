#include "config/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace weir::config {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class LineLexer {
 public:
  LineLexer(std::string_view line, SourcePosition start, const LexScope& scope, Diagnostics& diagnostics, Words& out)
      : line_(line), start_(start), scope_(scope), diagnostics_(diagnostics), out_(out) {}

  bool run() {
    while (i_ < line_.size()) {
      if (is_space(line_[i_])) {
        i_++;
        continue;
      }
      if (line_[i_] == '#') break;
      if (!read_word()) return false;
    }
    return true;
  }

 private:
  SourcePosition position(std::size_t offset, std::size_t length = 1) const {
    return {start_.file, start_.line, start_.column + static_cast<std::uint32_t>(offset),
            static_cast<std::uint32_t>(length)};
  }

  bool error(std::size_t offset, std::size_t length, std::string message, std::string hint = {}) {
    diagnostics_.error(position(offset, length), std::move(message)).hint = std::move(hint);
    return false;
  }

  // Characters without meaning are copied as runs: most words are one run.
  bool read_word() {
    begin_word(i_);
    while (i_ < line_.size()) {
      const std::size_t from = i_;
      while (i_ < line_.size() && !special_outside(line_[i_])) i_++;
      word_.append(line_.substr(from, i_ - from));
      if (i_ >= line_.size()) break;
      const char c = line_[i_];
      if (is_space(c) || c == '#') break;
      if (c == '\\') {
        if (!escape()) return false;
      } else if (!(c == '\'' ? strong_quotes() : weak_quotes())) {
        return false;
      }
    }
    return end_word(i_);
  }

  static bool special_outside(char c) {
    return c == ' ' || c == '\t' || c == '#' || c == '\\' || c == '\'' || c == '"';
  }

  void begin_word(std::size_t at) {
    word_.clear();
    word_at_ = at;
    quoted_ = false;
  }

  bool end_word(std::size_t end) {
    if (out_.size() >= kMaxWords)
      return error(word_at_, 1, fmt::format("more than {} words on one line", kMaxWords), "split the line");
    expanded_ += word_.size();
    if (expanded_ > kMaxExpandedLine)
      return error(word_at_, 1,
                   fmt::format("the line grows above {} bytes once its variables are expanded", kMaxExpandedLine));
    out_.push_back({std::move(word_), position(word_at_, std::max<std::size_t>(1, end - word_at_)), quoted_});
    word_ = {};
    return true;
  }

  bool strong_quotes() {
    quoted_ = true;
    const auto close = line_.find('\'', i_ + 1);
    if (close == line_.npos) return unmatched('\'');
    word_.append(line_.substr(i_ + 1, close - i_ - 1));
    i_ = close + 1;
    return true;
  }

  bool unmatched(char quote) {
    return error(i_, 1, fmt::format("quote {} is never closed", quote),
                 fmt::format("a quote ends on its own line; write \\{} for the character itself", quote));
  }

  bool weak_quotes() {
    quoted_ = true;
    const std::size_t open = i_++;
    while (i_ < line_.size() && line_[i_] != '"') {
      if (line_[i_] == '\\') {
        if (!escape()) return false;
      } else if (line_[i_] == '$') {
        if (!variable()) return false;
      } else {
        word_ += line_[i_++];
      }
    }
    if (i_ >= line_.size()) {
      i_ = open;
      return unmatched('"');
    }
    i_++;
    return true;
  }

  // An escape that means nothing keeps its backslash: regular expressions are full of "\." and "\d".
  bool escape() {
    if (i_ + 1 >= line_.size()) {
      word_ += line_[i_++];
      return true;
    }
    const char c = line_[i_ + 1];
    switch (c) {
      case 'n': word_ += '\n'; break;
      case 'r': word_ += '\r'; break;
      case 't': word_ += '\t'; break;
      case ' ':
      case '\t':
      case '#':
      case '\\':
      case '\'':
      case '"':
      case '$':
        // The manual's table lists "\'" and "\#" in weak quotes as well.
        word_ += c;
        break;
      case 'x': return hex_escape();
      default: word_ += '\\'; word_ += c;
    }
    i_ += 2;
    return true;
  }

  bool hex_escape() {
    const int high = i_ + 2 < line_.size() ? hex_digit(line_[i_ + 2]) : -1;
    const int low = i_ + 3 < line_.size() ? hex_digit(line_[i_ + 3]) : -1;
    if (high < 0 || low < 0) return error(i_, 2, "\\x needs two hexadecimal digits", "for example \\x0a");
    const int value = high * 16 + low;
    // Words become C strings at many borders (files, the environment): a zero byte would cut them silently.
    if (value == 0) return error(i_, 4, "\\x00 cannot be part of a word");
    word_ += static_cast<char>(value);
    i_ += 4;
    return true;
  }

  bool variable() {
    const std::size_t dollar = i_++;
    const bool brace = i_ < line_.size() && line_[i_] == '{';
    if (brace) i_++;
    const std::size_t name_at = i_;
    if (i_ < line_.size() && line_[i_] == '.') i_++;
    const bool pseudo = i_ != name_at;
    while (i_ < line_.size() && is_name_character(line_[i_])) i_++;
    const std::string_view name = line_.substr(name_at, i_ - name_at);
    if (!Environment::is_valid_name(pseudo ? name.substr(1) : name))
      return error(dollar, std::max<std::size_t>(1, i_ - dollar), "no variable name behind '$'",
                   "names have letters, digits and _, and begin with no digit; write \\$ for a dollar, or use ''");
    bool list = false;
    std::optional<std::string_view> fallback;
    if (brace && !brace_suffix(dollar, list, fallback)) return false;
    return substitute(dollar, name, list, fallback);
  }

  bool brace_suffix(std::size_t dollar, bool& list, std::optional<std::string_view>& fallback) {
    if (line_.substr(i_).starts_with("[*]")) {
      list = true;
      i_ += 3;
    }
    if (i_ < line_.size() && line_[i_] == '-') {
      const std::size_t from = ++i_;
      while (i_ < line_.size() && line_[i_] != '}' && line_[i_] != '"') i_++;
      fallback = line_.substr(from, i_ - from);
    }
    if (i_ < line_.size() && line_[i_] == '}') {
      i_++;
      return true;
    }
    if (i_ >= line_.size() || line_[i_] == '"')
      return error(dollar, 2, "'${' is never closed", "write \"${NAME}\" or \"${NAME-default}\"");
    return error(i_, 1, fmt::format("unexpected '{}' in a variable", line_[i_]),
                 "write \"${NAME}\", \"${NAME-default}\" or \"${NAME[*]}\"");
  }

  bool substitute(std::size_t dollar, std::string_view name, bool list, std::optional<std::string_view> fallback) {
    std::string number;
    std::optional<std::string_view> value;
    if (name == ".FILE") {
      value = scope_.file;
    } else if (name == ".SECTION") {
      value = scope_.section;
    } else if (name == ".LINE") {
      value = number = std::to_string(start_.line);
    } else if (name.starts_with('.')) {
      return error(dollar, i_ - dollar, fmt::format("there is no pseudo-variable '{}'", name),
                   "there are .FILE, .LINE and .SECTION");
    } else if (scope_.environment != nullptr) {
      value = scope_.environment->get(name);
    }
    const std::string_view text = value ? *value : fallback.value_or(std::string_view{});
    if (expanded_ + word_.size() + text.size() > kMaxExpandedLine)
      return error(dollar, i_ - dollar,
                   fmt::format("the line grows above {} bytes once its variables are expanded", kMaxExpandedLine));
    if (!list) {
      word_ += text;
      return true;
    }
    return append_list(text);
  }

  // What stands around "${A[*]}" stays with the first and the last of its words; an empty list is an empty word.
  bool append_list(std::string_view text) {
    bool first = true;
    std::size_t at = 0;
    while (at < text.size()) {
      while (at < text.size() && is_space(text[at])) at++;
      const std::size_t from = at;
      while (at < text.size() && !is_space(text[at])) at++;
      if (at == from) break;
      if (!first) {
        const std::size_t begin = word_at_;
        if (!end_word(i_)) return false;
        begin_word(begin);
        quoted_ = true;
      }
      first = false;
      word_ += text.substr(from, at - from);
    }
    return true;
  }

  std::string_view line_;
  SourcePosition start_;
  const LexScope& scope_;
  Diagnostics& diagnostics_;
  Words& out_;
  std::size_t i_ = 0;
  std::string word_;
  std::size_t word_at_ = 0;
  bool quoted_ = false;
  std::size_t expanded_ = 0;
};

}  // namespace

bool lex_line(std::string_view line, SourcePosition start, const LexScope& scope, Diagnostics& diagnostics,
              Words& out) {
  out.clear();
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() > kMaxLineLength) {
    diagnostics.error(start, fmt::format("a line of {} bytes is above the limit of {}", line.size(), kMaxLineLength));
    return false;
  }
  if (const auto zero = line.find('\0'); zero != line.npos) {
    start.column += static_cast<std::uint32_t>(zero);
    start.length = 1;
    diagnostics.error(start, "a zero byte stands in the line").hint = "a configuration is plain text";
    return false;
  }
  return LineLexer(line, start, scope, diagnostics, out).run();
}

std::string joined(const Word* begin, const Word* end) {
  std::string out;
  for (const Word* word = begin; word != end; word++) {
    if (word != begin) out += ' ';
    out += word->text;
  }
  return out;
}

}  // namespace weir::config
