#include "config/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <random>

#include "config/arguments.h"

namespace weir::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A made-up language: the parser must work for any.
struct Proxy {
  std::string name;
  int defaults = -1;
  std::int64_t maxconn = 0;
  bool tcplog = false;
  std::vector<std::string> lines;
  bool closed = false;
};
struct Model {
  std::deque<Proxy> proxies;
  UniqueNames names;
};

Target open_proxy(ParseContext& context) {
  auto& model = context.model<Model>();
  if (!context.in_section(in::defaults | in::global) &&
      !model.names.claim(context.section_name(), context.section().name_at, "proxy", context.diagnostics()))
    return {};
  Proxy proxy;
  if (const Proxy* from = context.defaults<Proxy>()) proxy.maxconn = from->maxconn;
  proxy.name = context.section_name();
  proxy.defaults = context.section().defaults_index;
  return Target::of(model.proxies.emplace_back(std::move(proxy)));
}
void close_proxy(ParseContext& context) { context.target<Proxy>().closed = true; }

void maxconn(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto value = args.expect_integer("the limit", 0, 1000)) context.target<Proxy>().maxconn = *value;
}
void tcplog(ParseContext& context, const Line&) { context.target<Proxy>().tcplog = !context.negated(); }
void keep(ParseContext& context, const Line& line) {
  context.target<Proxy>().lines.push_back(joined(line.words.data(), line.words.data() + line.words.size()));
}
void setenv_word(ParseContext& context, const Line& line) {
  context.environment().set(line.args()[0].text, line.args()[1].text);
}

constexpr SectionRow kSections[] = {
    {.name = "global", .kind = SectionKind::global, .open = open_proxy, .doc = "g", .example = "global"},
    {.name = "defaults",
     .kind = SectionKind::defaults,
     .naming = Naming::optional,
     .takes_from = true,
     .is_defaults = true,
     .open = open_proxy,
     .example = "defaults base"},
    {.name = "frontend",
     .kind = SectionKind::frontend,
     .naming = Naming::required,
     .takes_from = true,
     .extra_hint = "use 'bind' for listening addresses",
     .open = open_proxy,
     .close = close_proxy,
     .example = "frontend web"},
    {.name = "backend",
     .kind = SectionKind::backend,
     .naming = Naming::required,
     .takes_from = true,
     .open = open_proxy,
     .close = close_proxy,
     .example = "backend app"},
};
constexpr KeywordRow kRows[] = {
    {.name = "maxconn",
     .sections = in::global | in::any_frontend,
     .arguments = "<number>",
     .min_args = 1,
     .max_args = 1,
     .parse = maxconn,
     .doc = "Limits.",
     .example = "maxconn 100"},
    {.name = "option tcplog",
     .sections = in::any_frontend,
     .accepts = accepts::no_prefix,
     .parse = tcplog,
     .doc = "Logs.",
     .example = "option tcplog"},
    {.name = "timeout",
     .sections = in::frontend,
     .max_args = kAnyArgs,
     .parse = keep,
     .doc = "d",
     .example = "timeout"},
    {.name = "timeout client",
     .sections = in::frontend,
     .max_args = kAnyArgs,
     .accepts = accepts::once,
     .parse = keep,
     .doc = "d",
     .example = "timeout client 3s"},
    {.name = "server",
     .sections = in::backend,
     .min_args = 2,
     .max_args = kAnyArgs,
     .parse = keep,
     .doc = "d",
     .example = "server s1 192.0.2.1:80"},
    {.name = "setenv",
     .sections = in::global,
     .min_args = 2,
     .max_args = 2,
     .parse = setenv_word,
     .doc = "d",
     .example = "setenv A b"},
    dropped("nbproc", in::global, "weir is one process with threads", "nbthread 4"),
    no_meaning("noepoll", in::global, "weir has only epoll"),
};
static_assert(well_formed(kRows));
constexpr std::span<const SectionRow> kSectionLists[] = {kSections};
constexpr std::span<const KeywordRow> kKeywordLists[] = {kRows};

