#include "sample/regex_weight.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace weir::sample {
namespace {

struct Repeat {
  bool any = false;
  bool endless = false;
  std::uint64_t copies = 1;
};

class Scan {
 public:
  Scan(std::string_view pattern, std::uint64_t most) : rest_(pattern), most_(most) {}

  std::optional<std::uint64_t> run() {
    open_.push_back(0);
    while (!rest_.empty() && !refused_) step();
    if (refused_ || open_.size() != 1) return std::nullopt;
    pay(open_[0]);
    return refused_ ? std::nullopt : std::optional(paid_);
  }

 private:
  // Groups of groups that no sane expression has.
  static constexpr std::size_t kDeepest = 32;

  void pay(std::uint64_t cost) {
    paid_ = std::min(paid_ + cost, most_ + 1);
    refused_ = refused_ || paid_ > most_;
  }
  void grow(std::uint64_t positions) {
    open_.back() += positions;
    refused_ = refused_ || open_.back() > most_;
  }

  void step() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    switch (c) {
      case '\\': escape(); break;
      case '[': skip_class(); break;
      case '(': open_group(); return;
      case ')': close_group(); return;
      case '\0': refused_ = true; return;  // it ends what the compiler reads
      case '|': return;
      default: break;
    }
    const Repeat repeated = repeat();
    const std::uint64_t copies = std::min(repeated.copies, most_ + 1);
    // Measured: ".*" costs as much as 16 bytes, ".{500}" 25 ms, growing with the square.
    pay((repeated.endless ? 16 : 0) + copies * copies / 16);
    grow(copies);
  }

  void escape() {
    if (rest_.empty()) {
      refused_ = true;
      return;
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    // Quotes hide what looks like syntax; \c takes a byte with it. The others that are refused mean other things there.
    constexpr std::string_view kRefused = "QEcCGKNRXgkopPuUlL";
    refused_ = refused_ || kRefused.contains(c) || c == '\0';
  }

  void skip_class() {
    if (rest_.starts_with('^')) rest_.remove_prefix(1);
    bool first = true;
    while (!rest_.empty() && (first || rest_.front() != ']')) {
      first = false;
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\0') refused_ = true;
      if (c == '\\') escape();
      if (c != '[' || rest_.empty() || !std::string_view(":.=").contains(rest_.front())) continue;
      const std::size_t end = rest_.find(":]");
      if (rest_.front() != ':' || end == 0 || end == rest_.npos) {
        refused_ = true;  // PCRE2 refuses what stands for collations; a class that begins with "[:" may be none
        return;
      }
      rest_.remove_prefix(end + 2);
    }
    if (rest_.empty()) {
      refused_ = true;
    } else {
      rest_.remove_prefix(1);
    }
  }

  // Only groups and options that mean the same to both. Verbs and names of newlines, comments, recursion, conditions
  // and `x` are not among them.
  void open_group() {
    open_.push_back(0);
    refused_ = refused_ || open_.size() > kDeepest || rest_.starts_with('*');
    if (!rest_.starts_with('?')) return;
    rest_.remove_prefix(1);
    for (const std::string_view good : {":", "=", "!", "<=", "<!", ">"}) {
      if (!rest_.starts_with(good)) continue;
      rest_.remove_prefix(good.size());
      return;
    }
    const std::size_t end = rest_.find_first_not_of("ims-");
    if (end == rest_.npos || end == 0 || (rest_[end] != ')' && rest_[end] != ':')) {
      refused_ = true;
    } else if (rest_[end] == ':') {
      rest_.remove_prefix(end + 1);
    } else {
      rest_.remove_prefix(end);  // its bracket closes an empty group
    }
  }

  void close_group() {
    if (open_.size() == 1) {
      refused_ = true;
      return;
    }
    std::uint64_t inside = open_.back();
    open_.pop_back();
    const Repeat repeated = repeat();
    inside = std::min(inside, most_ + 1) * std::min(repeated.copies, most_ + 1);
    if (repeated.any) pay(std::min(inside, most_ + 1) * std::min(inside, most_ + 1));
    grow(inside);
  }

  /// The quantifier that stands here, with what makes it lazy or possessive.
  Repeat repeat() {
    Repeat found;
    if (rest_.empty()) return found;
    if (std::string_view("*+?").contains(rest_.front())) {
      found = {.any = true, .endless = rest_.front() != '?'};
      rest_.remove_prefix(1);
    } else if (rest_.starts_with('{')) {
      found = bounds();
    }
    if (found.any && (rest_.starts_with('?') || rest_.starts_with('+'))) rest_.remove_prefix(1);
    return found;
  }

  // {n}, {n,} and {n,m}. What else begins like one is text to some versions and a repeat to others.
  Repeat bounds() {
    const std::size_t end = rest_.find('}');
    const std::string_view inside = rest_.substr(1, end == rest_.npos ? rest_.npos : end - 1);
    std::uint64_t most = 0;
    const char* at = inside.data();
    const char* const stop = inside.data() + inside.size();
    const auto read = [&](std::uint64_t& value) {
      const auto [next, error] = std::from_chars(at, stop, value);
      const bool good = error == std::errc() && next != at;
      at = next;
      return good;
    };
    bool good = end != rest_.npos && read(most);
    if (good && at != stop) good = *at++ == ',';
    if (good && at != stop) good = read(most) && at == stop;
    refused_ = refused_ || !good;
    if (good) rest_.remove_prefix(end + 1);
    return {.any = true, .endless = inside.ends_with(','), .copies = std::max<std::uint64_t>(most, 1)};
  }

  std::string_view rest_;
  const std::uint64_t most_;
  std::uint64_t paid_ = 0;
  std::vector<std::uint64_t> open_;  // positions of the groups that are open
  bool refused_ = false;
};

}  // namespace

std::optional<std::uint64_t> regex_weight(std::string_view pattern, std::uint64_t most) {
  return Scan(pattern, most).run();
}

}  // namespace weir::sample
