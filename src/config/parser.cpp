#include "config/parser.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::config {

namespace {

// Nearest-word search over all keywords for each of a hundred thousand wrong lines would take minutes: nobody reads
// them.
constexpr std::size_t kMaxSuggestions = 100;

SourcePosition end_of_line(const Words& words) {
  SourcePosition end = words.back().at;
  end.column += end.length;
  end.length = 1;
  return end;
}

}  // namespace

Diagnostic& ParseContext::error(SourcePosition at, std::string message) {
  Diagnostic& diagnostic = diagnostics_.error(at, std::move(message));
  if (row_ != nullptr) diagnostic.example = row_->example;
  return diagnostic;
}

Parser::Parser(const KeywordTable& table, Diagnostics& diagnostics, Environment& environment, ParserOptions options)
    : table_(table),
      diagnostics_(diagnostics),
      environment_(environment),
      options_(options),
      context_(table, diagnostics, environment) {}

bool Parser::parse(std::vector<SourceFile> files) {
  const std::size_t before = diagnostics_.errors();
  for (SourceFile& file : files) parse_file(std::move(file));
  return diagnostics_.errors() == before;
}

bool Parser::parse_text(std::string name, std::string text) {
  const std::size_t before = diagnostics_.errors();
  parse_file({std::move(name), std::move(text)});
  return diagnostics_.errors() == before;
}

void Parser::parse_file(SourceFile file) {
  if (file.text.size() > kMaxFileSize) {
    const auto index = diagnostics_.add_file(std::move(file.name), {});
    diagnostics_.error({.file = index}, fmt::format("larger than the limit of {} MB", kMaxFileSize >> 20U));
    return;
  }
  const std::string text = file.text;
  SourcePosition at{.file = diagnostics_.add_file(std::move(file.name), std::move(file.text)), .line = 0, .column = 1};
  std::string_view rest = text;
  while (!rest.empty()) {
    at.line++;
    const auto feed = rest.find('\n');
    if (feed == rest.npos) {
      // A file without its last line feed may have been cut off while it was copied: half a line must not take effect.
      diagnostics_.error({at.file, at.line, static_cast<std::uint32_t>(std::min(rest.size(), kMaxLineLength) + 1), 1},
                         "the last line has no line feed; the file may have been cut off");
    }
    parse_line(rest.substr(0, feed), at);
    rest.remove_prefix(feed == rest.npos ? rest.size() : feed + 1);
  }
  for (const Block& block : blocks_) diagnostics_.error(block.at, "'.if' has no '.endif'");
  blocks_.clear();
  excess_blocks_ = 0;
  close_section();
}

void Parser::parse_line(std::string_view text, SourcePosition start) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos || text[first] == '#') return;
  // Lines of a block that is left out may be of another version's language: only directives among them are read.
  if (skipping() && text[first] != '.') return;
  const LexScope scope{.environment = &environment_,
                       .file = diagnostics_.file_name(start.file),
                       .section = context_.section_.name.empty() && context_.section_.row
                                      ? context_.section_.row->name
                                      : std::string_view(context_.section_.name)};
  if (skipping()) {
    const std::string_view word = text.substr(first, text.find_first_of(" \t\r#", first) - first);
    if (word != ".if" && word != ".elif" && word != ".else" && word != ".endif") return;
    // Conditions of what is skipped anyway need not even be well quoted.
    if (word == ".if" || (word == ".elif" && blocks_.back().branch == Branch::over)) {
      start.column += static_cast<std::uint32_t>(first);
      start.length = static_cast<std::uint32_t>(word.size());
      words_.assign(1, Word{std::string(word), start, false});
      parse_directive();
      return;
    }
  }
  if (!lex_line(text, start, scope, diagnostics_, words_) || words_.empty()) {
    // A broken condition still opens or continues its block, or each line up to .endif would be a mistake of its own.
    if (!words_.empty() && (words_[0].text == ".if" || words_[0].text == ".elif")) {
      words_.resize(1);
      parse_directive();
    }
    return;
  }
  context_.at_ = words_[0].at;
  if (parse_directive()) return;
  if (const SectionRow* row = table_.find_section(words_[0].text)) {
    close_section();
    open_section(*row);
    return;
  }
  parse_keyword();
}

bool Parser::read_section_name(const SectionRow& row, std::size_t& next) {
  SectionHeader& section = context_.section_;
  const bool is_from = row.takes_from && next < words_.size() && words_[next].text == "from";
  const bool wants = row.naming == Naming::required || (row.naming == Naming::optional && !is_from);
  if (!wants) return true;
  if (next >= words_.size()) {
    if (row.naming == Naming::optional) return true;
    diagnostics_.error(end_of_line(words_), fmt::format("'{}' needs a name", row.name)).example = row.example;
    return false;
  }
  const Word& word = words_[next++];
  section.name = word.text;
  section.name_at = word.at;
  if (row.naming == Naming::optional) return true;
  if (word.text.empty()) {
    diagnostics_.error(word.at, fmt::format("the name of '{}' is empty", row.name)).example = row.example;
    return false;
  }
  const auto bad = first_bad_name_character(word.text);
  if (bad == std::string_view::npos) return true;
  diagnostics_
      .error(word.at, fmt::format("character '{}' is not allowed in {} name '{}'", word.text[bad], row.name, word.text))
      .hint = "names have letters, digits and - _ . :";
  return false;
}

