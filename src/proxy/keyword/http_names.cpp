// What becomes of the names of fields, and which fields tell servers about clients. Manual 3.1: h1-case-adjust,
// h1-case-adjust-file; 4.2: option forwarded, h1-case-adjust-bogus-client and -server, http-restrict-req-hdr-names.
#include <fmt/format.h>

#include <algorithm>

#include "base/outside.h"
#include "proto/http/text.h"
#include "proto/http1/codec.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/global_rows.h"
#include "proxy/keyword/proxy_rows.h"
#include "proxy/keyword/tables.h"
#include "sample/pattern_file.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using proxy_rows::option;
using proxy_rows::word;
using H = HttpSettings;
using NamePairs = GlobalConfig::NamePairs;

constexpr std::size_t kMostFileBytes = std::size_t{1} << 20U;
constexpr std::size_t kMostNames = 1000;  // each is compared with all before it

// Nothing, or what is wrong with the pair.
std::string_view wrong_pair(const NamePairs& there, std::string_view from, std::string_view to) {
  if (from.empty() || !std::ranges::all_of(from, proto::http::is_token_byte)) return "this is no name of a field";
  if (std::ranges::any_of(from, [](char c) { return proto::http::lower(c) != c; }))
    return "the first name is written in small letters";
  if (!proto::http::same_name(from, to)) return "the two names differ in more than their case";
  if (there.size() == kMostNames) return "there are 1000 names before it, and no more are taken";
  if (std::ranges::find(there, from, [](const auto& pair) -> std::string_view { return pair.first; }) != there.end())
    return "this name stands here already";
  return {};
}

void h1_case_adjust(ParseContext& context, const Line& line) {
  NamePairs& names = context.target<GlobalConfig>().adjusted_names;
  const Word& from = line.args()[0];
  const Word& to = line.args()[1];
  if (const auto wrong = wrong_pair(names, from.text, to.text); !wrong.empty())
    context.error(from, fmt::format("'{}' '{}': {}", from.text, to.text, wrong));
  else
    names.emplace_back(from.text, to.text);
}

// Manual: when it is repeated, only the last file counts.
void h1_case_adjust_file(ParseContext& context, const Line& line) {
  const Word& path = line.args()[0];
  const auto text = read_outside(path.text, kMostFileBytes);
  if (!text) {
    context.error(path, fmt::format("'{}': {}", path.text, text.error().message));
    return;
  }
  NamePairs names;
  std::size_t number = 0;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view one = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    number++;
    if (one.ends_with('\r')) one.remove_suffix(1);
    one = proto::http::trimmed(one);
    if (one.empty() || one.starts_with('#')) continue;
    const auto [from, to] = sample::split_pattern_line(one);
    if (const auto wrong = wrong_pair(names, from, to); !wrong.empty()) {
      context.error(path, fmt::format("'{}', line {}: {}", path.text, number, wrong));
      return;
    }
    names.emplace_back(from, to);
  }
  context.target<GlobalConfig>().adjusted_file_names = std::move(names);
}

template <bool H::* Member, bool front>
void adjust_names(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = front ? frontend_side(context, line) : backend_side(context, line))
    proxy->settings.http.*Member = context.prefix() == Prefix::none;
}

void restrict_names(ParseContext& context, const Line& line) {
  static constexpr std::string_view kWhat[] = {"preserve", "delete", "reject"};
  Arguments args(context, line);
  const auto what = args.expect_choice("policy", kWhat);
  if (!what) return;
  HttpSettings& settings = context.target<ProxyConfig>().settings.http;
  settings.restrict_names_delete = *what == 1;
  settings.restrict_names_reject = *what == 2;
  settings.restrict_names_written = true;
}

struct PairWord {
  std::string_view word;
  ForwardedSettings::Pair ForwardedSettings::* pair;
};
constexpr PairWord kPairWords[] = {{"host", &ForwardedSettings::host},
                                   {"by", &ForwardedSettings::by},
                                   {"by_port", &ForwardedSettings::by_port},
                                   {"for", &ForwardedSettings::for_},
                                   {"for_port", &ForwardedSettings::for_port}};

// One word of the line with the expression that may follow. False after errors.
bool read_pair(ParseContext& context, Arguments& args, const Word& word, ForwardedSettings& out) {
  if (word.text == "proto") return out.proto = true;
  std::string_view name = word.text;
  const bool has_expression = name.ends_with("-expr");
  if (has_expression) name.remove_suffix(5);
  const auto* const known = std::ranges::find(kPairWords, name, &PairWord::word);
  if (known == std::end(kPairWords)) {
    context.error(word, fmt::format("'{}' is not expected here", word.text)).hint =
        "proto, host, by, by_port, for, for_port; all but proto also with '-expr' and an expression";
    return false;
  }
  ForwardedSettings::Pair& pair = out.*(known->pair);
  if (pair.told) {
    context.error(word, fmt::format("'{}' is said twice", name));
    return false;
  }
  pair.told = true;
  if (!has_expression) return true;
  const Word* text = args.expect_word("an expression");
  if (text == nullptr) return false;
  auto expression =
      sample::Expression::compile(text->text, scope_of(context, Place::request), text->at, context.diagnostics());
  if (!expression) return false;
  pair.expression = std::make_shared<const sample::Expression>(std::move(*expression));
  return true;
}

void forwarded(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  auto& chosen = proxy->settings.http.forwarded;
  if (context.prefix() != Prefix::none) {
    chosen = nullptr;
    return;
  }
  auto made = std::make_shared<ForwardedSettings>();
  Arguments args(context, line);
  if (args.at_end()) made->proto = made->for_.told = true;
  while (!args.at_end())
    if (!read_pair(context, args, *args.next(), *made)) return;
  chosen = std::move(made);
}

constexpr KeywordRow kRows[] = {
    word("h1-case-adjust", "<from> <to>", 2, 2, h1_case_adjust,
         "How a field's name is written for clients and servers that mind its capitals.",
         "h1-case-adjust content-length Content-Length", in::global),
    global_rows::one("h1-case-adjust-file", "<file>", h1_case_adjust_file,
                     "The same, a pair of names a line; '#' begins a comment.",
                     "h1-case-adjust-file tests/data/name_cases.txt"),
    option("option forwarded",
           "[proto] [host|host-expr <expr>] [by|by-expr <expr>] [by_port|by_port-expr <expr>] [for|for-expr "
           "<expr>] [for_port|for_port-expr <expr>]",
           0, config::kAnyArgs, forwarded,
           "Tells servers about the client in the field Forwarded (RFC 7239); without words: 'proto for'.",
           "option forwarded host for-expr src,xxh32,hex for_port"),
    option("option h1-case-adjust-bogus-client", adjust_names<&H::adjust_client_names, true>,
           "Writes names of fields to clients as h1-case-adjust says."),
    option("option h1-case-adjust-bogus-server", adjust_names<&H::adjust_server_names, false>,
           "Writes names of fields to servers as h1-case-adjust says."),
    word("option http-restrict-req-hdr-names", "preserve|delete|reject", 1, 1, restrict_names,
         "What happens to fields of requests whose names hold more than letters, digits and '-'.",
         "option http-restrict-req-hdr-names delete"),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> http_name_keywords{kRows};

}  // namespace weir::proxy
