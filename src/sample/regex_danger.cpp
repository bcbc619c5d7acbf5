#include "sample/regex_danger.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <bitset>
#include <charconv>
#include <memory>
#include <utility>

namespace weir::sample {
namespace {

constexpr unsigned kEndless = ~0U;
constexpr std::size_t kMostDepth = 60;
constexpr std::size_t kMostText = 128;     // of what leads to a quantifier and goes through it
constexpr std::size_t kMostTries = 24;     // texts an expression
constexpr std::size_t kTimes = 30;         // of the text that goes through
constexpr std::uint32_t kSteps = 1000000;  // where a match gives up, here and while serving
constexpr std::size_t kMostPattern = 8192;

using Bytes = std::bitset<256>;

/// As much of an expression's shape as is needed to make up texts for it.
struct Node {
  enum class Kind : std::uint8_t { nothing, byte, sequence, alternatives, repeat };
  Kind kind = Kind::nothing;
  char byte = 0;  // one that matches
  unsigned min = 1, max = 1;
  std::vector<Node> parts{};
};

char one_of(const Bytes& set) {
  for (const char wanted : std::string_view("a0A ;-"))
    if (set[static_cast<unsigned char>(wanted)]) return wanted;
  for (unsigned i = 33; i < 256 + 33; i++)
    if (set[i % 256]) return static_cast<char>(i % 256);
  return 'a';
}

void add_range(Bytes& set, unsigned from, unsigned to) {
  for (unsigned i = from; i <= to && i < 256; i++) set.set(i);
}

// \d, \w, \s, \h and their opposites.
std::optional<Bytes> named_set(char letter) {
  Bytes set;
  switch (letter | 0x20) {
    case 'd': add_range(set, '0', '9'); break;
    case 'w':
      add_range(set, 'a', 'z');
      add_range(set, 'A', 'Z');
      add_range(set, '0', '9');
      set.set('_');
      break;
    case 's':
    case 'h': set.set(' ').set('\t'); break;
    default: return std::nullopt;
  }
  return letter >= 'a' ? set : ~set;
}

/// A reader of the usual syntax. What it does not know (recursion, conditions) makes it give up: nothing is told then.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  std::optional<Node> read() {
    Node node = alternatives(0);
    return good_ && at_ == text_.size() ? std::optional(std::move(node)) : std::nullopt;
  }

