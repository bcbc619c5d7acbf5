// The rewriting lines of versions before 2.1, which many files still have. Manual 2.0, 4.2: reqadd ... rspirep.
#include "proxy/rule/old_rewriting.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/proxy_rows.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

template <OldVerb verb, bool ignore_case, bool response>
void old_rule(ParseContext& context, const Line& line) {
  read_old_rule(context, line, verb, ignore_case, response);
}

constexpr KeywordRow row(std::string_view name, std::string_view arguments, int least, config::KeywordFunction parse,
                         std::string_view doc, std::string_view example) {
  return proxy_rows::word(name, arguments, least, config::kAnyArgs, parse, doc, example);
}

constexpr std::string_view kLine = "<line> [if|unless <condition>]";
constexpr std::string_view kSearch = "<regex> [if|unless <condition>]";
constexpr std::string_view kReplace = "<regex> <line> [if|unless <condition>]";

constexpr KeywordRow kRows[] = {
    row("reqadd", kLine, 1, old_rule<OldVerb::add, false, false>, "Adds a line to the head of requests.",
        "reqadd X-Proto:\\ SSL"),
    row("reqallow", kSearch, 1, old_rule<OldVerb::allow, false, false>,
        "Ends the old rules for requests of which a line matches.", "reqallow ^Host:\\ www\\."),
    row("reqdel", kSearch, 1, old_rule<OldVerb::del, false, false>, "Removes lines of the head of requests that match.",
        "reqdel ^X-Old:"),
    row("reqdeny", kSearch, 1, old_rule<OldVerb::deny, false, false>, "Refuses requests of which a line matches.",
        "reqdeny ^Host:\\ .*\\.local"),
    row("reqiallow", kSearch, 1, old_rule<OldVerb::allow, true, false>,
        "Ends the old rules for requests of which a line matches, in any case.", "reqiallow ^Host:\\ www\\."),
    row("reqidel", kSearch, 1, old_rule<OldVerb::del, true, false>,
        "Removes lines of the head of requests that match, in any case.", "reqidel ^X-Old:"),
    row("reqideny", kSearch, 1, old_rule<OldVerb::deny, true, false>,
        "Refuses requests of which a line matches, in any case.", "reqideny ^Host:\\ .*\\.local"),
    row("reqipass", kSearch, 1, old_rule<OldVerb::pass, true, false>,
        "Excuses lines that match, in any case from the old rules after it.", "reqipass ^Host:\\ www\\."),
    row("reqirep", kReplace, 2, old_rule<OldVerb::rep, true, false>,
        "Replaces lines of the head of requests that match, in any case.",
        "reqirep ^Host:\\ www.example.com Host:\\ www"),
    row("reqitarpit", kSearch, 1, old_rule<OldVerb::tarpit, true, false>,
        "Lets requests of which a line matches wait, then refuses them, in any case.", "reqitarpit ^User-Agent:\\ bad"),
    row("reqpass", kSearch, 1, old_rule<OldVerb::pass, false, false>,
        "Excuses lines that match from the old rules after it.", "reqpass ^Host:\\ www\\."),
    row("reqrep", kReplace, 2, old_rule<OldVerb::rep, false, false>,
        "Replaces lines of the head of requests that match.", "reqrep ^Host:\\ www.example.com Host:\\ www"),
    row("reqtarpit", kSearch, 1, old_rule<OldVerb::tarpit, false, false>,
        "Lets requests of which a line matches wait, then refuses them.", "reqtarpit ^User-Agent:\\ bad"),
    row("rspadd", kLine, 1, old_rule<OldVerb::add, false, true>, "Adds a line to the head of answers.",
        "rspadd X-Proto:\\ SSL"),
    row("rspdel", kSearch, 1, old_rule<OldVerb::del, false, true>, "Removes lines of the head of answers that match.",
        "rspdel ^X-Old:"),
    row("rspdeny", kSearch, 1, old_rule<OldVerb::deny, false, true>, "Refuses answers of which a line matches.",
        "rspdeny ^Host:\\ .*\\.local"),
    row("rspidel", kSearch, 1, old_rule<OldVerb::del, true, true>,
        "Removes lines of the head of answers that match, in any case.", "rspidel ^X-Old:"),
    row("rspideny", kSearch, 1, old_rule<OldVerb::deny, true, true>,
        "Refuses answers of which a line matches, in any case.", "rspideny ^Host:\\ .*\\.local"),
    row("rspirep", kReplace, 2, old_rule<OldVerb::rep, true, true>,
        "Replaces lines of the head of answers that match, in any case.",
        "rspirep ^Host:\\ www.example.com Host:\\ www"),
    row("rsprep", kReplace, 2, old_rule<OldVerb::rep, false, true>, "Replaces lines of the head of answers that match.",
        "rsprep ^Host:\\ www.example.com Host:\\ www"),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> old_rewriting_keywords{kRows};

}  // namespace weir::proxy
