// `fcgi-app` sections and `use-fcgi-app`. Manual: 4.2 (use-fcgi-app), 10.1.
//
// A backend may name a section that is read later. What a section says is a part of what its backends say, so that a
// changed section is a changed backend.
#include "proxy/http/fcgi_app.h"

#include <fmt/format.h>

#include <algorithm>

#include "proto/fcgi/record.h"
#include "proto/http/text.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/fcgi.h"
#include "proxy/keyword/proxy_rows.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {

using namespace config::vocabulary;
using config::Target;

Target open_fcgi_app(ParseContext& context) {
  Build::FcgiSection& section = context.model<Build>().fcgi_apps[std::string(context.section_name())];
  if (section.defined) {
    context.diagnostics().error(context.section().name_at,
                                fmt::format("fcgi-app '{}' stands here already", context.section_name()));
    return {};
  }
  section.defined = true;
  section.app->name = context.section_name();
  section.app->at = context.section().name_at;
  return Target::of(*section.app);
}

void close_fcgi_app(ParseContext& context) {
  const auto& app = context.target<FcgiApp>();
  if (app.docroot.empty())
    context.diagnostics().error(app.at, fmt::format("fcgi-app '{}' has no 'docroot'", app.name)).example =
        "docroot /srv/www/site";
}