const KeywordTable& table() {
  static const KeywordTable out(kSectionLists, kKeywordLists);
  return out;
}

struct Parsed {
  Model model;
  Diagnostics diagnostics;
  Environment environment;
  bool good = false;
  Proxy* proxy(std::string_view name) {
    for (Proxy& one : model.proxies)
      if (one.name == name) return &one;
    return nullptr;
  }
};

std::unique_ptr<Parsed> parse(std::string_view text) {
  auto out = std::make_unique<Parsed>();
  Parser parser(table(), out->diagnostics, out->environment);
  parser.provide(out->model);
  out->good = parser.parse_text("t.cfg", std::string(text));
  return out;
}

TEST(Parser, DispatchesToTheLongestKeyword) {
  const auto got = parse(
      "global\n maxconn 7\ndefaults\n maxconn 9\nfrontend web # x\n option tcplog\n no option tcplog\n timeout client "
      "3s\n"
      " timeout other \"a b\"\nbackend app\n server s1 :80\n");
  EXPECT_TRUE(got->good) << got->diagnostics.render();
  const Proxy* web = got->proxy("web");
  ASSERT_NE(web, nullptr);
  EXPECT_FALSE(web->tcplog);
  EXPECT_EQ(web->maxconn, 9);
  EXPECT_TRUE(web->closed);
  EXPECT_THAT(web->lines, ElementsAre("timeout client 3s", "timeout other a b"));
}

TEST(Parser, ReportsEachMistakeWithAHint) {
  struct Bad {
    std::string_view text, message, hint;
    std::uint32_t line, column;
  };
  const Bad rows[] = {
      {"global\n maxcon 3\n", "unknown keyword 'maxcon' in section 'global'", "did you mean 'maxconn'?", 2, 2},
      {"frontend x\n option tcplgo\n", "unknown keyword 'option'", "did you mean 'option tcplog'?", 2, 2},
      {"frontend x\n server a b\n", "'server' is not allowed in section 'frontend'", "it is allowed in 'backend'", 2,
       2},
      {"maxconn 3\n", "'maxconn' stands before any section", "it is allowed in 'global', 'defaults', 'frontend'", 1, 1},
      {"fronted x\n", "unknown keyword 'fronted' before any section", "did you mean 'frontend'?", 1, 1},
      {"global\n maxconn\n", "'maxconn' needs <number>", "", 2, 9},
      {"global\n maxconn 1 2\n", "'maxconn' takes no further word '2'", "", 2, 12},
      {"global\n maxconn x\n", "'maxconn': the limit 'x' is not right", "a whole number from 0 to 1000", 2, 10},
      {"frontend x\n option tcplog y\n", "'option tcplog' takes no argument, but 'y' follows", "", 2, 16},
      {"global\n no maxconn\n", "'no' cannot stand before 'maxconn'", "", 2, 2},
      {"frontend x\n default option tcplog\n", "'default' cannot stand before 'option tcplog'", "", 2, 2},
      {"frontend x\n timeout client 1\n timeout client 1\n", "stands a second time", "the first one is at line 2", 3,
       2},
      {"global\n nbproc 4\n", "'nbproc' is not supported: weir is one process", "use 'nbthread 4'", 2, 2},
      {"global x\n", "'global' takes no further word 'x'", "", 1, 8},
      {"frontend\n", "'frontend' needs a name", "", 1, 9},
      {"frontend a/b\n", "character '/' is not allowed in frontend name 'a/b'", "names have letters", 1, 10},
      {"frontend x :80\n", "takes no further word ':80'", "use 'bind'", 1, 12},
      {"frontend x from\n", "'from' needs the name", "", 1, 16},
      {"frontend x from nope\n", "there is no defaults section 'nope'", "", 1, 17},
      {"defaults base\nfrontend x from bas\n", "there is no defaults section 'bas'", "did you mean 'base'?", 2, 17},
      {"defaults a\ndefaults a\nfrontend x from a\n", "'a' is ambiguous", "t.cfg:1 and at t.cfg:2", 3, 17},
      {"defaults a/b\nfrontend x from a/b\n", "no name that 'from' can refer to", "", 2, 17},
      {"frontend x\nbackend x\n", "proxy 'x' already exists", "the first one is at t.cfg:1", 2, 9},
      {"global\n.else\n", "'.else' has no '.if' before it", "", 2, 1},
      {"global\n.if 1\n", "'.if' has no '.endif'", "", 2, 1},
      {"global\n.if 1\n.else\n.else\n.endif\n", "stands behind the '.else'", "", 4, 1},
      {"global\n.if foo(1)\n.endif\n", "no predicate 'foo'", "", 2, 5},
      {"global\n.if 1 foo\n.endif\n", "unexpected 'foo'", "", 2, 7},
      {"global\n.endif\n", "'.endif' has no '.if'", "", 2, 1},
      {"global\n.if 0\n.endif x\n", "'.endif' takes no argument", "", 3, 8},
      {"global\n.if 'x\n maxconn zzz\n.endif\n", "is never closed", "", 2, 5},
      {"global\n.notce x\n", "unknown directive '.notce'", "did you mean '.notice'?", 2, 1},
      {"global\n.notice a b\n", "'.notice' takes one word", "", 2, 11},
      {"global\n.alert \"no TLS\"\n", "no TLS", "", 2, 1},
      {"global\n maxconn 5", "has no line feed", "", 2, 11},
  };
  for (const Bad& row : rows) {
    const auto got = parse(row.text);
    EXPECT_FALSE(got->good) << row.text;
    ASSERT_EQ(got->diagnostics.all().size(), 1U) << row.text << got->diagnostics.render();
    const Diagnostic& one = got->diagnostics.all()[0];
    EXPECT_THAT(one.message, HasSubstr(row.message)) << row.text;
    EXPECT_THAT(one.hint, HasSubstr(row.hint)) << row.text;
    EXPECT_EQ(one.position.line, row.line) << row.text;
    EXPECT_EQ(one.position.column, row.column) << row.text;
  }
}

