#include "sample/acl.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "base/outside.h"
#include "sample/pattern_file.h"
#include "sample/pattern_parse.h"
#include "sample/program.h"
#include "sample/reference_book.h"

namespace weir::sample {
namespace {

struct Predefined {
  std::string_view name;
  std::string_view criterion;
};
// Manual 7.4.
constexpr Predefined kPredefined[] = {
    {"FALSE", "always_false"},
    {"HTTP", "req.proto_http"},
    {"HTTP_1.0", "req.ver 1.0"},
    {"HTTP_1.1", "req.ver 1.1"},
    {"HTTP_2.0", "req.ver 2.0"},
    {"HTTP_3.0", "req.ver 3.0"},
    {"HTTP_CONTENT", "req.hdr_val(content-length) gt 0"},
    {"HTTP_URL_ABS", "url_reg ^[^/:]*://"},
    {"HTTP_URL_SLASH", "url_beg /"},
    {"HTTP_URL_STAR", "url *"},
    {"LOCALHOST", "src 127.0.0.1/8 ::1"},
    {"METH_CONNECT", "method CONNECT"},
    {"METH_DELETE", "method DELETE"},
    {"METH_GET", "method GET HEAD"},
    {"METH_HEAD", "method HEAD"},
    {"METH_OPTIONS", "method OPTIONS"},
    {"METH_POST", "method POST"},
    {"METH_PUT", "method PUT"},
    {"METH_TRACE", "method TRACE"},
    {"RDP_COOKIE", "req.rdp_cookie_cnt gt 0"},
    {"REQ_CONTENT", "req.len gt 0"},
    {"TRUE", "always_true"},
    {"WAIT_END", "wait_end"},
};
constexpr std::array<std::string_view, std::size(kPredefined)> kPredefinedNames = [] {
  std::array<std::string_view, std::size(kPredefined)> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kPredefined[i].name;
  return names;
}();

bool is_host_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return text.size() <= 255 && std::ranges::any_of(text, letter) && std::ranges::all_of(text, [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
         });
}

bool is_acl_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.:").contains(c);
  });
}

std::vector<Word> split_words(std::string_view text) {
  std::vector<Word> words;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    words.push_back({text.substr(0, space), {}});
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

}  // namespace

/// Reads what follows the criterion: flags, then patterns.
struct Acl::Reader {
  Acl& acl;
  std::span<const Word> words;
  Diagnostics& diagnostics;
  std::shared_ptr<PatternSet> set;
  PatternSet::Options options{};
  bool as_map = false;
  bool no_names = false;
  std::vector<std::string> own{};  // the line's own patterns
  std::optional<std::uint32_t> id{};
  AnyReading reading{};
  bool asks_lists = false;
  bool method_named = false;
  bool good = true;
  std::size_t next = 0;

  void error(const Word& word, std::string message, std::string hint = {}) {
    diagnostics.error(word.at, std::move(message)).hint = std::move(hint);
    good = false;
  }

  /// The word after a flag; nullptr, with an error, at the end.
  const Word* operand(std::string_view what) {
    if (next + 1 < words.size()) return &words[++next];
    error(words[next], fmt::format("'{}' needs {}", words[next].text, what));
    return nullptr;
  }

  void select_method(const Word& word, bool versions) {
    const auto kind = find_match_kind(word.text);
    if (!kind) {
      constexpr std::string_view kAll[] = {"found", "bool", "int", "ip",  "bin", "len", "str",
                                           "beg",   "sub",  "dir", "dom", "end", "reg"};
      const std::string_view near = nearest_word(word.text, kAll);
      return error(word, fmt::format("no matching method is named '{}'", word.text),
                   near.empty() ? "one of found bool int ip bin len str beg sub dir dom end reg"
                                : fmt::format("did you mean '{}'?", near));
    }
    if (method_named || set->size() != 0) {
      return error(word, method_named ? "a second '-m': an ACL has one matching method"
                                      : "'-m' must stand before '-f' and before the patterns");
    }
    const Type type = acl.expression_.type();
    if (!can_match(*kind, type)) {
      return error(word, fmt::format("'-m {}' cannot match {}, the type of '{}'", word.text, type_name(type),
                                     acl.expression_.text()));
    }
    method_named = true;
    acl.kind_ = *kind;
    set = std::make_shared<PatternSet>(*kind, versions && *kind == MatchKind::integer);
  }

  // Manual, -n: what is no address may be the name of a host, whose addresses are meant. They are part of the text:
  // when they change the ACL does.
  Result<void> add(std::string_view pattern, PatternSet::Options how) {
    auto added = set->add(pattern, how);
    if (added || acl.kind_ != MatchKind::ip || no_names || !is_host_name(pattern)) return added;
    const auto found = outside().look_up(Lookup::host, std::string(pattern));
    if (!found) return fail(fmt::format("{}, and no host's name: {}", added.error().message, found.error().message));
    for (const Word& address : split_words(*found)) {
      added = set->add(address.text, how);
      if (!added) return added;
      acl.text_ += fmt::format(" <{}>", address.text);
    }
    return added;
  }