namespace {

constexpr auto kSection = in::fcgi_app;

sample::Scope scope_of_app(ParseContext& context, FcgiApp& app) {
  sample::Scope scope = scope_of(context.model<Build>().registry, Place::request, app.names.get());
  scope.contents = &app.lines;
  scope.owner = app.name;
  return scope;
}

// `if ...` or `unless ...`, or nothing.
bool read_app_condition(ParseContext& context, Arguments& args, FcgiApp& app, sample::Condition& out) {
  if (args.at_end()) return true;
  const Word& first = *args.peek();
  if (first.text != "if" && first.text != "unless") {
    args.error(fmt::format("'if' or 'unless' is expected instead of '{}'", first.text));
    return false;
  }
  auto condition = sample::Condition::compile(sample_words(args.rest()), app.acls, scope_of_app(context, app),
                                              context.diagnostics());
  if (!condition) return false;
  if (std::string whole = condition->signature(); whole != condition->text()) app.lines.push_back(std::move(whole));
  out = std::move(*condition);
  return true;
}

void acl(ParseContext& context, const Line& line) {
  auto& app = context.target<FcgiApp>();
  (void)app.acls.define(sample_words(line.args()), scope_of_app(context, app), context.diagnostics());
}

template <std::string FcgiApp::* Member>
void text(ParseContext& context, const Line& line) {
  const Word& word = line.args()[0];
  if (word.text.empty())
    context.error(word, fmt::format("'{}' of nothing", context.row()->name));
  else
    context.target<FcgiApp>().*Member = word.text;
}

void path_info(ParseContext& context, const Line& line) {
  const Word& word = line.args()[0];
  auto regex = sample::Regex::compile(word.text, false);
  if (!regex)
    context.error(word, fmt::format("'{}' is no regular expression: {}", word.text, regex.error().message));
  else if (!word.text.contains('('))
    context.error(word, "the expression captures nothing: its first group is the script's name").example =
        "path-info ^(/.+\\.php)(/.*)?$";
  if (!regex || !word.text.contains('(')) return;
  auto& app = context.target<FcgiApp>();
  app.path_info = std::make_shared<const sample::Regex>(std::move(*regex));
  app.path_info_text = word.text;
}

void log_stderr(ParseContext& context, const Line& line) {
  auto& app = context.target<FcgiApp>();
  if (line.args()[0].text == "global") {
    if (line.args().size() > 1)
      context.error(line.args()[1], fmt::format("unexpected word '{}' after 'log-stderr global'", line.args()[1].text));
    app.log_to_global = true;
    return;
  }
  if (auto target = log::parse_log_line(line.args(), line.end, context.diagnostics()))
    app.log_targets.push_back(std::move(*target));
}

void pass_header(ParseContext& context, const Line& line) {
  auto& app = context.target<FcgiApp>();
  Arguments args(context, line);
  FcgiApp::PassedField passed;
  passed.name = args.next()->text;
  if (read_app_condition(context, args, app, passed.condition)) app.passed.push_back(std::move(passed));
}

void set_param(ParseContext& context, const Line& line) {
  auto& app = context.target<FcgiApp>();
  Arguments args(context, line);
  FcgiApp::Param param;
  param.name = args.next()->text;
  std::ranges::transform(param.name, param.name.begin(), proto::fcgi::parameter_byte);
  if (param.name.empty()) {
    args.error_at(line.args()[0].at, "a parameter has a name");
    return;
  }
  const Word& value = *args.next();
  param.format =
      sample::LogFormat::compile(value.text, {.use = sample::FormatUse::text, .merge_spaces = false, .http = true},
                                 scope_of_app(context, app), value.at, context.diagnostics());
  if (param.format == nullptr) return;
  if (read_app_condition(context, args, app, param.condition)) app.params.push_back(std::move(param));
}

template <bool FcgiApp::* Member>
void switch_of_app(ParseContext& context, const Line&) {
  context.target<FcgiApp>().*Member = context.prefix() == Prefix::none;
}

constexpr std::string_view kOneEach = "requests to FastCGI servers never share a connection at the same time";

void max_reqs(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto most = args.expect_integer("the number of requests", 1, INT32_MAX);
  if (most && *most > 1 && args.expect_end())
    context.diagnostics().notice(line.at, fmt::format("'option max-reqs {}' changes nothing: {}", *most, kOneEach));
}

void mpxs_conns(ParseContext& context, const Line& line) {
  if (context.prefix() == Prefix::none)
    context.diagnostics().notice(line.at, fmt::format("'option mpxs-conns' changes nothing: {}", kOneEach));
}

void use_fcgi_app(ParseContext& context, const Line& line) {
  auto& proxy = context.target<ProxyConfig>();
  const Word& name = line.args()[0];
  if (proxy.settings.http.fcgi_app != nullptr) {
    context.error(line.args()[0], fmt::format("{} uses another FastCGI application already", title(proxy)));
    return;
  }
  Build::FcgiSection& section = context.model<Build>().fcgi_apps[name.text];
  if (section.named_at.line == 0) section.named_at = name.at;
  proxy.settings.http.fcgi_app = section.app;
}

constexpr KeywordRow row(std::string_view name, std::string_view arguments, int least, int most,
                         config::KeywordFunction parse, std::string_view doc, std::string_view example) {
  return proxy_rows::word(name, arguments, least, most, parse, doc, example, kSection);
}

constexpr KeywordRow option_row(std::string_view name, config::KeywordFunction parse, std::string_view doc) {
  return proxy_rows::word(name, {}, 0, 0, parse, doc, name, kSection, accepts::no_prefix);
}

constexpr KeywordRow kRows[] = {
    row("acl", "<name> <criterion> [flags] [operator] <value>...", 2, config::kAnyArgs, acl,
        "A named test for the lines of this section.", "acl internal src 10.0.0.0/8"),
    row("docroot", "<path>", 1, 1, text<&FcgiApp::docroot>,
        "Where the application's scripts lie, on its own host: what SCRIPT_FILENAME and DOCUMENT_ROOT begin with.",
        "docroot /srv/www/site"),
    row("index", "<file>", 1, 1, text<&FcgiApp::index>, "The script of paths that end in a slash.", "index index.php"),
    row("log-stderr", "global | <target> [len <n>] [format <f>] [sample <r>:<n>] <facility> [<level> [<level>]]", 1,
        config::kAnyArgs, log_stderr, "Logs what the application writes to STDERR, a line at a time.",
        "log-stderr global"),
    option_row("option get-values", switch_of_app<&FcgiApp::get_values>,
               "Asks the application for FCGI_MAX_REQS and FCGI_MPXS_CONNS on each new connection, and waits for it to "
               "answer."),
    option_row("option keep-conn", switch_of_app<&FcgiApp::keep_conn>,
               "Asks the application to leave connections open after an answer: the default. 'no option keep-conn' has "
               "a connection for each request."),
    proxy_rows::word("option max-reqs", "<requests>", 1, 1, max_reqs,
                     "How many requests a connection of the application may carry at once. A connection carries one at "
                     "a time in any case.",
                     "option max-reqs 1", kSection),
    option_row("option mpxs-conns", mpxs_conns,
               "Says that the application takes several requests at once over a connection. A connection carries one "
               "at a time in any case."),
    row("pass-header", "<name> [if|unless <condition>]", 1, config::kAnyArgs, pass_header,
        "Passes a field of requests on that is left out otherwise: Authorization, Proxy-Authorization, Proxy, fields "
        "about the connection.",
        "pass-header Authorization"),
    row("path-info", "<regex>", 1, 1, path_info,
        "Takes the decoded path apart: the first group is the script's name, the second one is PATH_INFO.",
        "path-info ^(/.+\\.php)(/.*)?$"),
    row("set-param", "<name> <format> [if|unless <condition>]", 2, config::kAnyArgs, set_param,
        "Gives the application a parameter of that name, in place of the usual one. Of several lines with one name the "
        "last one counts; an empty value is none.",
        "set-param REDIRECT_STATUS 200"),
    proxy_rows::word("use-fcgi-app", "<name>", 1, 1, use_fcgi_app,
                     "The FastCGI application that the backend's servers with 'proto fcgi' run.", "use-fcgi-app php",
                     in::backends),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> fcgi_keywords{kRows};

}  // namespace weir::proxy