TEST(Parser, GoesOnBehindMistakes) {
  const auto got = parse("global\n foo\n maxconn x\nfrontend a/b\n bar\n.if zip\n.endif\n maxconn 5000\n");
  EXPECT_EQ(got->diagnostics.errors(), 6U) << got->diagnostics.render();
}

TEST(Parser, AcceptsWordsWithoutMeaningWithANotice) {
  const auto got = parse("global\n noepoll\n");
  EXPECT_TRUE(got->good);
  ASSERT_EQ(got->diagnostics.all().size(), 1U);
  EXPECT_EQ(got->diagnostics.all()[0].severity, Severity::notice);
}

TEST(Parser, ChoosesDefaultsByOrderAndByName) {
  const auto got = parse(
      "frontend f0\ndefaults a\n maxconn 1\ndefaults b from a\n maxconn 2\nfrontend f1\nfrontend f2 from a\n"
      "defaults from b\nfrontend f3\n");
  EXPECT_TRUE(got->good) << got->diagnostics.render();
  EXPECT_EQ(got->diagnostics.warnings(), 0U);
  EXPECT_EQ(got->proxy("f0")->defaults, -1);
  EXPECT_EQ(got->proxy("f1")->defaults, 1);
  EXPECT_EQ(got->proxy("f2")->defaults, 0);
  EXPECT_EQ(got->proxy("f2")->maxconn, 1);
  EXPECT_EQ(got->proxy("f3")->defaults, 2);
  EXPECT_EQ(got->proxy("f3")->maxconn, 2);
  EXPECT_EQ(parse("defaults a\nfrontend x\nfrontend y from a\nfrontend z\n")->diagnostics.warnings(), 1U);
}

