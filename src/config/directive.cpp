// The parser's part for lines that begin with a dot: .if .elif .else .endif and the messages .diag .notice .warning
// .alert. Blocks may be opened in one section and closed in another, but not across files. Manual: 2.4.

#include <fmt/format.h>

#include "config/parser.h"

namespace weir::config {

namespace {

constexpr std::string_view kDirectives[] = {".if",   ".elif",   ".else",    ".endif",
                                            ".diag", ".notice", ".warning", ".alert"};

}  // namespace

// True when the line was a directive, right or wrong.
bool Parser::parse_directive() {
  const std::string& word = words_[0].text;
  if (!word.starts_with('.')) return false;
  if (word == ".if") {
    open_block();
  } else if (word == ".elif" || word == ".else") {
    next_branch(word == ".else");
  } else if (word == ".endif") {
    close_block();
  } else if (skipping()) {
    return true;
  } else if (word == ".diag") {
    emit_message(Severity::diag);
  } else if (word == ".notice") {
    emit_message(Severity::notice);
  } else if (word == ".warning") {
    emit_message(Severity::warning);
  } else if (word == ".alert") {
    emit_message(Severity::alert);
  } else {
    Diagnostic& diagnostic = diagnostics_.error(words_[0].at, fmt::format("unknown directive '{}'", word));
    if (const auto near = nearest_word(std::string_view(word).substr(0, 64), kDirectives); !near.empty())
      diagnostic.hint = fmt::format("did you mean '{}'?", near);
  }
  return true;
}

void Parser::open_block() {
  const bool inside_skipped = skipping();
  Block block{.at = words_[0].at, .branch = Branch::over};
  if (blocks_.size() >= kMaxIfDepth) {
    // Counted only, and said once: its .endif must close it and no other.
    if (excess_blocks_ == 0)
      diagnostics_.error(block.at, fmt::format("'.if' is nested more than {} deep", kMaxIfDepth));
    excess_blocks_++;
    return;
  }
  if (!inside_skipped) block.branch = condition_holds() ? Branch::taken : Branch::waiting;
  blocks_.push_back(block);
}

void Parser::next_branch(bool is_else) {
  if (excess_blocks_ != 0) return;
  const Word& word = words_[0];
  if (blocks_.empty()) {
    diagnostics_.error(word.at, fmt::format("'{}' has no '.if' before it", word.text));
    return;
  }
  Block& block = blocks_.back();
  if (block.seen_else) {
    diagnostics_.error(word.at, fmt::format("'{}' stands behind the '.else' of its block", word.text)).hint =
        fmt::format("the block begins at line {}", block.at.line);
    block.branch = Branch::over;
    return;
  }
  if (is_else) {
    block.seen_else = true;
    if (words_.size() > 1)
      diagnostics_.error(words_[1].at, "'.else' takes no argument").hint = "'.elif' takes a condition";
  }
  if (block.branch != Branch::waiting)
    block.branch = Branch::over;
  else if (is_else || condition_holds())
    block.branch = Branch::taken;
}

void Parser::close_block() {
  if (words_.size() > 1) diagnostics_.error(words_[1].at, "'.endif' takes no argument");
  if (excess_blocks_ != 0) {
    excess_blocks_--;
  } else if (blocks_.empty()) {
    diagnostics_.error(words_[0].at, "'.endif' has no '.if' before it");
  } else {
    blocks_.pop_back();
  }
}

bool Parser::condition_holds() {
  const std::string text = joined(words_.data() + 1, words_.data() + words_.size());
  const auto value = evaluate_condition(text, options_.facts, environment_);
  if (value) return *value;
  // The offset counts in the joined text: find the word it falls into.
  std::size_t offset = value.error().offset;
  SourcePosition at = words_.back().at;
  for (std::size_t i = 1; i < words_.size(); i++) {
    const std::size_t size = words_[i].text.size();
    if (offset <= size) {
      at = words_[i].at;
      if (!words_[i].quoted && size != 0) {
        at.column += static_cast<std::uint32_t>(offset);
        at.length = 1;
      }
      break;
    }
    offset -= size + 1;
  }
  diagnostics_.error(at, fmt::format("'{}': {}", words_[0].text, value.error().message)).hint = value.error().hint;
  return false;
}

void Parser::emit_message(Severity severity) {
  if (words_.size() != 2) {
    const bool missing = words_.size() < 2;
    diagnostics_
        .error(missing ? words_[0].at : words_[2].at, missing ? fmt::format("'{}' needs a message", words_[0].text)
                                                              : fmt::format("'{}' takes one word", words_[0].text))
        .example = fmt::format("{} \"what to say\"", words_[0].text);
    return;
  }
  diagnostics_.add(severity, words_[0].at, words_[1].text);
}

}  // namespace weir::config
