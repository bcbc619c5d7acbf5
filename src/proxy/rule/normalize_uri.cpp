// http-request normalize-uri: the target is written in one of its equal ways. Manual 4.4; codec:
// proto/http/normalize.h.
#include <algorithm>

#include "proto/http/normalize.h"
#include "proxy/http/phases.h"
#include "proxy/keyword/build.h"
#include "proxy/rule/action.h"
#include "proxy/rule/rewriting.h"
#include "proxy/rule/tables.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

struct NormalizeArgument final : ActionArgument {
  Normalizer kind = Normalizer::fragment_encode;
  bool option = false;
};

// As Normalizer has them.
constexpr std::string_view kKinds[] = {
    "fragment-encode",           "fragment-strip",       "path-merge-slashes", "path-strip-dot", "path-strip-dotdot",
    "percent-decode-unreserved", "percent-to-uppercase", "query-sort-by-name",
};
static_assert(static_cast<std::size_t>(Normalizer::query_sort_by_name) + 1 == std::size(kKinds));

// The word that may follow.
std::string_view option_of(Normalizer kind) {
  switch (kind) {
    case Normalizer::path_strip_dotdot: return "full";
    case Normalizer::percent_decode_unreserved:
    case Normalizer::percent_to_uppercase: return "strict";
    default: return {};
  }
}

bool parse_normalize_uri(ActionReader& reader) {
  const auto& said = reader.context.model<Build>().config.global.lines;
  if (std::ranges::find(said, "expose-experimental-directives") == said.end())
    return reader.error(reader.word.at, "'normalize-uri' is an experiment",
                        "the global section must say 'expose-experimental-directives' first");
  const auto which = reader.args.expect_choice("normalizer", kKinds);
  if (!which) return false;
  auto argument = std::make_shared<NormalizeArgument>();
  argument->kind = static_cast<Normalizer>(*which);
  const std::string_view option = option_of(argument->kind);
  argument->option = !option.empty() && reader.args.take(option);
  reader.out = std::move(argument);
  return true;
}

// What is no target cannot be written in another way: the request is refused.
Verdict refused(Session& session) {
  session.http->answer = {};
  session.http->answer.reply = &page_of(session, 400);
  return Verdict::deny;
}

Verdict normalize_uri(const ActionArgument* given, Session& session, sample::Context&) {
  const auto& argument = *static_cast<const NormalizeArgument*>(given);
  HttpExchange& exchange = *session.http;
  Head& head = exchange.request;
  if (head.method == Method::connect) return Verdict::next;
  const std::size_t most = head.target.size() * 3;
  char* const at = exchange.texts.take(most);
  if (at == nullptr) return failed_rewrite(session);
  const Normalized result = normalize(argument.kind, head.target, argument.option, {at, most});
  exchange.texts.keep_only(at, result.target.size());
  switch (result.outcome) {
    case Normalized::Outcome::unchanged: break;
    case Normalized::Outcome::changed: head.target = result.target; break;
    case Normalized::Outcome::invalid: return refused(session);
    case Normalized::Outcome::no_room: return failed_rewrite(session);
  }
  return Verdict::next;
}

constexpr ActionRow kRows[] = {
    {.name = "normalize-uri",
     .sets = rules_of::http_request,
     .arguments = "fragment-encode|fragment-strip|path-merge-slashes|path-strip-dot|path-strip-dotdot [full]|"
                  "percent-decode-unreserved [strict]|percent-to-uppercase [strict]|query-sort-by-name",
     .parse = parse_normalize_uri,
     .apply = normalize_uri,
     .doc = "Writes the target in one of its equal ways; 'strict' refuses what is no '%xx'. Needs "
            "expose-experimental-directives.",
     .example = "http-request normalize-uri path-strip-dotdot full"},
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> normalize_uri_actions{kRows};

}  // namespace weir::proxy
