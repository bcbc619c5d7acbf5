// Lists that change while they are matched: every kind of match, versions, ACLs that follow their lists, threads.
#include "sample/pattern_reference.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "sample/condition.h"
#include "sample/reference_book.h"
#include "sample/testing/fixture.h"

namespace weir::sample {
namespace {

using Outcome = PatternReference::Outcome;

std::shared_ptr<PatternReference> make_list(std::string_view content, bool two_columns = true) {
  return std::make_shared<PatternReference>(PatternSource{.name = "list",
                                                          .content = std::make_shared<const std::string>(content),
                                                          .patterns = {},
                                                          .two_columns = two_columns});
}

/// The value behind what matches, the key in lists of one column, or "none".
std::string found(PatternReference& list, ViewKind kind, const Sample& in) {
  Arena arena;
  list.prepare_to_find(kind);
  const PatternEntry* const entry = list.find(kind, in, arena);
  if (entry == nullptr) return "none";
  const PatternValue* const value = entry->value.load();
  return std::string(value == nullptr ? entry->key() : value->text());
}

std::string shown(PatternReference& list, PatternReference::Version version = {}) {
  std::string text;
  std::uint64_t place = 0;
  const auto see = [&](const PatternEntry& entry) {
    text += std::string(entry.key()) + "=" + std::string(entry.value.load()->text()) + " ";
  };
  while (list.see_some(version, place, 1, see)) {
  }
  return text;
}

TEST(PatternReference, every_kind_of_match_sees_what_comes_and_goes) {
  const struct {
    ViewKind kind;
    std::string_view key;
    Sample matches;
    Sample other;
  } rows[] = {
      {{.match = MatchKind::str}, "abc", Sample::string("abc"), Sample::string("ABC")},
      {{.match = MatchKind::str, .ignore_case = true}, "aBc", Sample::string("AbC"), Sample::string("abcd")},
      {{.match = MatchKind::beg}, "abc", Sample::string("abcd"), Sample::string("ab")},
      {{.match = MatchKind::beg, .ignore_case = true}, "aBc", Sample::string("ABCD"), Sample::string("ab")},
      {{.match = MatchKind::end}, "abc", Sample::string("xabc"), Sample::string("abcx")},
      {{.match = MatchKind::sub, .ignore_case = true}, "B", Sample::string("abc"), Sample::string("xyz")},
      {{.match = MatchKind::dir}, "/b/", Sample::string("/a/b/c"), Sample::string("/ab/c")},
      {{.match = MatchKind::dom}, "b", Sample::string("a.b.c"), Sample::string("ab.c")},
      {{.match = MatchKind::reg}, "^a.c$", Sample::string("abc"), Sample::string("abcd")},
      {{.match = MatchKind::reg, .ignore_case = true}, "^a.c$", Sample::string("ABC"), Sample::string("abcd")},
      {{.match = MatchKind::bin}, "616263", Sample::binary("abc"), Sample::binary("616263")},
      {{.match = MatchKind::len}, "3", Sample::string("abc"), Sample::string("abcd")},
      {{.match = MatchKind::integer}, "7", Sample::integer(7), Sample::integer(8)},
      {{.match = MatchKind::integer}, "5:", Sample::integer(7), Sample::integer(4)},
      {{.match = MatchKind::integer, .versions = true}, "3.1", Sample::integer(3 * 65536 + 1), Sample::integer(3)},
      {{.match = MatchKind::ip}, "10.0.0.0/8", Sample::ipv4(0x0a010203), Sample::ipv4(0x0b010203)},
      {{.match = MatchKind::ip}, "10.0.0.0/255.0.0.0", Sample::ipv6(mapped_ipv6(0x0a010203)), Sample::ipv4(1)},
  };
  for (const auto& row : rows) {
    const auto list = make_list("");
    EXPECT_EQ(found(*list, row.kind, row.matches), "none") << row.key;
    EXPECT_EQ(*list->add(row.key, "1"), Outcome::done);
    EXPECT_EQ(found(*list, row.kind, row.matches), "1") << row.key;
    EXPECT_EQ(found(*list, row.kind, row.other), "none") << row.key;
    EXPECT_EQ(*list->add(row.key, "2"), Outcome::done);
    EXPECT_EQ(found(*list, row.kind, row.matches), "1") << row.key << ": the first of equal ones";
    EXPECT_EQ(*list->set(row.key, "3"), Outcome::done);
    EXPECT_EQ(shown(*list), fmt::format("{0}=3 {0}=3 ", row.key));
    EXPECT_EQ(list->remove_at(1), Outcome::done);
    EXPECT_EQ(found(*list, row.kind, row.matches), "3") << row.key << ": the one behind it";
    EXPECT_EQ(list->remove_at(1), Outcome::not_found);
    EXPECT_EQ(list->remove(row.key), Outcome::done);
    EXPECT_EQ(found(*list, row.kind, row.matches), "none") << row.key;
    EXPECT_EQ(list->remove(row.key), Outcome::not_found);
    EXPECT_EQ(*list->add(row.key, "4"), Outcome::done);
    EXPECT_EQ(found(*list, row.kind, row.matches), "4") << row.key;
    list->clear({});
    EXPECT_EQ(found(*list, row.kind, row.matches), "none") << row.key;
  }
}

// Many parts are found by an automaton while none of them goes: the list's order counts before and after.
TEST(PatternReference, many_parts_are_found_in_the_order_of_the_list_whatever_changes) {
  for (const bool ignore_case : {false, true}) {
    const ViewKind kind{.match = MatchKind::sub, .ignore_case = ignore_case};
    std::string content;
    for (int i = 0; i < 40; ++i) content += fmt::format("Word{}x {}\n", i, i);
    const auto list = make_list(content + "Word 40\n\n");
    ASSERT_TRUE(list->use_as_map(kind, MapOutput::text));
    EXPECT_EQ(found(*list, kind, Sample::string("..Word7x..Word39x")), "7");
    EXPECT_EQ(found(*list, kind, Sample::string("Word77")), "40");
    EXPECT_EQ(found(*list, kind, Sample::string("wORD7X")), ignore_case ? "7" : "none");
    EXPECT_EQ(*list->add("ord", "new"), Outcome::done);
    EXPECT_EQ(*list->add("late", "later"), Outcome::done);
    EXPECT_EQ(found(*list, kind, Sample::string("Word77")), "40");
    EXPECT_EQ(found(*list, kind, Sample::string("lord, late")), "new");
    EXPECT_EQ(*list->set("Word7x", "other"), Outcome::done);
    EXPECT_EQ(found(*list, kind, Sample::string("Word7x")), "other");
    EXPECT_EQ(list->remove("ord"), Outcome::done);
    EXPECT_EQ(found(*list, kind, Sample::string("lord, late")), "later");
    EXPECT_EQ(list->remove("Word7x"), Outcome::done);
    EXPECT_EQ(found(*list, kind, Sample::string("Word7x..Word39x")), "39");
    EXPECT_EQ(found(*list, kind, Sample::string("Word7x, late")), "40");
    EXPECT_EQ(found(*list, kind, Sample::string("late")), "later");
    list->clear({});
    EXPECT_EQ(found(*list, kind, Sample::string("Word39x")), "none");
  }
}

// The same of regular expressions, with the one that was found, whose groups the value is written from.
TEST(PatternReference, many_expressions_are_found_in_the_order_of_the_list_whatever_changes) {
  constexpr ViewKind kind{.match = MatchKind::reg};
  std::string content;
  for (int i = 0; i < 40; ++i) content += fmt::format("^/w{}/([a-z]+)$ {}\n", i, i);
  const auto list = make_list(content + "^/w(?|x|y)/ 40\n^/w[0-9]+/.*$ 41\n");
  ASSERT_TRUE(list->use_as_map(kind, MapOutput::text));
  const auto group = [&](std::string_view text) {
    const Regex* regex = nullptr;
    const PatternEntry* const entry = list->find_expression(kind, text, regex);
    Regex::Groups groups;
    if (entry == nullptr || !regex->find(text, 0, groups) || groups[2] == Regex::kUnset) return std::string("none");
    return std::string(entry->value.load()->text()) + ":" + std::string(text.substr(groups[2], groups[3] - groups[2]));
  };
  EXPECT_EQ(group("/w7/abc"), "7:abc");
  EXPECT_EQ(group("/x7/abc"), "none");
  EXPECT_EQ(found(*list, kind, Sample::string("/w7/ABC")), "41");
  EXPECT_EQ(found(*list, kind, Sample::string("/wy/abc")), "40");
  EXPECT_EQ(*list->add("^/(.)", "new"), Outcome::done);
  EXPECT_EQ(group("/w7/abc"), "7:abc");
  EXPECT_EQ(group("/other"), "new:o");
  EXPECT_EQ(list->remove("^/w7/([a-z]+)$"), Outcome::done);
  EXPECT_EQ(found(*list, kind, Sample::string("/w7/abc")), "41");
  EXPECT_EQ(group("/w8/abc"), "8:abc");
  EXPECT_EQ(group("/other"), "new:o");
}

TEST(PatternReference, what_no_kind_in_use_can_have_is_refused) {
  const auto list = make_list("80 1.2.3.4\n");
  ASSERT_TRUE(list->use_as_map({.match = MatchKind::integer}, MapOutput::address));
  EXPECT_EQ(list->add("x", "1.2.3.4").error().message,
            "'x' is not an integer such as 80, or a range such as 1024:65535");
  EXPECT_EQ(list->add("1", "x").error().message, "unable to parse 'x'");
  EXPECT_EQ(list->set("80", "x").error().message, "unable to parse 'x'");
  EXPECT_EQ(list->put("80", "").error().message, "unable to parse ''");
  EXPECT_EQ(shown(*list), "80=1.2.3.4 ");
  EXPECT_EQ(*list->add(std::string_view("8\0", 1), "::1"), Outcome::done);
  EXPECT_FALSE(list->add(std::string_view("8\0", 2), "::1"));
}

TEST(PatternReference, versions_are_seen_when_they_are_committed) {
  const auto list = make_list("a 1\n");
  constexpr ViewKind kText{.match = MatchKind::str};
  EXPECT_EQ(*list->add("b", "2", 1), Outcome::in_the_future);
  EXPECT_EQ(list->prepare(), 1U);
  EXPECT_EQ(list->prepare(), 2U);
  EXPECT_EQ(*list->add("b", "2", 1), Outcome::done);
  EXPECT_EQ(*list->add("c", "3", 2), Outcome::done);
  EXPECT_EQ(*list->add("d", "4", 0), Outcome::done);
  EXPECT_EQ(found(*list, kText, Sample::string("b")), "none");
  EXPECT_EQ(shown(*list), "a=1 d=4 ");
  EXPECT_EQ(shown(*list, 1), "b=2 ");
  EXPECT_EQ(shown(*list, 9), "");
  EXPECT_EQ(list->facts().entries, 4U);
  EXPECT_EQ(list->commit(3), Outcome::out_of_range);
  EXPECT_EQ(list->commit(0), Outcome::out_of_range);
  EXPECT_EQ(list->commit(1), Outcome::done);
  EXPECT_EQ(shown(*list), "b=2 ");
  EXPECT_EQ(found(*list, kText, Sample::string("b")), "2");
  EXPECT_EQ(found(*list, kText, Sample::string("a")), "none");
  EXPECT_EQ(*list->add("e", "5", 0), Outcome::out_of_range);
  list->clear(2);
  EXPECT_EQ(shown(*list, 2), "");
  EXPECT_EQ(list->commit(2), Outcome::done);
  EXPECT_EQ(shown(*list), "");
  EXPECT_EQ(list->facts().current_version, 2U);
  EXPECT_EQ(list->facts().next_version, 2U);
}

TEST(PatternReference, a_whole_content_takes_the_place_of_another) {
  const auto list = make_list("a 1\nb 2\n");
  ASSERT_TRUE(list->use_as_map({.match = MatchKind::beg}, MapOutput::integer));
  ASSERT_TRUE(list->use_as_map({.match = MatchKind::reg}, MapOutput::text));
  const std::uint32_t version = list->prepare();
  ASSERT_TRUE(list->add("p", "9", version));
  const auto count = list->replace("# new\nc 3\n\nd+ 4\nc 5\n", {});
  ASSERT_TRUE(count) << count.error().message;
  EXPECT_EQ(*count, 3U);
  EXPECT_EQ(shown(*list), "c=3 d+=4 c=5 ");
  EXPECT_EQ(found(*list, {.match = MatchKind::str}, Sample::string("a")), "none");
  EXPECT_EQ(found(*list, {.match = MatchKind::beg}, Sample::string("cx")), "3");
  EXPECT_EQ(found(*list, {.match = MatchKind::reg}, Sample::string("xddx")), "4");
  EXPECT_EQ(list->commit(version), Outcome::out_of_range) << "what was prepared before is older";
  ASSERT_TRUE(list->add("e", "6"));
  EXPECT_EQ(shown(*list), "c=3 d+=4 c=5 e=6 ");
  EXPECT_EQ(list->facts().entries, 4U);
  ASSERT_TRUE(list->replace("# nothing any more\n", {}));
  EXPECT_EQ(shown(*list), "");
  ASSERT_TRUE(list->replace("a 1\n", {}));
  EXPECT_EQ(shown(*list), "a=1 ");
}

TEST(PatternReference, a_content_that_is_none_changes_nothing) {
  const auto list = make_list("a 1\n");
  ASSERT_FALSE(list->use_as_map({.match = MatchKind::ip}, MapOutput::integer));
  ASSERT_TRUE(list->use_as_map({.match = MatchKind::str}, MapOutput::integer));
  const ViewKind networks[] = {{.match = MatchKind::ip}};
  const auto error = [&](std::string_view content, std::span<const ViewKind> kinds = {}) {
    const auto replaced = list->replace(content, kinds);
    EXPECT_EQ(shown(*list), "a=1 ");
    return replaced ? std::string("none") : replaced.error().message;
  };
  EXPECT_EQ(error(""), "it is empty; a list that is to be empty has a comment");
  EXPECT_EQ(error("# x\n\na 1\nb"), "line 4: the key 'b' has no value");
  EXPECT_EQ(error("a 1\n\nb two\n"), "line 3: 'two' is no integer");
  EXPECT_EQ(error(std::string_view("a 1\nb\0 2\n", 10)), "line 2: a control byte");
  EXPECT_TRUE(error("# x\n\n10.0.0.0/8 1\n300.1.1.1 2\n", networks).starts_with("line 4: '300.1.1.1'"));
  EXPECT_EQ(error("<html>\n<head>\n"), "line 1: the key '<html>' has no value");
  const auto lines = make_list("a\n", false);
  ASSERT_TRUE(lines->replace("one\ntwo words\n", {}));
  EXPECT_EQ(lines->facts().entries, 2U);
}

TEST(PatternReference, contents_are_exchanged_while_others_look) {
  const auto list = make_list("");
  ASSERT_TRUE(list->use_as_map({.match = MatchKind::str}, MapOutput::text));
  std::string contents[2];
  for (int i = 0; i < 2000; ++i)
    for (int which = 0; which < 2; ++which)
      contents[which] += "k" + std::to_string(i) + " v" + std::to_string(which) + "\n";
  std::atomic<bool> over{false};
  // Nobody reclaims here, for these threads have no turns: what a version retires stays until the end.
  const ReadingBeside beside;
  std::thread reader([&] {
    while (!over) {
      Arena arena;
      const PatternEntry* const entry = list->find({.match = MatchKind::str}, Sample::string("k777"), arena);
      if (entry == nullptr) continue;
      const std::string_view value = entry->value.load()->text();
      EXPECT_TRUE(value == "v0" || value == "v1");
    }
  });
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(list->replace(contents[i % 2], {}));
  over = true;
  reader.join();
}

TEST(PatternReference, many_keys_grow_and_shrink_the_index) {
  const auto list = make_list("");
  constexpr ViewKind kText{.match = MatchKind::str};
  constexpr int kMany = 20'000;
  for (int i = 0; i < kMany; ++i) ASSERT_EQ(*list->put(fmt::format("key{}", i), fmt::format("{}", i)), Outcome::done);
  for (int i = 0; i < kMany; i += 7)
    ASSERT_EQ(found(*list, kText, Sample::string(fmt::format("key{}", i))), fmt::format("{}", i));
  for (int i = 0; i < kMany; ++i) {
    if (i % 5 != 0) {
      ASSERT_EQ(list->remove(fmt::format("key{}", i)), Outcome::done);
    }
  }
  for (int i = 0; i < kMany; ++i)
    ASSERT_EQ(found(*list, kText, Sample::string(fmt::format("key{}", i))), i % 5 == 0 ? fmt::format("{}", i) : "none");
  // Keys that come and go leave nothing behind.
  for (int i = 0; i < kMany; ++i) {
    ASSERT_EQ(*list->put(fmt::format("guest{}", i), "x"), Outcome::done);
    ASSERT_EQ(list->remove(fmt::format("guest{}", i)), Outcome::done);
  }
  EXPECT_EQ(list->facts().entries, static_cast<std::size_t>(kMany / 5));
}

TEST(PatternReference, values_of_every_size) {
  const auto list = make_list("a 1\n");
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{500}, std::size_t{513}, std::size_t{100'000}}) {
    ASSERT_EQ(*list->set("a", std::string(size, 'x')), Outcome::done);
    EXPECT_EQ(found(*list, {.match = MatchKind::str}, Sample::string("a")), std::string(size, 'x'));
    ASSERT_EQ(*list->add(std::string(size, 'k'), "v"), Outcome::done);
    EXPECT_EQ(found(*list, {.match = MatchKind::str}, Sample::string(std::string(size, 'k'))), "v");
  }
}

bool holds(testing::Surroundings& here, const Condition& condition) {
  here.arena.reset();
  Context context = here.context(true);
  return condition.evaluate(context) == Truth::yes;
}

TEST(PatternReference, an_acl_follows_its_lists_from_their_first_change_on) {
  testing::Surroundings here("");
  ReferenceReading reading(nullptr, nullptr);
  const auto words = testing::words("if { so_name -i -f virt@names web mail }");
  const auto condition = Condition::compile(words, AclSet(), here.scope(), here.diagnostics);
  ASSERT_TRUE(condition);
  EXPECT_FALSE(holds(here, *condition));
  const auto book = reading.finish();
  ASSERT_EQ(book->entries().size(), 2U);
  EXPECT_EQ(*book->find("virt@names")->list->add("RDP", std::nullopt), Outcome::done);
  EXPECT_TRUE(holds(here, *condition));
  EXPECT_EQ(book->find("virt@names")->list->remove("RDP"), Outcome::done);
  EXPECT_FALSE(holds(here, *condition));
  EXPECT_EQ(*book->find("#1")->list->add("rdp", std::nullopt), Outcome::done);
  EXPECT_TRUE(holds(here, *condition));
  // Who reads the same again finds the list as it is.
  ReferenceReading again(book.get(), nullptr);
  const auto same = Condition::compile(words, AclSet(), here.scope(), here.diagnostics);
  EXPECT_TRUE(holds(here, *same));
  EXPECT_EQ(again.finish()->find("#1")->list, book->find("#1")->list);
}

TEST(PatternReference, an_acl_of_thousands_has_no_second_index_and_changes_all_the_same) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / fmt::format("thousands{}", ::getpid());
  {
    std::ofstream out(file);
    for (int i = 0; i < 20'000; ++i) out << fmt::format("name{}\n", i);
    out << "rdp\n";
  }
  testing::Surroundings here("");
  ReferenceReading reading(nullptr, nullptr);
  const std::string line = fmt::format("if {{ so_name -f {} mail }}", file.string());
  const auto condition = Condition::compile(testing::words(line), AclSet(), here.scope(), here.diagnostics);
  std::filesystem::remove(file);
  ASSERT_TRUE(condition);
  EXPECT_TRUE(holds(here, *condition));
  const auto book = reading.finish();
  EXPECT_TRUE(holds(here, *condition));
  EXPECT_EQ(book->find(file.string())->list->remove("rdp"), Outcome::done);
  EXPECT_FALSE(holds(here, *condition));
  EXPECT_EQ(*book->find("#1")->list->add("rdp", std::nullopt), Outcome::done);
  EXPECT_TRUE(holds(here, *condition));
}

TEST(ReferenceBook, a_changed_file_is_another_list_and_an_unchanged_one_the_same) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / fmt::format("reference{}", ::getpid());
  const auto write = [&](std::string_view content) { std::ofstream(file) << content; };
  const auto read = [&](const ReferenceBook* running) {
    ReferenceReading reading(running, nullptr);
    EXPECT_TRUE(reading.open(file.string(), true, ReferenceReading::User::map));
    return reading.finish();
  };
  write("a 1\n");
  const auto first = read(nullptr);
  const auto list = first->find(file.string())->list;
  ASSERT_EQ(*list->set("a", "2"), Outcome::done);
  const auto second = read(first.get());
  EXPECT_EQ(second->find(file.string())->list, list);
  write("a 3\n");
  const auto third = read(second.get());
  EXPECT_NE(third->find(file.string())->list, list);
  EXPECT_EQ(shown(*third->find(file.string())->list), "a=3 ");
  EXPECT_EQ(shown(*list), "a=2 ");
  std::filesystem::remove(file);
}

TEST(ReferenceBook, ids_go_in_order_around_those_that_lines_name) {
  testing::Surroundings here("");
  ReferenceReading reading(nullptr, nullptr);
  for (const std::string_view line : {"if { src 1.2.3.4 }", "if { src -u 1 1.2.3.4 }", "if { src 1.2.3.4 }"})
    EXPECT_TRUE(Condition::compile(testing::words(line), AclSet(), here.scope(), here.diagnostics));
  EXPECT_FALSE(Condition::compile(testing::words("if { src -u 1 1.2.3.5 }"), AclSet(), here.scope(), here.diagnostics));
  EXPECT_FALSE(Condition::compile(testing::words("if { src -u x 1.2.3.5 }"), AclSet(), here.scope(), here.diagnostics));
  const auto book = reading.finish();
  ASSERT_EQ(book->entries().size(), 3U);
  EXPECT_EQ(book->entries()[0].id, 0U);
  EXPECT_EQ(book->entries()[2].id, 2U);
  EXPECT_NE(book->find("#0"), nullptr);
  for (const std::string_view wrong : {"#", "#3", "#-1", "#0x1", "#99999999999", "", "x"})
    EXPECT_EQ(book->find(wrong), nullptr) << wrong;
}

}  // namespace
}  // namespace weir::sample