void Parser::open_section(const SectionRow& row) {
  SectionHeader& section = context_.section_;
  section = {.row = &row, .at = words_[0].at, .name_at = words_[0].at};
  context_.row_ = nullptr;
  context_.prefix_ = Prefix::none;
  once_.clear();
  const std::size_t before = diagnostics_.errors();
  std::size_t next = 1;
  read_section_name(row, next);
  const std::size_t rest_at = next;
  while (next < words_.size() && next - rest_at < static_cast<std::size_t>(row.max_extra_words) &&
         !(row.takes_from && words_[next].text == "from"))
    next++;
  section.rest = std::span<const Word>(words_).subspan(rest_at, next - rest_at);
  const Word* from = nullptr;
  if (row.takes_from && next < words_.size() && words_[next].text == "from") {
    next++;
    if (next < words_.size())
      from = &words_[next++];
    else
      diagnostics_.error(end_of_line(words_), "'from' needs the name of a defaults section").example = row.example;
  }
  if (next < words_.size()) {
    Diagnostic& diagnostic = diagnostics_.error(
        words_[next].at, fmt::format("'{}' takes no further word '{}'", row.name, words_[next].text));
    diagnostic.hint = row.extra_hint;
    diagnostic.example = row.example;
  }
  choose_defaults(row, from);
  // Even with a wrong header the object is opened when it has a name: its lines are then checked like all others.
  if (!section.name.empty() || row.naming != Naming::required || diagnostics_.errors() == before)
    context_.target_ = row.open(context_);
  section.rest = {};
  if (row.is_defaults) defaults_.push_back({.name = section.name, .at = section.name_at, .target = context_.target_});
}

void Parser::choose_defaults(const SectionRow& row, const Word* from) {
  if (!row.takes_from) return;
  SectionHeader& section = context_.section_;
  if (from == nullptr) {
    // A defaults section without `from` starts from the documented values, not from the one before it.
    if (row.is_defaults || defaults_.empty()) return;
    section.defaults_index = static_cast<int>(defaults_.size()) - 1;
    section.defaults_target = defaults_.back().target;
    note_defaults_use(defaults_.back(), false);
    return;
  }
  section.defaults_explicit = true;
  if (const auto bad = first_bad_name_character(from->text); bad != std::string_view::npos || from->text.empty()) {
    diagnostics_.error(from->at, fmt::format("'{}' is no name that 'from' can refer to", from->text)).hint =
        "names have letters, digits and - _ . :";
    return;
  }
  DefaultsEntry* found = nullptr;
  std::vector<std::string_view> names;
  for (DefaultsEntry& entry : defaults_) {
    if (!entry.name.empty()) names.push_back(entry.name);
    if (entry.name != from->text) continue;
    if (found != nullptr) {
      diagnostics_.error(from->at, fmt::format("defaults section '{}' is ambiguous", from->text)).hint = fmt::format(
          "it stands at {}:{} and at {}:{}; give them different names", diagnostics_.file_name(found->at.file),
          found->at.line, diagnostics_.file_name(entry.at.file), entry.at.line);
      return;
    }
    found = &entry;
  }
  if (found == nullptr) {
    Diagnostic& diagnostic = diagnostics_.error(
        from->at, fmt::format("there is no defaults section '{}' before this {}", from->text, row.name));
    if (suggestions_++ < kMaxSuggestions)
      if (const auto near = nearest_word(std::string_view(from->text).substr(0, 64), names); !near.empty())
        diagnostic.hint = fmt::format("did you mean '{}'?", near);
    return;
  }
  section.defaults_index = static_cast<int>(found - defaults_.data());
  section.defaults_target = found->target;
  if (!row.is_defaults) note_defaults_use(*found, true);
}

// Manual 4: by name and by order at once is legal and almost always a mistake: a section added later takes the place.
void Parser::note_defaults_use(DefaultsEntry& entry, bool by_name) {
  (by_name ? entry.used_by_name : entry.used_by_order) = true;
  if (!entry.used_by_name || !entry.used_by_order || entry.warned) return;
  entry.warned = true;
  diagnostics_
      .warning(context_.section_.at,
               fmt::format("defaults section '{}' is used by name and also by order, as the latest one", entry.name))
      .hint = fmt::format("it stands at {}:{}; say 'from {}' everywhere, or add another defaults section for the rest",
                          diagnostics_.file_name(entry.at.file), entry.at.line, entry.name);
}

void Parser::close_section() {
  context_.row_ = nullptr;
  context_.prefix_ = Prefix::none;
  const SectionRow* row = context_.section_.row;
  if (row != nullptr && row->close != nullptr && context_.target_) row->close(context_);
  context_.section_ = {};
  context_.target_ = {};
}