 private:
  [[nodiscard]] bool over() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return over() ? '\0' : text_[at_]; }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  static Node byte_node(char c) { return {.kind = Node::Kind::byte, .byte = c}; }

  Node alternatives(std::size_t depth) {
    Node node{.kind = Node::Kind::alternatives};
    if (depth > kMostDepth) good_ = false;
    do {
      node.parts.push_back(sequence(depth));
    } while (good_ && take("|"));
    if (node.parts.size() != 1) return node;
    Node only = std::move(node.parts.front());
    return only;
  }

  Node sequence(std::size_t depth) {
    Node node{.kind = Node::Kind::sequence};
    while (good_ && !over() && peek() != '|' && peek() != ')') {
      Node part = atom(depth);
      if (good_) part = quantified(std::move(part));
      node.parts.push_back(std::move(part));
    }
    return node;
  }

  Node atom(std::size_t depth) {
    const char c = text_[at_++];
    switch (c) {
      case '^':
      case '$': return {};
      case '.': return byte_node('a');
      case '(': return group(depth);
      case '[': return byte_node(one_of(bracket()));
      case '\\': return escape();
      default: return byte_node(c);
    }
  }

  Node group(std::size_t depth) {
    bool sees_only = false;  // looks around: takes no text
    if (take("?")) {
      if (take("=") || take("!") || take("<=") || take("<!")) {
        sees_only = true;
      } else if (take("#")) {
        skip_to(')');
        return {};
      } else if (peek() == '<' || peek() == 'P' || peek() == '\'') {
        if (peek() == 'P') at_++;
        const char end = peek() == '\'' ? '\'' : '>';
        at_++;
        skip_to(end);
      } else if (!take(">") && !take("|")) {
        while (!over() && std::string_view("imsxnUJ-^").contains(peek())) at_++;
        if (take(")")) return {};
        if (!take(":")) good_ = false;
      }
    } else if (take("*")) {
      skip_to(')');
      return {};
    }
    if (!good_) return {};
    Node inner = alternatives(depth + 1);
    if (!take(")")) good_ = false;
    return sees_only ? Node{} : inner;
  }

  void skip_to(char end) {
    const std::size_t found = text_.find(end, at_);
    if (found == text_.npos) good_ = false;
    at_ = found == text_.npos ? text_.size() : found + 1;
  }

  // Behind the backslash. In a bracket: the byte, or the set.
  Bytes escaped() {
    const char c = over() ? '\\' : text_[at_++];
    if (const auto set = named_set(c)) return *set;
    Bytes one;
    switch (c) {
      case 'n': return one.set('\n');
      case 'r': return one.set('\r');
      case 't': return one.set('\t');
      case 'f': return one.set('\f');
      case 'e': return one.set(27);
      case 'x': return one.set(hex());
      default: return one.set(static_cast<unsigned char>(c));
    }
  }

  unsigned char hex() {
    const bool braced = take("{");
    unsigned value = 0;
    const std::string_view digits = text_.substr(at_, braced ? 4 : 2);
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    at_ += static_cast<std::size_t>(end - digits.data());
    if (braced && !take("}")) good_ = false;
    return static_cast<unsigned char>(value);
  }

  Node escape() {
    const char c = peek();
    if (std::string_view("bBAzZGK").contains(c) || (c >= '1' && c <= '9')) {
      at_++;
      return {};
    }
    if (std::string_view("pPkgQEXCN").contains(c)) {  // rare: left to those who write it
      good_ = false;
      return {};
    }
    return byte_node(one_of(escaped()));
  }

  Bytes bracket() {
    const bool negated = take("^");
    Bytes set;
    bool first = true;
    for (; good_ && (first || peek() != ']'); first = false) {
      if (over()) {
        good_ = false;
        break;
      }
      if (take("[:")) {
        const std::size_t end = text_.find(":]", at_);
        if (end == text_.npos) return set;
        add_range(set, 'a', 'z');
        add_range(set, '0', '9');
        at_ = end + 2;
        continue;
      }
      const Bytes low = take("\\") ? escaped() : Bytes().set(static_cast<unsigned char>(text_[at_++]));
      set |= low;
      if (peek() != '-' || at_ + 1 >= text_.size() || text_[at_ + 1] == ']' || low.count() != 1) continue;
      at_++;
      const Bytes high = take("\\") ? escaped() : Bytes().set(static_cast<unsigned char>(text_[at_++]));
      if (high.count() == 1) add_range(set, first_of(low), first_of(high));
    }
    at_ += over() ? 0 : 1;
    return negated ? ~set : set;
  }
  static unsigned first_of(const Bytes& set) {
    unsigned i = 0;
    while (i < 255 && !set[i]) i++;
    return i;
  }

  Node quantified(Node part) {
    unsigned min = 1;
    unsigned max = 1;
    if (take("*")) {
      min = 0;
      max = kEndless;
    } else if (take("+")) {
      max = kEndless;
    } else if (take("?")) {
      min = 0;
    } else if (!braces(min, max)) {
      return part;
    }
    if (!take("?")) take("+");
    Node node{.kind = Node::Kind::repeat, .min = min, .max = max};
    node.parts.push_back(std::move(part));
    return quantified(std::move(node));
  }

  // {3}, {3,}, {3,7}. Others are texts.
  bool braces(unsigned& min, unsigned& max) {
    const std::size_t end = text_.find('}', at_);
    if (peek() != '{' || end == text_.npos) return false;
    const std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
    const auto low = std::from_chars(inner.data(), inner.data() + inner.size(), min);
    const char* const stop = inner.data() + inner.size();
    if (low.ec != std::errc()) return false;
    max = min;
    if (low.ptr != stop) {
      if (*low.ptr != ',') return false;
      max = kEndless;
      if (low.ptr + 1 != stop && std::from_chars(low.ptr + 1, stop, max).ptr != stop) return false;
    }
    at_ = end + 1;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool good_ = true;
};

bool is_variable(const Node& node) {
  if (node.kind == Node::Kind::alternatives || (node.kind == Node::Kind::repeat && node.min != node.max)) return true;
  return std::ranges::any_of(node.parts, is_variable);
}

/// What a text for a node is made of: as little as may be, or everything once.
enum class Measure : std::uint8_t { least, once };

void append(const Node& node, Measure measure, std::string& out) {
  if (out.size() > kMostText) return;
  switch (node.kind) {
    case Node::Kind::nothing: return;
    case Node::Kind::byte: out += node.byte; return;
    case Node::Kind::sequence:
      for (const Node& part : node.parts) append(part, measure, out);
      return;
    case Node::Kind::alternatives: return append(node.parts.front(), measure, out);
    case Node::Kind::repeat: {
      const unsigned times = measure == Measure::once ? std::max(node.min, std::min(node.max, 1U)) : node.min;
      for (unsigned i = 0; i < times && out.size() <= kMostText; i++) {
        const std::size_t before = out.size();
        append(node.parts.front(), measure, out);
        if (out.size() == before) return;  // and never adds anything
      }
    }
  }
}

std::string text_for(const Node& node, Measure measure) {
  std::string out;
  append(node, measure, out);
  return out;
}

