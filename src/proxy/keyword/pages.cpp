// Pages that clients get with an error: errorfile, errorfiles, errorloc, http-error, and http-errors sections. Manual:
// 4.2, 12.4 (http-errors).
#include <fmt/format.h>

#include "proxy/http/pages.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/proxy_rows.h"
#include "proxy/keyword/tables.h"
#include "proxy/rule/read_reply.h"

namespace weir::proxy {

using namespace config::vocabulary;
using config::Target;
using proxy_rows::word;

Target open_http_errors(ParseContext& context) {
  Build::ErrorPages& section = context.model<Build>().error_pages[std::string(context.section_name())];
  if (section.defined) {
    context.diagnostics().error(context.section().name_at,
                                fmt::format("http-errors '{}' stands here already", context.section_name()));
    return {};
  }
  section.defined = true;
  return Target::of(*section.pages);
}

std::shared_ptr<const Pages> error_pages(ParseContext& context, const Word& name) {
  Build::ErrorPages& section = context.model<Build>().error_pages[name.text];
  if (section.named_at.line == 0) section.named_at = name.at;
  return section.pages;
}

void check_error_pages(const Build& build, Diagnostics& diagnostics) {
  for (const auto& [name, section] : build.error_pages)
    if (!section.defined)
      diagnostics.error(section.named_at, fmt::format("there is no http-errors section '{}'", name));
}

namespace {

// The status of an errorfile, errorloc or http-error line.
std::optional<std::uint16_t> expect_page_status(Arguments& args) {
  const Word& word = *args.peek();
  const auto status = args.expect_integer("the status", 200, 599);
  if (!status) return std::nullopt;
  if (has_page(static_cast<std::uint16_t>(*status))) return static_cast<std::uint16_t>(*status);
  args.error_at(word.at, fmt::format("no page can be set for status {}", *status)).hint =
      "200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 421, 422, 425, 429, 431, 500, 501, 502, 503, 504 or 505";
  return std::nullopt;
}

void read_errorfile(ParseContext& context, const Line& line, Pages& pages) {
  Arguments args(context, line);
  const auto status = expect_page_status(args);
  if (!status) return;
  auto page = read_page_file(context, *args.next());
  if (page == nullptr) return;
  page->stands_for = *status;
  pages[*status] = std::move(page);
}

void errorfile(ParseContext& context, const Line& line) {
  read_errorfile(context, line, context.target<ProxyConfig>().settings.http.pages);
}
void errorfile_of_section(ParseContext& context, const Line& line) {
  read_errorfile(context, line, context.target<Pages>());
}

void errorfiles(ParseContext& context, const Line& line) {
  SectionPages taken{.pages = error_pages(context, line.args()[0]), .only = {}};
  Arguments args(context, line);
  args.next();
  while (!args.at_end()) {
    const auto status = expect_page_status(args);
    if (!status) return;
    taken.only.push_back(*status);
  }
  HttpSettings& settings = context.target<ProxyConfig>().settings.http;
  taken.older = std::exchange(settings.pages, {});
  settings.section_pages.push_back(std::move(taken));
}

template <std::uint16_t code>
void errorloc(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto status = expect_page_status(args);
  if (!status) return;
  auto reply = std::make_shared<Reply>();
  reply->status = code;
  reply->stands_for = *status;
  reply->fields = {{"cache-control", "no-cache"}, {"content-length", "0"}, {"location", args.next()->text}};
  context.target<ProxyConfig>().settings.http.pages[*status] = std::move(reply);
}

void http_error(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (args.peek()->text != "status") {
    args.error("'status <code>' comes first");
    return;
  }
  auto reply = read_reply(context, args, scope_of(context, Place::request), 200);
  if (reply == nullptr || !args.expect_end()) return;
  const std::uint16_t status = reply->stands_for != 0 ? reply->stands_for : reply->status;
  if (!has_page(status)) {
    context.error(line.args()[1], fmt::format("no page can be set for status {}", status));
    return;
  }
  if (reply->body == Reply::Body::page && reply->pages == nullptr) {
    context.target<ProxyConfig>().settings.http.pages[reply->status] =
        std::make_shared<const Reply>(built_in_page(reply->status));
    return;
  }
  if (reply->pages != nullptr) {
    HttpSettings& settings = context.target<ProxyConfig>().settings.http;
    settings.section_pages.push_back({reply->pages, {reply->status}, std::exchange(settings.pages, {})});
    return;
  }
  context.target<ProxyConfig>().settings.http.pages[status] = std::move(reply);
}

constexpr KeywordRow kRows[] = {
    word("errorfile", "<status> <file>", 2, 2, errorfile,
         "The whole answer, head and body, that clients get with that status.",
         "errorfile 503 /etc/haproxy/errors/503.http"),
    word("errorfile", "<status> <file>", 2, 2, errorfile_of_section, "The section's answer for that status.",
         "errorfile 404 /etc/haproxy/site1/404.http", config::set_of(config::SectionKind::http_errors)),
    word("errorfiles", "<section> [<status>...]", 1, config::kAnyArgs, errorfiles,
         "Takes pages over from an http-errors section.", "errorfiles site1 403 404"),
    word("errorloc", "<status> <url>", 2, 2, errorloc<302>,
         "Sends clients to a page elsewhere (302) instead of that status.", "errorloc 503 http://sorry.example.com/"),
    word("errorloc302", "<status> <url>", 2, 2, errorloc<302>, "The same as 'errorloc'.",
         "errorloc302 503 http://sorry.example.com/"),
    word("errorloc303", "<status> <url>", 2, 2, errorloc<303>,
         "The same with 303: the page elsewhere is asked for with GET.", "errorloc303 503 http://sorry.example.com/"),
    word("http-error",
         "status <code> [content-type <type>] [errorfile <file>|errorfiles <section>|file <file>|lf-file <file>|"
         "string <text>|lf-string <format>] [hdr <name> <format>]...",
         2, config::kAnyArgs, http_error, "What clients get with that status, put together here.",
         "http-error status 400 content-type text/plain string \"no\""),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> page_keywords{kRows};

}  // namespace weir::proxy