void Parser::parse_keyword() {
  std::span<const Word> words = words_;
  const SectionKind kind = context_.section_kind();
  KeywordTable::Match match = table_.find(words, kind);
  Prefix prefix = Prefix::none;
  if (match.row == nullptr && words.size() > 1 && (words[0].text == "no" || words[0].text == "default")) {
    prefix = words[0].text == "no" ? Prefix::no : Prefix::reset;
    words = words.subspan(1);
    match = table_.find(words, kind);
  }
  if (match.row == nullptr) {
    unknown_keyword(words, match);
    return;
  }
  const KeywordRow& row = *match.row;
  const Line line{.words = words, .keyword_words = match.words, .at = words[0].at, .end = end_of_line(words_)};
  context_.row_ = &row;
  context_.prefix_ = prefix;
  if (row.status == KeywordStatus::dropped) {
    Diagnostic& diagnostic =
        diagnostics_.error(line.at, fmt::format("'{}' is not supported: {}", row.name, row.reason));
    if (!row.replacement.empty()) diagnostic.hint = fmt::format("use '{}'", row.replacement);
  } else if (row.status == KeywordStatus::no_meaning) {
    diagnostics_.notice(line.at, fmt::format("'{}' changes nothing here: {}", row.name, row.reason));
  } else if (prefix_allowed(row, words_[0]) && argument_count_fits(row, line) && first_time(row, line.at) &&
             context_.target_) {
    if (options_.on_line != nullptr) options_.on_line(context_, line);
    row.parse(context_, line);
  }
  context_.row_ = nullptr;
  context_.prefix_ = Prefix::none;
}

void Parser::unknown_keyword(std::span<const Word> words, const KeywordTable::Match& match) {
  const SectionRow* section = context_.section_.row;
  if (match.elsewhere != nullptr) {
    const std::string_view name = match.elsewhere->name;
    diagnostics_
        .error(words[0].at, section == nullptr
                                ? fmt::format("'{}' stands before any section", name)
                                : fmt::format("'{}' is not allowed in section '{}'", name, section->name))
        .hint = fmt::format("it is allowed in {}", table_.allowed_sections(name));
    return;
  }
  if (const auto next = section == nullptr || words.size() > 1 ? "" : table_.second_words(words[0].text, section->kind);
      !next.empty()) {
    diagnostics_.error(words[0].at, fmt::format("'{}' is not complete", words[0].text)).hint =
        fmt::format("one of these follows: {}", next);
    return;
  }
  Diagnostic& diagnostic = diagnostics_.error(
      words[0].at, section == nullptr
                       ? fmt::format("unknown keyword '{}' before any section", words[0].text)
                       : fmt::format("unknown keyword '{}' in section '{}'", words[0].text, section->name));
  if (suggestions_++ >= kMaxSuggestions) return;
  std::string_view near;
  if (section != nullptr) near = table_.nearest(words, section->kind);
  if (near.empty()) {
    std::vector<std::string_view> names;
    for (const SectionRow* row : table_.sections()) names.push_back(row->name);
    near = nearest_word(std::string_view(words[0].text).substr(0, 64), names);
  }
  if (!near.empty()) diagnostic.hint = fmt::format("did you mean '{}'?", near);
}

bool Parser::prefix_allowed(const KeywordRow& row, const Word& prefix_word) {
  const Prefix prefix = context_.prefix_;
  if (prefix == Prefix::none) return true;
  const auto needed = prefix == Prefix::no ? accepts::no_prefix : accepts::default_prefix;
  if ((row.accepts & needed) != 0) return true;
  context_.error(prefix_word, fmt::format("'{}' cannot stand before '{}'", prefix_word.text, row.name));
  return false;
}

bool Parser::argument_count_fits(const KeywordRow& row, const Line& line) {
  const auto args = line.args();
  if (context_.prefix_ == Prefix::none && args.size() < static_cast<std::size_t>(row.min_args)) {
    context_.error(line.end, row.arguments.empty()
                                 ? fmt::format("'{}' needs {} argument{}, not {}", row.name, row.min_args,
                                               row.min_args == 1 ? "" : "s", args.size())
                                 : fmt::format("'{}' needs {}", row.name, row.arguments));
    return false;
  }
  if (row.max_args == kAnyArgs || args.size() <= static_cast<std::size_t>(row.max_args)) return true;
  const Word& extra = args[static_cast<std::size_t>(row.max_args)];
  context_.error(extra, row.max_args == 0
                            ? fmt::format("'{}' takes no argument, but '{}' follows", row.name, extra.text)
                            : fmt::format("'{}' takes no further word '{}'", row.name, extra.text));
  return false;
}

bool Parser::first_time(const KeywordRow& row, SourcePosition at) {
  if ((row.accepts & accepts::once) == 0) return true;
  for (const auto& [seen, where] : once_) {
    if (seen != &row) continue;
    context_.error(at, fmt::format("'{}' stands a second time in this section", row.name)).hint =
        fmt::format("the first one is at line {}", where.line);
    return false;
  }
  once_.emplace_back(&row, at);
  return true;
}

}  // namespace weir::config