  [[nodiscard]] ViewKind view() const {
    return {.match = acl.kind_, .ignore_case = options.ignore_case, .versions = set->versions()};
  }
  void follow(const std::shared_ptr<PatternReference>& list) {
    set->add_source(list, view());
    reading->note(*list, {.kind = view(), .output = std::nullopt});
  }

  // The line's list holds what can be typed at run time: "gt 5" is "6:".
  void add_own(const Word& word) {
    auto added = add(word.text, options);
    if (!added) {
      const bool operator_like =
          acl.kind_ == MatchKind::integer && word.text.find_first_of("0123456789:") == word.text.npos;
      return error(word, added.error().message, operator_like ? "operators are eq, ge, gt, le and lt" : "");
    }
    const auto range = is_numeric(acl.kind_) && options.op != IntegerOperator::eq
                           ? parse_integers(word.text, options.op, set->versions())
                           : fail("");
    if (!range)
      own.emplace_back(word.text);
    else if (!range->empty())
      own.push_back(integers_text(*range, set->versions()));
  }

  void finish(const Word& criterion, std::string_view owner, std::string_view predefined) {
    auto list = reading->acl_line({.owner = owner,
                                   .text = predefined.empty() ? std::string_view(acl.text_) : predefined,
                                   .criterion = criterion.text.substr(0, criterion.text.find_first_of("(,")),
                                   .id = id,
                                   .predefined = !predefined.empty(),
                                   .patterns = std::move(own)});
    if (!list) return error(criterion, list.error().message);
    follow(*list);
    set->finish();
    for (const PatternSet::Source& source : set->sources()) source.list->use_as_acl(set);
    if (asks_lists) set->follow_sources();
  }

  void load(const Word& word) {
    const auto opened = reading->open(word.text, as_map, ReferenceReading::User::acl);
    if (!opened) return error(word, opened.error().message);
    acl.text_ += fmt::format(" <{:016x}>", opened->list->content_hash());
    // Texts by the thousands are matched by the list's own index: no second one of them.
    constexpr std::size_t kLarge = std::size_t{1} << 17;
    if (acl.kind_ == MatchKind::str && opened->content->size() > kLarge) {
      asks_lists = true;
      return follow(opened->list);
    }
    each_pattern_line(*opened->content, [&](std::string_view line, std::size_t number) {
      if (as_map) line = split_pattern_line(line).key;
      const auto added = add(line, {.ignore_case = options.ignore_case});
      if (!added) error(word, fmt::format("{}:{}: {}", word.text, number, added.error().message));
      return added.has_value();
    });
    follow(opened->list);
  }

  void read_id(const Word& word) {
    std::uint32_t number = 0;
    const char* const end = word.text.data() + word.text.size();
    const auto [stop, wrong] = std::from_chars(word.text.data(), end, number);
    if (wrong != std::errc{} || stop != end || number > 0x7fffffff)
      return error(word, fmt::format("'{}' is no identifier: a number up to 2147483647", word.text));
    id = number;
  }

  /// False when the words of flags are over.
  bool read_flag(bool versions) {
    const std::string_view flag = words[next].text;
    if (flag == "-i") {
      options.ignore_case = true;
    } else if (flag == "-n") {
      no_names = true;
    } else if (flag == "-M") {
      as_map = true;
    } else if (flag == "-m") {
      if (const Word* method = operand("a matching method")) select_method(*method, versions);
    } else if (flag == "-u") {
      if (const Word* number = operand("an identifier")) read_id(*number);
    } else if (flag == "-f") {
      if (const Word* path = operand("a file name")) load(*path);
    } else {
      const bool number = flag.size() > 1 && flag[0] == '-' && ((flag[1] >= '0' && flag[1] <= '9') || flag[1] == '.');
      if (flag == "--") ++next;
      if (flag.size() > 1 && flag[0] == '-' && flag != "--" && !number) {
        error(words[next], fmt::format("no ACL flag is named '{}'", flag),
              "flags are -i -f -m -n -u -M; '--' ends them when a pattern begins with '-'");
        ++next;
        return true;
      }
      return false;
    }
    ++next;
    return true;
  }

  void read(bool versions) {
    while (next < words.size() && read_flag(versions)) {
    }
    for (; next < words.size(); ++next) {
      const Word& word = words[next];
      if (is_numeric(acl.kind_)) {
        if (const auto op = find_integer_operator(word.text)) {
          options.op = *op;
          if (next + 1 == words.size()) error(word, fmt::format("'{}' needs a value", word.text));
          continue;
        }
      }
      if (!takes_patterns(acl.kind_)) {
        diagnostics.warning(word.at, fmt::format("'{}' is ignored: '-m {}' compares with no pattern", word.text,
                                                 match_kind_name(acl.kind_)));
        return;
      }
      add_own(word);
    }
  }
};

