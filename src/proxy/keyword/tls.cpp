// Defaults of TLS. Those of servers hold for health checks; those of bind lines are read and checked, for the day a
// bind line speaks TLS. Manual: 3.1 (ssl-default-*).
#include <fmt/format.h>

#include <algorithm>

#include "proxy/keyword/build.h"
#include "proxy/keyword/tables.h"
#include "tls/client.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using config::no_meaning;
using G = GlobalConfig;

template <std::string G::* Member>
void text(ParseContext& context, const Line& line) {
  context.target<G>().*Member = line.args()[0].text;
}
template <std::string tls::ClientConfig::* Member>
void of_servers(ParseContext& context, const Line& line) {
  context.target<G>().ssl_default_server.*Member = line.args()[0].text;
}

/// Reads "ssl-min-ver <version>" and its like; false when `word` is no such word.
bool version_word(ParseContext& context, Arguments& args, const Word& word, tls::ClientConfig* into) {
  const bool lowest = word.text == "ssl-min-ver";
  if (!lowest && word.text != "ssl-max-ver") return false;
  const Word* value = args.expect_word("a TLS version");
  if (value == nullptr) return true;
  const auto version = tls::parse_version(value->text);
  if (!version)
    context.error(*value, fmt::format("'{}' is no TLS version", value->text)).hint =
        "TLSv1.0, TLSv1.1, TLSv1.2 or TLSv1.3";
  else if (into != nullptr)
    (lowest ? into->min_version : into->max_version) = *version;
  return true;
}

constexpr std::string_view kFlags[] = {
    "no-sslv3",       "no-tlsv10",    "no-tlsv11",   "no-tlsv12",     "no-tlsv13",
    "no-tls-tickets", "tls-tickets",  "force-sslv3", "force-tlsv10",  "force-tlsv11",
    "force-tlsv12",   "force-tlsv13", "strict-sni",  "no-strict-sni", "prefer-client-ciphers",
    "ssl-min-ver",    "ssl-max-ver",
};

bool is_flag(std::string_view text) { return std::ranges::find(kFlags, text) != std::end(kFlags); }

void unknown_word(ParseContext& context, const Word& word, std::string_view what) {
  auto& wrong = context.error(word, fmt::format("unknown {} option '{}'", what, word.text));
  if (const auto near = nearest_word(word.text, kFlags); !near.empty())
    wrong.hint = fmt::format("did you mean '{}'?", near);
}

void bind_options(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  auto& options = context.target<G>().ssl_default_bind_options;
  options.clear();
  for (const Word& word : line.args()) options.push_back(word.text);
  while (const Word* word = args.next()) {
    if (version_word(context, args, *word, nullptr)) continue;
    if (!is_flag(word->text)) unknown_word(context, *word, "bind");
  }
}

// A check speaks one version range: the words that bar single versions of the middle have no place in it.
void server_options_line(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  tls::ClientConfig& config = context.target<G>().ssl_default_server;
  while (const Word* word = args.next()) {
    if (version_word(context, args, *word, &config)) continue;
    if (word->text == "no-sslv3" || word->text == "no-tls-tickets" || word->text == "tls-tickets") continue;
    if (is_flag(word->text))
      context.error(*word, fmt::format("'{}' is not available in this version", word->text)).hint =
          "'ssl-min-ver' and 'ssl-max-ver' say which versions are spoken";
    else
      unknown_word(context, *word, "server");
  }
}

void server_verify(ParseContext& context, const Line& line) {
  static constexpr std::string_view kChoices[] = {"none", "required"};
  Arguments args(context, line);
  if (const auto chosen = args.expect_choice("kind of verification", kChoices))
    context.target<G>().ssl_server_verify = *chosen == 0 ? tls::Verify::none : tls::Verify::required;
}

constexpr KeywordRow row(std::string_view name, std::string_view arguments, int most, config::KeywordFunction parse,
                         std::string_view doc, std::string_view example) {
  return {.name = name,
          .sections = in::global,
          .arguments = arguments,
          .min_args = 1,
          .max_args = most,
          .parse = parse,
          .doc = doc,
          .example = example};
}

constexpr std::string_view kNoTls = "bind lines do not speak TLS in this version";

constexpr KeywordRow kRows[] = {
    row("ca-base", "<directory>", 1, text<&G::ca_base>, "Where 'ca-file' and 'crl-file' are looked up.",
        "ca-base /etc/ssl/certs"),
    row("crt-base", "<directory>", 1, text<&G::crt_base>, "Where 'crt' is looked up.", "crt-base /etc/ssl/private"),
    row("ssl-default-bind-ciphers", "<list>", 1, text<&G::ssl_default_bind_ciphers>,
        "The ciphers of bind lines up to TLS 1.2.", "ssl-default-bind-ciphers HIGH"),
    row("ssl-default-bind-ciphersuites", "<list>", 1, text<&G::ssl_default_bind_ciphersuites>,
        "The ciphers of bind lines for TLS 1.3.", "ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256"),
    no_meaning("ssl-default-bind-curves", in::global, kNoTls),
    row("ssl-default-bind-options", "<option> ...", config::kAnyArgs, bind_options, "TLS options of bind lines.",
        "ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets"),
    row("ssl-default-server-ciphers", "<list>", 1, of_servers<&tls::ClientConfig::ciphers>,
        "The ciphers of server lines up to TLS 1.2.", "ssl-default-server-ciphers HIGH"),
    row("ssl-default-server-ciphersuites", "<list>", 1, of_servers<&tls::ClientConfig::ciphersuites>,
        "The ciphers of server lines for TLS 1.3.", "ssl-default-server-ciphersuites TLS_AES_128_GCM_SHA256"),
    row("ssl-default-server-options", "<option> ...", config::kAnyArgs, server_options_line,
        "TLS options of server lines.", "ssl-default-server-options ssl-min-ver TLSv1.2"),
    no_meaning("ssl-dh-param-file", in::global, kNoTls),
    row("ssl-server-verify", "none|required", 1, server_verify,
        "Whether servers that do not say 'verify' must show a good certificate.", "ssl-server-verify none"),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> tls_keywords{kRows};

}  // namespace weir::proxy