// Texts that go through the body of a quantifier once.
void texts_through(const Node& body, std::vector<std::string>& texts) {
  if (body.kind == Node::Kind::alternatives)
    for (const Node& part : body.parts) texts_through(part, texts);
  if (body.kind == Node::Kind::repeat) texts_through(body.parts.front(), texts);
  if (body.kind == Node::Kind::sequence)
    for (const Node& part : body.parts)
      if (part.kind == Node::Kind::alternatives || part.kind == Node::Kind::repeat) texts_through(part, texts);
  for (const Measure measure : {Measure::least, Measure::once}) {
    std::string text = text_for(body, measure);
    if (!text.empty() && text.size() <= kMostText && std::ranges::find(texts, text) == texts.end())
      texts.push_back(std::move(text));
  }
}

struct Suspect {
  std::string before;
  std::vector<std::string> through;
  std::string behind;
};

// `before` and `behind`: what stands around the node.
void find_suspects(const Node& node, const std::string& before, const std::string& behind, std::vector<Suspect>& out) {
  if (node.kind == Node::Kind::repeat && node.max >= 8 && is_variable(node.parts.front())) {
    Suspect& suspect = out.emplace_back(Suspect{.before = before, .through = {}, .behind = behind});
    texts_through(node.parts.front(), suspect.through);
  }
  if (node.kind != Node::Kind::sequence) {
    for (const Node& part : node.parts) find_suspects(part, before, behind, out);
    return;
  }
  std::string left = before;
  for (std::size_t i = 0; i < node.parts.size(); i++) {
    std::string right;
    for (std::size_t j = i + 1; j < node.parts.size(); j++) append(node.parts[j], Measure::least, right);
    right += behind;
    find_suspects(node.parts[i], left, right.substr(0, kMostText), out);
    append(node.parts[i], Measure::least, left);
    if (left.size() > kMostText) return;
  }
}

class Trial {
 public:
  Trial(std::string_view pattern, bool ignore_case)
      : data_(pcre2_match_data_create(1, nullptr), pcre2_match_data_free),
        context_(pcre2_match_context_create(nullptr), pcre2_match_context_free) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                              ignore_case ? PCRE2_CASELESS : 0, &error, &offset, nullptr));
    pcre2_set_match_limit(context_.get(), kSteps);
  }
  [[nodiscard]] bool gives_up(const std::string& text) const {
    if (code_ == nullptr) return false;
    const int result = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0,
                                   data_.get(), context_.get());
    return result == PCRE2_ERROR_MATCHLIMIT;
  }

 private:
  struct FreeCode {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  };
  std::unique_ptr<pcre2_code, FreeCode> code_;  // never made machine code: the interpreter counts its steps
  std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> data_;
  std::unique_ptr<pcre2_match_context, void (*)(pcre2_match_context*)> context_;
};

thread_local RegexWatch* current_watch = nullptr;

}  // namespace

std::optional<std::string> endless_text(std::string_view pattern, bool ignore_case) {
  if (pattern.size() > kMostPattern) return std::nullopt;
  const auto shape = Reader(pattern).read();
  if (!shape) return std::nullopt;
  std::vector<Suspect> suspects;
  find_suspects(*shape, "", "", suspects);
  if (suspects.empty()) return std::nullopt;
  const Trial trial(pattern, ignore_case);
  std::size_t tries = 0;
  for (const Suspect& suspect : suspects)
    for (const std::string& through : suspect.through) {
      std::string start = suspect.before;
      for (std::size_t i = 0; i < kTimes; i++) start += through;
      // PCRE2 looks first whether a byte that must be there is there at all: so what must follow is, but in a wrong
      // place.
      for (const std::string& end : {std::string("\x01"), "\x01" + suspect.behind, "\x01" + suspect.behind + "\x01"}) {
        if (tries++ == kMostTries) return std::nullopt;
        if (trial.gives_up(start + end)) return start + end;
        if (suspect.behind.empty()) break;
      }
    }
  return std::nullopt;
}

RegexWatch::RegexWatch() : outer_(current_watch) { current_watch = this; }
RegexWatch::~RegexWatch() { current_watch = outer_; }

RegexWatch* RegexWatch::current() { return current_watch; }

void RegexWatch::look_at(std::string_view pattern, bool ignore_case) {
  RegexWatch* const watch = current_watch;
  if (watch == nullptr || watch->told_ == kMostFound || !watch->seen_.emplace(pattern).second) return;
  auto text = endless_text(pattern, ignore_case);
  if (!text) return;
  watch->told_++;
  watch->found_.push_back({std::string(pattern), std::move(*text)});
}

std::vector<RegexWatch::Found> RegexWatch::take() { return std::exchange(found_, {}); }

}  // namespace weir::sample
