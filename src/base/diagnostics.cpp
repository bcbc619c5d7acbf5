#include "base/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

std::uint32_t Diagnostics::add_file(std::string name, std::string text) {
  File file{std::move(name), std::move(text), {0}};
  for (std::size_t i = 0; i < file.text.size(); i++)
    if (file.text[i] == '\n') file.line_starts.push_back(static_cast<std::uint32_t>(i + 1));
  files_.push_back(std::move(file));
  return static_cast<std::uint32_t>(files_.size() - 1);
}

Diagnostic& Diagnostics::add(Severity severity, SourcePosition at, std::string message) {
  if (severity == Severity::alert) errors_++;
  if (severity == Severity::warning) warnings_++;
  if (kept_.size() >= kMaxKept) {
    dropped_++;
    return overflow_ = Diagnostic{severity, at, {}, {}, {}};
  }
  return kept_.emplace_back(Diagnostic{severity, at, std::move(message), {}, {}});
}

std::string_view Diagnostics::file_name(std::uint32_t file) const {
  return file < files_.size() ? std::string_view(files_[file].name) : std::string_view("-");
}

std::string_view Diagnostics::source_line(const SourcePosition& at) const {
  if (at.file >= files_.size() || at.line == 0) return {};
  const File& file = files_[at.file];
  if (at.line > file.line_starts.size()) return {};
  std::string_view line = std::string_view(file.text).substr(file.line_starts[at.line - 1]);
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

namespace {

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::diag: return "diag";
    case Severity::notice: return "notice";
    case Severity::warning: return "warning";
    case Severity::alert: return "error";
  }
  return "error";
}

// A caret line only helps when the line can be shown on a terminal: long lines are cut around the word, control bytes
// become '.'.
void render_caret(std::string& out, std::string_view line, const SourcePosition& at) {
  constexpr std::size_t kWidth = 160;
  std::size_t column = at.column == 0 ? 0 : at.column - 1;
  std::size_t start = 0;
  if (column > line.size()) column = line.size();
  if (line.size() > kWidth && column > kWidth / 2) start = std::min(column - kWidth / 2, line.size() - kWidth);
  std::string shown(line.substr(start, kWidth));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < ' ' && c != '\t') c = '.';
  std::string pad = shown.substr(0, column - start);
  for (char& c : pad)
    if (c != '\t') c = ' ';
  const std::size_t room = shown.size() > column - start ? shown.size() - (column - start) : 1;
  const std::size_t carets = std::clamp<std::size_t>(at.length, 1, room);
  out += fmt::format("    {}\n    {}{}\n", shown, pad, std::string(carets, '^'));
}

}  // namespace

std::string Diagnostics::render(Severity at_least) const {
  std::string out;
  for (const Diagnostic& d : kept_) {
    if (d.severity < at_least) continue;
    if (d.position.line != 0) {
      out += fmt::format("{}:{}:{}: ", file_name(d.position.file), d.position.line, std::max(1U, d.position.column));
    } else if (d.position.file < files_.size() && d.position.file != 0) {
      out += fmt::format("{}: ", file_name(d.position.file));
    }
    out += fmt::format("{}: {}\n", severity_name(d.severity), d.message);
    if (const std::string_view line = source_line(d.position); !line.empty()) render_caret(out, line, d.position);
    if (!d.hint.empty()) out += fmt::format("    {}\n", d.hint);
    if (!d.example.empty()) out += fmt::format("    example: {}\n", d.example);
  }
  if (dropped_ != 0) out += fmt::format("... and {} more problems\n", dropped_);
  return out;
}

namespace {

// Edits between two words, a swap of neighbours counting as one: the most common slip of fingers.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); j++) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); i++) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); j++) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.empty() || word.size() > 64) return {};
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    const std::size_t gap =
        candidate.size() > word.size() ? candidate.size() - word.size() : word.size() - candidate.size();
    if (candidate.empty() || gap >= best) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= best) continue;
    best = distance;
    found = candidate;
  }
  return found;
}

}  // namespace weir