TEST(Parser, KeepsOnlyTheTakenBranch) {
  const auto got = parse(
      "global\n setenv A 1\n.if \"${A}\"\n.if 0\n maxconn nonsense\n unknown 'quote\n.elif 1\n maxconn 3\n.elif 1\n"
      " maxconn 4\n.else\n.alert no\n.endif\n.elif broken(\n.else\n.if 'broken\n.endif\n garbage\n.endif\n");
  EXPECT_TRUE(got->good) << got->diagnostics.render();
  EXPECT_EQ(got->model.proxies[0].maxconn, 3);
}

TEST(Parser, BoundsTheDepthOfBlocks) {
  std::string text = "global\n";
  for (std::size_t i = 0; i < kMaxIfDepth + 5; i++) text += ".if 1\n";
  for (std::size_t i = 0; i < kMaxIfDepth + 5; i++) text += ".endif\n";
  EXPECT_EQ(parse(text)->diagnostics.errors(), 1U);
}

TEST(Parser, EachFileEndsItsSection) {
  Parsed got;
  Parser parser(table(), got.diagnostics, got.environment);
  parser.provide(got.model);
  EXPECT_FALSE(parser.parse({{"a.cfg", "global\n"}, {"b.cfg", "maxconn 4\n"}}));
  EXPECT_THAT(got.diagnostics.render(), HasSubstr("b.cfg:1"));
}

TEST(Parser, RandomTextNeverCrashes) {
  std::mt19937 random(11);
  const std::string_view parts[] = {
      "global", "frontend", "defaults", "from",           "a",      "maxconn", " ",  "\n", "\n",
      "no",     ".if",      ".else",    ".elif",          ".endif", "1",       "\"", "'",  "option",
      "tcplog", "\\x",      "${A[*]}",  "timeout client", "nbproc", "noepoll", "#"};
  for (int i = 0; i < 3000; i++) {
    std::string text;
    for (auto n = random() % 60; n > 0; n--) {
      text += parts[random() % std::size(parts)];
      if (random() % 2 == 0) text += ' ';
    }
    parse(text);
  }
}

TEST(KeywordTable, RefusesTwoRowsForOneSection) {
  constexpr KeywordRow rows[] = {kRows[0]};
  const std::span<const KeywordRow> lists[] = {kRows, rows};
  EXPECT_EQ(KeywordTable::check(kSectionLists, lists), "keyword 'maxconn' is registered twice for the same section");
  EXPECT_DEATH(KeywordTable(kSectionLists, lists), "registered twice");
  const std::span<const SectionRow> sections[] = {kSections, kSections};
  EXPECT_THAT(KeywordTable::check(sections, kKeywordLists), HasSubstr("section 'global' is registered twice"));
  EXPECT_EQ(KeywordTable::check(kSectionLists, kKeywordLists), "");
}

TEST(KeywordTable, LetsNamesDifferBySection) {
  constexpr KeywordRow rows[] = {
      {.name = "server", .sections = in::global, .max_args = 3, .parse = keep, .doc = "d", .example = "server"}};
  const std::span<const KeywordRow> lists[] = {kRows, rows};
  const KeywordTable both(kSectionLists, lists);
  const Words words = {{.text = "server", .at = {}}};
  EXPECT_EQ(both.find(words, SectionKind::global).row, &rows[0]);
  EXPECT_EQ(both.find(words, SectionKind::backend).row, &kRows[4]);
  EXPECT_EQ(both.find(words, SectionKind::frontend).row, nullptr);
  EXPECT_THAT(table().listing(), HasSubstr("frontend maxconn <number>\n"));
}

struct Options {
  std::int64_t weight = 0;
  bool check = false;
};
void weight(ParseContext&, Options& options, Arguments& args, const Word&) {
  if (const auto value = args.expect_integer("the weight", 0, 256)) options.weight = *value;
}
void check(ParseContext&, Options& options, Arguments&, const Word&) { options.check = true; }
constexpr OptionRow<Options> kOptions[] = {
    {.name = "weight", .args = 1, .apply = weight, .arguments = "<number>", .example = "weight 10"},
    {.name = "check", .apply = check},
    dropped_option<Options>("proto", 1, "the protocol is negotiated", "alpn h2"),
    option_without_meaning<Options>("tfo", 0, "the kernel decides"),
};

