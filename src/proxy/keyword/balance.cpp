// Which server a session goes to: balance, hash-type, persist, retries. Manual: 4.2.
#include <fmt/format.h>

#include "balance/picker.h"
#include "base/units.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

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
  static constexpr std::string_view kOfLogs[] = {"log-hash", "sticky"};
  auto& wrong = context.error(word, fmt::format("unknown balance algorithm '{}'", name));
  for (const auto known : kOfLogs)
    if (name == known) wrong.message = fmt::format("'balance {}' is for 'mode log', which this version has not", name);
  std::vector<std::string_view> names;
  for (const auto& algorithm : balance::algorithms()) names.push_back(algorithm.name);
  if (const auto near = nearest_word(name, names); !near.empty()) {
    wrong.hint = fmt::format("did you mean '{}'?", near);
    return;
  }
  wrong.hint = "there are";
  for (const auto one : names) wrong.hint += fmt::format("{} {}", one == names.front() ? "" : ",", one);
}

// `balance random(<draws>)`, `balance rdp-cookie(<name>)`.
bool read_argument(ParseContext& context, const Word& word, std::string_view argument, BalanceConfig& balance) {
  if (balance.algorithm == "random" && !argument.empty()) {
    const auto draws = parse_integer(argument, 1, 1'000);
    if (!draws) {
      context.error(word, fmt::format("'{}' is no number of draws", argument)).hint =
          "from 1 to 1000, such as random(2)";
      return false;
    }
    balance.options.draws = static_cast<std::uint32_t>(*draws);
  }
  balance.argument = argument;
  // Manual, balance rdp-cookie: without a name the user's.
  if (balance.algorithm == "rdp-cookie" && argument.empty()) balance.argument = "mstshash";
  return true;
}

bool read_hashed_expression(ParseContext& context, Arguments& args, BalanceConfig& balance) {
  const Word* word = args.expect_word("the expression to hash");
  if (word == nullptr) return false;
  auto expression =
      sample::Expression::compile(word->text, scope_of(context, Place::request), word->at, context.diagnostics());
  if (!expression) return false;
  balance.expression = std::make_shared<const sample::Expression>(std::move(*expression));
  return true;
}

// `balance uri`, `url_param`, `hdr`: what follows the algorithm's word.
bool read_http_options(Arguments& args, balance::KeyKind key, BalanceConfig& balance) {
  balance.uri_length = balance.uri_depth = 0;
  balance.uri_whole = balance.uri_path_only = balance.check_post = balance.domain_only = false;
  if (key == balance::KeyKind::url_param) {
    const Word* name = args.expect_word("the parameter's name");
    if (name == nullptr) return false;
    balance.argument = name->text;
    balance.check_post = args.take("check_post");
    if (balance.check_post && !args.at_end()) args.next();  // the time to wait, of old versions
  }
  if (key == balance::KeyKind::header) balance.domain_only = args.take("use_domain_only");
  while (key == balance::KeyKind::uri && !args.at_end()) {
    if (args.take("whole")) {
      balance.uri_whole = true;
    } else if (args.take("path-only")) {
      balance.uri_path_only = true;
    } else if (args.peek()->text == "len" || args.peek()->text == "depth") {
      std::uint32_t& into = args.next()->text == "len" ? balance.uri_length : balance.uri_depth;
      const auto number = args.expect_integer("the number", 1, 65'535);
      if (!number) return false;
      into = static_cast<std::uint32_t>(*number);
    } else {
      break;
    }
  }
  return true;
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
  BalanceConfig& balance = proxy->settings.balance;
  balance.algorithm = algorithm->name;
  balance.options.draws = balance::Options{}.draws;
  balance.expression.reset();
  if (!read_argument(context, word, argument, balance)) return;
  if (algorithm->key == balance::KeyKind::expression && !read_hashed_expression(context, args, balance)) return;
  if (!read_http_options(args, algorithm->key, balance)) return;
  if (algorithm->key == balance::KeyKind::header && balance.argument.empty()) {
    context.error(word, "'balance hdr' needs the field's name").hint = "such as hdr(host)";
    return;
  }
  if (!args.expect_end()) return;
  balance.at = word.at;
  balance.written = true;
}

// How wt6 mixes is written down in no manual. A farm that has it wants users spread well and found again: crc32 with
// avalanche does that, with other servers for other users.
void stand_in_for_wt6(ParseContext& context, Arguments& args, balance::Options& options) {
  context.warning(args.next()->at, "'wt6' is described nowhere: crc32 with avalanche takes its place").hint =
      "each user keeps one server, though another one than behind HAProxy";
  options.function = balance::HashFunction::crc32;
  args.take("avalanche");
  options.avalanche = true;
  args.expect_end();
}

void hash_type(ParseContext& context, const Line& line) {
  static constexpr std::string_view kMethods[] = {"map-based", "consistent"};
  static constexpr std::string_view kFunctions[] = {"sdbm", "djb2", "crc32", "none"};
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  if (args.peek()->text == "avalanche") {
    context.error(*args.peek(), "'avalanche' is no hash type").hint =
        "it follows a type: 'hash-type map-based sdbm avalanche'";
    return;
  }
  const auto method = args.expect_choice("hash type", kMethods);
  if (!method) return;
  balance::Options& options = proxy->settings.balance.options;
  options.consistent = *method == 1;
  options.function.reset();
  options.avalanche.reset();
  if (args.at_end()) return;
  if (args.peek()->text == "wt6") return stand_in_for_wt6(context, args, options);
  const auto function = args.expect_choice("hash function", kFunctions);
  if (!function) return;
  options.function = static_cast<balance::HashFunction>(*function);
  options.avalanche = args.take("avalanche");
  args.expect_end();
}

void hash_balance_factor(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  const Word& word = *args.peek();
  const auto factor = args.expect_integer("the factor", 0, 1'000'000);
  if (!factor) return;
  if (*factor != 0 && *factor <= 100) {
    context.error(word, fmt::format("a factor of {} leaves no server room for its share", *factor)).hint =
        "more than 100 percent, such as 150, or 0 for no bound";
    return;
  }
  proxy->settings.balance.options.balance_factor = static_cast<std::uint32_t>(*factor);
}

void hash_preserve_affinity(ParseContext& context, const Line& line) {
  static constexpr std::string_view kWhen[] = {"always", "maxconn", "maxqueue"};
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  if (const auto when = args.expect_choice("strategy", kWhen))
    proxy->settings.balance.options.affinity = static_cast<balance::Options::Affinity>(*when);
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
    {.name = "hash-balance-factor",
     .sections = in::proxies,
     .arguments = "<percent>",
     .min_args = 1,
     .max_args = 1,
     .parse = hash_balance_factor,
     .doc = "How much of the average load a server of a ring may have before its keys pass on to others.",
     .example = "hash-balance-factor 150"},
    {.name = "hash-preserve-affinity",
     .sections = in::proxies,
     .arguments = "always|maxconn|maxqueue",
     .min_args = 1,
     .max_args = 1,
     .parse = hash_preserve_affinity,
     .doc = "Whether a key keeps its server when that is full, or its queue is.",
     .example = "hash-preserve-affinity maxqueue"},
    {.name = "hash-type",
     .sections = in::proxies,
     .arguments = "<method> [<function> [avalanche]]",
     .min_args = 1,
     .max_args = 3,
     .parse = hash_type,
     .doc = "How hashing algorithms place servers: on a map in proportion to the weights, or on a ring.",
     .example = "hash-type consistent djb2 avalanche"},
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
