// The reference manual as one page: nothing is loaded from anywhere, it follows the reader's light or dark, and without
// a script it is a plain page whose search box is not there. Well formed as XML too, so that a test can read it.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "admin/statistics/markup.h"
#include "app/reference.h"
#include "app/version.h"
#include "proto/http/text.h"

namespace weir::app {
namespace {

using admin::escaped;

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--text:#1d2430;--quiet:#5d6878;--page:#fff;--panel:#f4f6f9;--line:#dde2ea;--mark:#0a5fb4;--chip:#e6edf6}
@media(prefers-color-scheme:dark){:root{--text:#dfe5ee;--quiet:#97a3b4;--page:#12161c;--panel:#1a2029;--line:#2c3542;--mark:#79b8ff;--chip:#243142}}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--page)}
a{color:var(--mark);text-decoration:none}a:hover{text-decoration:underline}
header{position:sticky;top:0;z-index:1;background:var(--page);border-bottom:1px solid var(--line);padding:.7rem 1.2rem;display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:center}
header h1{font-size:1.15rem;margin:0;white-space:nowrap}
form{display:flex;flex:1;flex-wrap:wrap;gap:.5rem;min-width:16rem;align-items:center}
form[hidden]{display:none}
input,select{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.35rem .6rem;max-width:100%}
input{flex:1 1 20rem;min-width:11rem}select{flex:0 1 13rem;width:13rem}
input:focus-visible,select:focus-visible,a:focus-visible{outline:2px solid var(--mark);outline-offset:1px}
#count{color:var(--quiet);white-space:nowrap;min-width:6rem;text-align:right}
.page{display:flex;max-width:80rem;margin:0 auto}
nav{flex:0 0 15rem;padding:1.2rem .6rem 1.2rem 1.2rem;font-size:.92rem;position:sticky;top:3.6rem;align-self:flex-start;max-height:calc(100vh - 3.6rem);overflow:auto}
nav ul{list-style:none;margin:0;padding:0}nav li{margin:.25rem 0}
main{flex:1;min-width:0;padding:.4rem 1.2rem 4rem}
h2{font-size:1.25rem;margin:2rem 0 .6rem;scroll-margin-top:4.5rem}
article{border-top:1px solid var(--line);padding:.7rem 0;scroll-margin-top:4.5rem}
article:target{background:var(--panel);box-shadow:-.6rem 0 var(--panel),.6rem 0 var(--panel)}
h3{font-size:1rem;margin:0;font-weight:400;overflow-wrap:anywhere}
h3 code{font-weight:600}h3 .arguments{color:var(--quiet);font-weight:400}
h3 a{color:inherit}
code{font-family:ui-monospace,monospace;font-size:.93em}
p{margin:.25rem 0;overflow-wrap:anywhere}
.facts{display:flex;flex-wrap:wrap;gap:.3rem;list-style:none;margin:.25rem 0;padding:0;font-size:.82rem}
.facts li{background:var(--chip);border-radius:4px;padding:0 .45rem}
.example code{background:var(--panel);border:1px solid var(--line);border-radius:5px;padding:.1rem .4rem;white-space:pre-wrap}
.none{color:var(--quiet)}
[hidden]{display:none!important}
@media(max-width:50rem){nav{display:none}header{position:static}}
@media print{header form,nav{display:none}}
)";

// No '<', '>' nor '&' in it: what reads XML reads it as it is.
constexpr std::string_view kScript = R"(
'use strict';
(function () {
  const form = document.getElementById('search');
  const box = document.getElementById('words');
  const chapter = document.getElementById('chapter');
  const type = document.getElementById('type');
  const count = document.getElementById('count');
  const sections = Array.from(document.querySelectorAll('main section'));
  const all = sections.flatMap(function (section) {
    return Array.from(section.querySelectorAll('article')).map(function (article) {
      const facts = Array.from(article.querySelectorAll('.facts li')).map(function (fact) { return fact.textContent; });
      return {article: article, section: section, facts: facts, text: article.textContent.toLowerCase()};
    });
  });
  function look() {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const alive = new Set();
    let shown = 0;
    all.forEach(function (one) {
      const here = [chapter.value === '', one.section.id === chapter.value].some(Boolean);
      const fits = [type.value === '', one.facts.includes(type.value)].some(Boolean);
      const found = [here, fits, words.every(function (word) { return one.text.includes(word); })].every(Boolean);
      one.article.hidden = !found;
      if (found) { shown += 1; alive.add(one.section); }
    });
    sections.forEach(function (section) { section.hidden = !alive.has(section); });
    count.textContent = shown === 1 ? '1 entry' : shown + ' entries';
    document.getElementById('nothing').hidden = shown !== 0;
  }
  form.hidden = false;
  form.addEventListener('input', look);
  form.addEventListener('submit', function (event) { event.preventDefault(); });
  document.addEventListener('keydown', function (event) {
    if (event.key !== '/') return;
    if (document.activeElement === box) return;
    event.preventDefault();
    box.focus();
  });
  window.addEventListener('hashchange', function () { form.reset(); look(); });
  look();
})();
)";

// `word` becomes code.
std::string with_code(std::string_view text) {
  std::string out;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t mark = std::min(text.find('`', at), text.size());
    out += escaped(text.substr(at, mark - at));
    if (mark != text.size()) out += (inside = !inside) ? "<code>" : "</code>";
    at = mark + 1;
  }
  return inside ? out + "</code>" : out;
}

std::string anchor(const ReferenceChapter& chapter, const ReferenceEntry& entry, std::set<std::string>& taken) {
  std::string id = fmt::format("{}-", chapter.key);
  constexpr auto kPlain = proto::http::alphanumeric_and("-_.");
  for (const char c : entry.name) id += kPlain[static_cast<unsigned char>(c)] ? c : '-';
  std::string free = id;
  for (int again = 2; !taken.insert(free).second; again++) free = fmt::format("{}-{}", id, again);
  return free;
}

void append_entry(std::string& out, const ReferenceEntry& entry, const std::string& id) {
  out += fmt::format("<article id=\"{}\"><h3><a href=\"#{}\"><code>{}</code></a>", id, id, escaped(entry.name));
  if (!entry.arguments.empty()) out += fmt::format("<code class=\"arguments\">{}</code>", escaped(entry.arguments));
  out += "</h3>";
  if (!entry.facts.empty()) {
    out += "<ul class=\"facts\">";
    for (const std::string& fact : entry.facts) out += fmt::format("<li>{}</li>", escaped(fact));
    out += "</ul>";
  }
  out += fmt::format("<p>{}</p>", escaped(entry.text));
  if (!entry.example.empty()) {
    out += fmt::format("<p class=\"example\"><code>{}</code>", escaped(entry.example));
    if (!entry.result.empty()) out += fmt::format(" is {}", escaped(entry.result));
    out += "</p>";
  }
  out += "</article>\n";
}

void append_head(std::string& out, const std::vector<ReferenceChapter>& chapters) {
  out += fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src "
      "'unsafe-inline'\"/>"
      "<title>weir {} reference</title><style>{}</style></head><body>\n",
      escaped(kVersion), kStyle);
  out +=
      "<header><h1>weir reference</h1><form id=\"search\" hidden=\"hidden\" role=\"search\">"
      "<input id=\"words\" type=\"search\" placeholder=\"Search words, sentences, examples\" aria-label=\"Search\" "
      "autocomplete=\"off\"/><select id=\"chapter\" aria-label=\"Chapter\"><option value=\"\">all chapters</option>";
  std::set<std::string> facts;
  for (const ReferenceChapter& chapter : chapters) {
    std::string title(chapter.title);
    std::erase(title, '`');
    out += fmt::format("<option value=\"{}\">{}</option>", chapter.key, escaped(title));
    for (const ReferenceEntry& entry : chapter.entries) facts.insert(entry.facts.begin(), entry.facts.end());
  }
  out +=
      "</select><select id=\"type\" aria-label=\"Section, rule set or type\"><option value=\"\">all sections and "
      "types</option>";
  for (const std::string& fact : facts) out += fmt::format("<option>{}</option>", escaped(fact));
  out += "</select><output id=\"count\"></output></form></header>\n";
}

}  // namespace

std::string reference_html() {
  const std::vector<ReferenceChapter> chapters = reference_chapters();
  std::string out;
  append_head(out, chapters);
  out += "<div class=\"page\"><nav aria-label=\"Chapters\"><ul>";
  for (const ReferenceChapter& chapter : chapters)
    out += fmt::format("<li><a href=\"#{}\">{}</a></li>", chapter.key, with_code(chapter.title));
  out +=
      "</ul></nav><main>\n<p>Every word that weir knows, from the tables that the program itself reads by: what stands "
      "here works, and what does not stand here is refused with a message.</p>\n"
      "<p id=\"nothing\" class=\"none\" hidden=\"hidden\">Nothing fits.</p>\n";
  std::set<std::string> taken;
  for (const ReferenceChapter& chapter : chapters) {
    out += fmt::format("<section id=\"{}\"><h2>{}</h2>\n", chapter.key, with_code(chapter.title));
    for (const ReferenceEntry& entry : chapter.entries) append_entry(out, entry, anchor(chapter, entry, taken));
    out += "</section>\n";
  }
  out += fmt::format("</main></div>\n<script>{}</script></body></html>\n", kScript);
  return out;
}

}  // namespace weir::app
