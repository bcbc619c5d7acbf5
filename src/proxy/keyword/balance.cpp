// Which server a session goes to: balance, hash-type, persist, retries. Manual: 4.2.
#include <fmt/format.h>

#include "balance/picker.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using config::Arguments;
using config::KeywordRow;
using config::Line;
using config::ParseContext;
using config::Word;
namespace in = config::in;

/// "name(argument)" cut in two; false when the parenthesis is never closed.
bool split_call(std::string_view text, std::string_view& name, std::string_view& argument, bool& called) {
  const auto open = text.find('(');
  name = text.substr(0, open);
  called = open != text.npos;
  argument = {};
  if (!called) return true;
  if (!text.ends_with(')')) return false;
  argument = text.substr(open + 1, text.size() - open - 2);
  return true;
}

void unknown_algorithm(ParseContext& context, const Word& word, std::string_view name) {
  static constexpr std::string_view kOfHttp[] = {"uri", "url_param", "hdr"};
  static constexpr std::string_view kOther[] = {"static-rr", "first", "random", "hash", "log-hash", "log-sticky"};
  auto& wrong = context.error(word, fmt::format("unknown balance algorithm '{}'", name));
  for (const auto known : kOfHttp)
    if (name == known)
      wrong.message = fmt::format("'balance {}' needs HTTP, which is not available in this version", name);
  for (const auto known : kOther)
    if (name == known) wrong.message = fmt::format("'balance {}' is not available in this version", name);
  std::vector<std::string_view> names;
  for (const auto& algorithm : balance::algorithms()) names.push_back(algorithm.name);
  if (const auto near = nearest_word(name, names); !near.empty()) {
    wrong.hint = fmt::format("did you mean '{}'?", near);
    return;
  }
  wrong.hint = "there are";
  for (const auto one : names) wrong.hint += fmt::format("{} {}", one == names.front() ? "" : ",", one);
}

void balance_line(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  const Word& word = *args.next();
  std::string_view name;
  std::string_view argument;
  bool called = false;
  if (!split_call(word.text, name, argument, called)) {
    context.error(word, fmt::format("a ')' is missing at the end of '{}'", word.text));
    return;
  }
  const auto* algorithm = balance::find_algorithm(name);
  if (algorithm == nullptr) {
    unknown_algorithm(context, word, name);
    return;
  }
  if (called && !algorithm->takes_argument) {
    context.error(word, fmt::format("'balance {}' takes no argument in parentheses", name));
    return;
  }
  if (!args.expect_end()) return;
  BalanceConfig& balance = proxy->settings.balance;
  balance.algorithm = algorithm->name;
  balance.argument = argument;
  // Manual, balance rdp-cookie: without a name the user's.
  if (algorithm->key == balance::KeyKind::rdp_cookie && argument.empty()) balance.argument = "mstshash";
  balance.at = word.at;
  balance.written = true;
}

void hash_type(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const Word& method = *args.next();
  if (method.text == "consistent") {
    context.error(method, "'hash-type consistent' is not available in this version").hint =
        "'hash-type map-based', which is the default";
    return;
  }
  if (method.text != "map-based") {
    context.error(method, fmt::format("'{}' is no hash type", method.text)).hint = "expected map-based or consistent";
    return;
  }
  while (const Word* word = args.next()) {
    if (word->text == "sdbm") continue;  // the function map-based has unless told otherwise
    const bool known = word->text == "djb2" || word->text == "wt6" || word->text == "crc32" || word->text == "none" ||
                       word->text == "avalanche";
    context
        .error(*word, known ? fmt::format("'{}' is not available in this version", word->text)
                            : fmt::format("'{}' is no hash function", word->text))
        .hint = "'hash-type map-based sdbm', which is the default";
  }
}

void persist_rdp_cookie(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  const Word& word = *args.next();
  std::string_view name;
  std::string_view argument;
  bool called = false;
  if (!split_call(word.text, name, argument, called) || name != "rdp-cookie" || (called && argument.empty())) {
    context.error(word, fmt::format("'{}' is no persistence", word.text)).hint =
        "'rdp-cookie', or 'rdp-cookie(<name>)' with the name of the token";
    return;
  }
  if (!args.expect_end()) return;
  proxy->settings.persist_rdp_cookie = true;
  proxy->settings.rdp_cookie_name = called ? argument : std::string_view("msts");
}

void retries(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  if (const auto number = args.expect_integer("the number of retries", 0, 1'000'000))
    proxy->settings.retries = static_cast<int>(*number);
}

constexpr KeywordRow kRows[] = {
    {.name = "balance",
     .sections = in::proxies,
     .arguments = "<algorithm>",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = balance_line,
     .doc = "How a server is chosen for a session that belongs to none.",
     .example = "balance leastconn"},
    {.name = "hash-type",
     .sections = in::any_backend,
     .arguments = "<method> [<function>]",
     .min_args = 1,
     .max_args = 3,
     .parse = hash_type,
     .doc = "How hashing algorithms place servers; a table of slots in proportion to the weights.",
     .example = "hash-type map-based"},
    {.name = "persist",
     .sections = in::proxies,
     .arguments = "rdp-cookie[(<name>)]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = persist_rdp_cookie,
     .doc = "Sends an RDP user where the routing token of the connection broker points.",
     .example = "persist rdp-cookie"},
    {.name = "retries",
     .sections = in::proxies,
     .arguments = "<number>",
     .min_args = 1,
     .max_args = 1,
     .parse = retries,
     .doc = "How often connecting to a server is tried again.",
     .example = "retries 3"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> balance_keywords{kRows};

}  // namespace weir::proxy