std::optional<Acl> Acl::compile(std::span<const Word> words, const Scope& scope, SourcePosition at,
                                Diagnostics& diagnostics, std::string_view predefined) {
  if (auto* const reading = ReferenceReading::current()) reading->stand_at(at);
  if (words.empty()) {
    diagnostics.error(at, "an ACL needs a criterion").example = "acl from_lan src 192.168.0.0/16";
    return std::nullopt;
  }
  const Word& criterion = words[0];
  const std::string_view name = criterion.text.substr(0, criterion.text.find_first_of("(,"));
  const AclKeyword* keyword = scope.registry->acl_keyword(name);
  const Fetch* first = keyword != nullptr ? scope.registry->fetch(keyword->fetch) : nullptr;
  Scope anywhere = scope;
  anywhere.available = Facts::everything;
  std::size_t consumed = 0;
  auto expression =
      Expression::compile_from(criterion.text, consumed, true, first, anywhere, criterion.at, diagnostics);
  if (!expression) return std::nullopt;

  Acl acl;
  acl.expression_ = std::move(*expression);
  for (const Word& word : words) acl.text_ += fmt::format("{}{}", acl.text_.empty() ? "" : " ", word.text);
  // Manual 7.1: the keyword's own way of matching counts only without converters.
  const bool own = keyword != nullptr && !acl.expression_.has_converters();
  const std::optional<MatchKind> implied = own ? keyword->match : default_match(acl.expression_.type());
  const bool versions = own && keyword->versions;
  const bool named = std::any_of(words.begin() + 1, words.end(), [](const Word& word) { return word.text == "-m"; });
  if (!implied && !named) {
    diagnostics
        .error(criterion.at, fmt::format("'{}' gives {}, which is matched in no way of its own", criterion.text,
                                         type_name(acl.expression_.type())))
        .hint = "name a matching method, for instance -m bin or -m str";
    return std::nullopt;
  }
  acl.kind_ = implied.value_or(MatchKind::found);
  Reader reader{.acl = acl,
                .words = words.subspan(1),
                .diagnostics = diagnostics,
                .set = std::make_shared<PatternSet>(acl.kind_, versions),
                .options = {.ignore_case = own && keyword->ignore_case}};
  reader.read(versions);
  if (!reader.good) return std::nullopt;
  reader.finish(criterion, scope.owner, predefined);
  if (!reader.good) return std::nullopt;
  if (takes_patterns(acl.kind_) && reader.set->size() == 0 && reader.set->sources().size() == 1) {
    diagnostics.warning(criterion.at,
                        fmt::format("'{}' has no pattern to compare with and never matches", criterion.text));
  }
  acl.patterns_ = std::move(reader.set);
  return acl;
}

Facts NamedAcl::needs() const {
  Facts needs = Facts::none;
  for (const Acl& test : tests) needs = needs | test.expression().needs();
  return needs;
}

bool AclSet::define(std::span<const Word> words, const Scope& scope, Diagnostics& diagnostics) {
  if (words.empty() || words.size() < 2) {
    diagnostics
        .error(words.empty() ? SourcePosition{} : words[0].at,
               words.empty() ? "an ACL needs a name and a criterion" : "an ACL needs a criterion after its name")
        .example = "acl from_lan src 192.168.0.0/16";
    return false;
  }
  const Word& name = words[0];
  if (!is_acl_name(name.text)) {
    diagnostics.error(name.at, fmt::format("'{}' cannot name an ACL", name.text)).hint =
        "letters, digits, '-', '_', '.' and ':'";
    return false;
  }
  if (name.text == "or") {
    diagnostics.error(name.at, "'or' cannot name an ACL: conditions use it as an operator");
    return false;
  }
  auto acl = Acl::compile(words.subspan(1), scope, name.at, diagnostics);
  if (!acl) return false;
  auto& entry = acls_[std::string(name.text)];
  if (!entry) entry = std::make_shared<NamedAcl>(NamedAcl{.name = std::string(name.text), .tests = {}, .users = {}});
  entry->tests.push_back(std::move(*acl));
  for (const auto& user : entry->users)
    if (const auto program = user.lock()) program->flatten();
  return true;
}

std::shared_ptr<const NamedAcl> AclSet::find(std::string_view name, const Scope& scope) const {
  if (const auto at = acls_.find(name); at != acls_.end()) return at->second;
  for (const Predefined& predefined : kPredefined) {
    if (predefined.name != name) continue;
    Diagnostics unused;
    auto acl = Acl::compile(split_words(predefined.criterion), scope, {}, unused, predefined.name);
    // A program without the fetch behind it does not know the ACL either.
    if (!acl) return nullptr;
    auto entry = std::make_shared<NamedAcl>(NamedAcl{.name = std::string(name), .tests = {}, .users = {}});
    entry->tests.push_back(std::move(*acl));
    return entry;
  }
  return nullptr;
}

std::string AclSet::hint(std::string_view name) const {
  std::vector<std::string_view> names(kPredefinedNames.begin(), kPredefinedNames.end());
  for (const auto& [known, acl] : acls_) names.push_back(known);
  const std::string_view near = nearest_word(name, names);
  return near.empty() ? std::string() : fmt::format("did you mean '{}'?", near);
}

std::span<const std::string_view> predefined_acl_names() { return kPredefinedNames; }

}  // namespace weir::sample