TEST(OptionTable, AppliesOptionsAndReportsAllMistakes) {
  const OptionTable<Options> options("server option", {kOptions});
  Parsed parsed;
  ParseContext context(table(), parsed.diagnostics, parsed.environment);
  Words words;
  lex_line("weight 300 chek a b check tfo proto h2 weight", {.line = 1, .column = 1}, {}, parsed.diagnostics, words);
  Arguments args(parsed.diagnostics, words, "server 's1'", {.line = 1, .column = 50}, "server s1 :80 check");
  Options got;
  options.parse(context, got, args);
  EXPECT_TRUE(got.check);
  const auto all = parsed.diagnostics.all();
  ASSERT_EQ(all.size(), 5U) << parsed.diagnostics.render();
  EXPECT_THAT(all[0].message, HasSubstr("the weight '300' is not right"));
  EXPECT_EQ(all[1].message, "server 's1': unknown server option 'chek'");
  EXPECT_EQ(all[1].hint, "did you mean 'check'?");
  EXPECT_EQ(all[2].severity, Severity::notice);
  EXPECT_THAT(all[3].hint, HasSubstr("alpn h2"));
  EXPECT_EQ(all[4].message, "server 's1': 'weight' needs <number>");
}

TEST(Arguments, ReadsEachKindOrSaysWhatIsWrong) {
  Diagnostics diagnostics;
  Words words;
  lex_line("3s 64k 10.0.0.1:80 web tcp | 3x x 1:2:x: a/b http", {.line = 1, .column = 1}, {}, diagnostics, words);
  Arguments args(diagnostics, words, "'x'", {.line = 1, .column = 60});
  const std::string_view modes[] = {"tcp", "htp"};
  EXPECT_EQ(args.expect_time("a time")->count(), 3000);
  EXPECT_EQ(args.expect_size("a size"), 65536U);
  EXPECT_EQ(args.expect_address("an address")->address.port(), 80);
  EXPECT_EQ(args.expect_name("a name")->text, "web");
  EXPECT_EQ(args.expect_choice("mode", modes), 0U);
  EXPECT_TRUE(args.take("|"));
  EXPECT_EQ(diagnostics.errors(), 0U);
  EXPECT_FALSE(args.expect_time("a time"));
  EXPECT_FALSE(args.expect_size("a size"));
  args.next();
  EXPECT_EQ(args.expect_name("a name"), nullptr);
  EXPECT_FALSE(args.expect_choice("mode", modes));
  EXPECT_FALSE(args.expect_integer("a number", 0, 1));
  EXPECT_EQ(diagnostics.errors(), 5U) << diagnostics.render();
  EXPECT_EQ(diagnostics.all()[3].hint, "did you mean 'htp'? expected tcp or htp");
  EXPECT_EQ(diagnostics.all()[4].position.column, 60U);
}

TEST(Sources, ADirectoryStandsForItsVisibleCfgFiles) {
  char path[] = "/tmp/weir-sources-XXXXXX";
  ASSERT_NE(mkdtemp(path), nullptr);
  const std::string directory = path;
  for (const char* name : {"b.cfg", "a.cfg", ".c.cfg", "d.txt", "10.cfg"})
    std::ofstream(directory + "/" + name) << name;
  std::filesystem::create_directory(directory + "/e.cfg");
  Diagnostics diagnostics;
  const std::string paths[] = {directory, directory + "/none", directory + "/d.txt"};
  const auto files = load_sources(paths, diagnostics);
  std::filesystem::remove_all(directory);
  ASSERT_EQ(files.size(), 4U);
  EXPECT_EQ(files[0].text, "10.cfg");
  EXPECT_EQ(joined_names(files),
            directory + "/10.cfg;" + directory + "/a.cfg;" + directory + "/b.cfg;" + directory + "/d.txt");
  EXPECT_EQ(diagnostics.errors(), 1U);
}

}  // namespace
}  // namespace weir::config
