#include "sample/acl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>
#include <cstdio>
#include <filesystem>
#include <random>

#include "sample/testing/fixture.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

using ::testing::HasSubstr;

Truth ask(std::string_view line, std::string_view request = {}) {
  testing::Surroundings here(request);
  const auto line_words = testing::words(line);
  const auto acl = Acl::compile(line_words, here.scope(), {}, here.diagnostics);
  EXPECT_TRUE(acl) << line << '\n' << here.diagnostics.render();
  if (!acl) return Truth::unknown;
  Context context = here.context();
  return acl->evaluate(context);
}

TEST(Acl, Matches) {
  const struct {
    std::string_view line;
    bool match;
  } rows[] = {
      {"int(5) 5", true},
      {"int(5) 1 2 5", true},
      {"int(5) 6", false},
      {"int(5) 1:5", true},
      {"int(5) :4", false},
      {"int(5) 5:", true},
      {"int(5) ge 5", true},
      {"int(5) gt 5", false},
      {"int(5) le 4", false},
      {"int(5) lt 6", true},
      {"int(5) eq 4", false},
      {"int(-5) -5", true},
      {"int(-5) lt 0", true},
      {"int(5) lt 3 gt 4", true},
      {"int(0) -m bool", false},
      {"int(7) -m bool", true},
      {"int(0) -m found", true},
      {"src_port -m str 40123", true},
      {"always_true", true},
      {"always_false", false},
      {"bool(true) -m int 1", true},
      {"src 192.0.2.7", true},
      {"src 192.0.2.0/24", true},
      {"src 192.0.2.0/255.255.255.0", true},
      {"src 192.0.3.0/24 10.0.0.0/8", false},
      {"src ::ffff:192.0.2.7", true},
      {"src ::ffff:0:0/96", true},
      {"src 0.0.0.0/0", true},
      {"ipv6(2002:c000:207::) 192.0.2.7", true},
      {"ipv6(::192.0.2.7) 192.0.2.0/24", true},
      {"ipv6(::ffff:192.0.2.7) 192.0.2.7", true},
      {"ipv6(2001:db8::5) 2001:db8::/32", true},
      {"ipv6(2001:db8::5) 2001:db8::/127", false},
      {"ipv4(10.0.0.12) 10.12", true},
      {"ipv4(192.168.0.1) 192.168.1", true},
      {"ipv4(127.0.0.9) 127.1/8", true},
      {"str(10.0.0.1) -m ip 10.0.0.0/8", true},
      {"str(abc) abc", true},
      {"str(abc) ABC", false},
      {"str(abc) -i ABC", true},
      {"str(ABC) -i abc", true},
      {"str(ABC) -i x y z q v abc", true},
      {"str(abc) a b c d e f abc", true},
      {"str(abc) -m beg ab", true},
      {"str(abc) -m beg bc", false},
      {"str(abc) -m beg 1 2 3 4 55 ab", true},
      {"str(abc) -m end bc", true},
      {"str(abc) -m end 1 2 3 4 55 bc", true},
      {"str(abc) -m end ab", false},
      {"str(abc) -m sub b", true},
      {"str(abc) -m sub -i B", true},
      {"str(abc) -m sub ac", false},
      {"str(abc) -m len 3", true},
      {"str(abc) -m len gt 3", false},
      {"str(abc) -m reg ^a.c$", true},
      {"str(ABC) -m reg ^a.c$", false},
      {"str(ABC) -m reg -i ^a.c$", true},
      {"str(--) -- --", true},
      {"str(-i) -- -i", true},
      {"str(-i) abc -i", true},
      {"bin(48656c6c6f0a) -m bin 48656C6c6f0a", true},
      {"bin(48656c6c6f0a) -m bin 48656c6c6f", false},
      {"bin(6100) -m str a", false},
      {"str(/images/png/logo/32x32.png) -m dir /images", true},
      {"str(/images/png/logo/32x32.png) -m dir images/png", true},
      {"str(/images/png/logo/32x32.png) -m dir 32x32.png", true},
      {"str(/images/png/logo/32x32.png) -m dir logo/32x32.png", true},
      {"str(/images/png/logo/32x32.png) -m dir 32x32", false},
      {"str(/images/png/logo/32x32.png) -m dir mages", false},
      {"str(http://www1.dc-eu.example.com:80/blah) -m dom www1", true},
      {"str(http://www1.dc-eu.example.com:80/blah) -m dom .www1", true},
      {"str(http://www1.dc-eu.example.com:80/blah) -m dom dc-eu.example:80", false},
      {"str(http://www1.dc-eu.example.com:80/blah) -m dom com:80", true},
      {"str(http://www1.dc-eu.example.com:80/blah) -m dom :www1:", true},
      {"str(http://www1.dc-eu.example.com:80/blah) -m dom 80", true},
      {"str(http://www1.dc-eu.example.com:80/blah) -m dom eu", false},
      {"str(http://www1.dc-eu.example.com:80/blah) -m dom dc", false},
      {"str(AbC),lower abc", true},
  };
  for (const auto& row : rows) EXPECT_EQ(ask(row.line), row.match ? Truth::yes : Truth::no) << row.line;
}

TEST(Acl, VersionsAreWrittenAsDecimals) {
  const Given& hello = testing::registry().fetch("req.ssl_ver")->given;  // 3.3
  EXPECT_EQ(ask("req.ssl_ver 3.3", hello.request), Truth::yes);
  EXPECT_EQ(ask("req.ssl_ver 3", hello.request), Truth::no);
  EXPECT_EQ(ask("req.ssl_ver 3:3.1", hello.request), Truth::no);
  EXPECT_EQ(ask("req.ssl_ver 3:3.3", hello.request), Truth::yes);
  EXPECT_EQ(ask("req_ssl_ver gt 3.2", hello.request), Truth::yes);
  EXPECT_EQ(ask("req.ssl_ver,add(0) 196611", hello.request), Truth::yes);  // a converter ends the special way
}

TEST(Acl, PayloadIsMatchedAsHexadecimal) {
  EXPECT_EQ(ask("req.payload(0,2) 6162", "abc"), Truth::yes);
  EXPECT_EQ(ask("req.payload(0,0) -m sub bc", "abc"), Truth::yes);
}

TEST(Acl, Errors) {
  const struct {
    std::string_view line;
    std::uint32_t column;
    std::string_view message;
  } rows[] = {
      {"req.payload(0,2),lower,bytes(0) 61", 1, "gives binary, which is matched in no way of its own"},
      {"src 10.0.0.0/33", 5, "'33' is not an IPv4 mask: 0 to 32 or 255.255.255.0"},
      {"src 10.0.0.0/255.0.255.0", 5, "the mask of '10.0.0.0/255.0.255.0' has holes"},
      {"src my-host", 5, "host names are not resolved here"},
      {"src 2001:db8::/129", 5, "'129' is not an IPv6 mask"},
      {"int(1) x", 8, "'x' is not an integer"},
      {"int(1) 5:4", 8, "the range '5:4' is empty"},
      {"int(1) gt", 8, "'gt' needs a value"},
      {"req.ssl_ver 3.x", 13, "'3.x' is not a version"},
      {"str(a) -m rex a", 11, "no matching method is named 'rex'"},
      {"str(a) -m", 8, "'-m' needs a matching method"},
      {"str(a) -x a", 8, "no ACL flag is named '-x'"},
      {"str(a) -m str -m beg a", 18, "a second '-m'"},
      {"str(a) -m reg (", 15, "the regular expression '(' is wrong"},
      {"bin(00) -m bin 123", 16, "'123' is not an even number of hexadecimal digits"},
      {"bool(true) -m ip 1.2.3.4", 15, "'-m ip' cannot match boolean"},
      {"str(a) -f /nonexistent.lst", 11, "cannot open '/nonexistent.lst'"},
      {"srcc 1.2.3.4", 1, "no sample fetch is named 'srcc'"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.line);
    testing::Surroundings here;
    const auto line_words = testing::words(row.line);
    EXPECT_FALSE(Acl::compile(line_words, here.scope(), {}, here.diagnostics));
    ASSERT_GE(here.diagnostics.all().size(), 1U);
    EXPECT_THAT(here.diagnostics.all()[0].message, HasSubstr(std::string(row.message)));
    EXPECT_EQ(here.diagnostics.all()[0].position.column, row.column);
  }
}

TEST(Acl, PatternFiles) {
  const std::string path = std::filesystem::temp_directory_path() / ("weir_acl_" + std::to_string(getpid()));
  std::FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fputs("# a comment\n\n  alice\r\n\tbob\n #not-a-comment\nkey value\n", file);
  std::fclose(file);
  EXPECT_EQ(ask("str(alice) -f " + path), Truth::yes);
  EXPECT_EQ(ask("str(bob) -f " + path), Truth::yes);
  EXPECT_EQ(ask("str(BOB) -f " + path), Truth::no);
  EXPECT_EQ(ask("str(BOB) -i -f " + path), Truth::yes);
  EXPECT_EQ(ask("str(BOB) -f " + path + " -i x"), Truth::no);
  EXPECT_EQ(ask("str(X) -f " + path + " -i x"), Truth::yes);
  EXPECT_EQ(ask("str('#not-a-comment') -f " + path), Truth::yes);
  EXPECT_EQ(ask("str(key) -M -f " + path), Truth::yes);
  testing::Surroundings here;
  const std::string line = "src -f " + path;
  const auto line_words = testing::words(line);
  EXPECT_FALSE(Acl::compile(line_words, here.scope(), {}, here.diagnostics));
  EXPECT_THAT(here.diagnostics.all()[0].message, HasSubstr(path + ":3: 'alice' is not an address"));
  std::filesystem::remove(path);
}

// A long list is searched by stretches of addresses: the same answers as looking at each network.
// With and without -i in one set: each pattern keeps its own way.
TEST(PatternSet, LongListsOfPartsAndExpressions) {
  for (const int count : {3, 8, 9, 16, 17, 60}) {
    PatternSet parts(MatchKind::sub);
    PatternSet expressions(MatchKind::reg);
    for (int i = 0; i < 2 * count; ++i) {
      const bool ignore_case = i >= count;
      const std::string word = fmt::format("{}{}<", ignore_case ? "Loose" : "Exact", i);
      ASSERT_TRUE(parts.add(word, {.ignore_case = ignore_case}));
      ASSERT_TRUE(expressions.add("^/+" + word, {.ignore_case = ignore_case}));
    }
    parts.finish();
    expressions.finish();
    Arena arena;
    for (int i = 0; i < 2 * count; ++i) {
      for (const std::string_view word : {"Exact", "exact", "Loose", "lOOSE"}) {
        const bool wanted = i < count ? word == "Exact" : lowered(word) == "loose";
        const std::string text = fmt::format("//{}{}<x", word, i);
        EXPECT_EQ(parts.matches(Sample::string(text), arena), wanted) << text << " of " << count;
        EXPECT_EQ(expressions.matches(Sample::string(text), arena), wanted) << text << " of " << count;
      }
    }
    EXPECT_FALSE(parts.matches(Sample::string(""), arena));
    EXPECT_FALSE(expressions.matches(Sample::string(""), arena));
  }
}

TEST(PatternSet, LongListsOfNetworks) {
  std::mt19937 random(7);
  for (const unsigned count : {1U, 8U, 9U, 40U, 1000U}) {
    for (const std::uint32_t spread : {0xffffffffU, 0x0000ffffU, 0xff0000ffU}) {  // all over, close, in heaps
      PatternSet set(MatchKind::ip);
      std::vector<std::pair<std::uint32_t, std::uint32_t>> plain;
      for (unsigned i = 0; i < count; ++i) {
        const auto bits = static_cast<std::uint32_t>(random() % 20);
        const std::uint32_t low = static_cast<std::uint32_t>(random()) & spread & (0xffffffffU << bits);
        plain.emplace_back(low, low | ((1U << bits) - 1));
        const SocketAddress address = SocketAddress::ipv4(low, 0);
        ASSERT_TRUE(set.add(address.host() + "/" + std::to_string(32 - bits), {}));
      }
      set.finish();
      std::vector<std::uint32_t> probes = {0, 1, 0x7fffffffU, 0xffffffffU};
      for (const auto& [low, high] : plain)
        for (const std::uint32_t edge : {low, high}) probes.insert(probes.end(), {edge - 1, edge, edge + 1});
      for (int i = 0; i < 1000; ++i) probes.push_back(static_cast<std::uint32_t>(random()) & spread);
      for (const std::uint32_t probe : probes) {
        const bool wanted =
            std::ranges::any_of(plain, [&](const auto& one) { return one.first <= probe && probe <= one.second; });
        ASSERT_EQ(set.matches_ipv4(probe), wanted) << probe << " among " << count;
      }
    }
  }
}

}  // namespace
}  // namespace weir::sample
