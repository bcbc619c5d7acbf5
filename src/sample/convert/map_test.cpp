// Lookups in lists of two columns: what lines say, which match counts, what is refused.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sample/reference_book.h"

namespace weir::sample {
namespace {

/// A map's file, gone at the end.
class File {
 public:
  explicit File(std::string_view content)
      : path_(std::filesystem::temp_directory_path() / ("map" + std::to_string(::getpid()))) {
    std::ofstream(path_) << content;
  }
  ~File() { std::filesystem::remove(path_); }
  [[nodiscard]] std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string look_up(std::string_view content, MatchKind kind, const Sample& in, MapOutput output = MapOutput::text) {
  const File file(content);
  ReferenceReading reading(nullptr, nullptr);
  const auto opened = reading.open(file.path(), true, ReferenceReading::User::map);
  if (!opened) return opened.error().message;
  if (const auto used = opened->list->use_as_map({.match = kind}, output); !used)
    return used.error().message.substr(file.path().size());
  Arena arena;
  const PatternEntry* const found = opened->list->find({.match = kind}, in, arena);
  return found == nullptr ? "none" : std::string(found->value.load()->text());
}

TEST(Map, Lines) {
  constexpr std::string_view kContent = "# a comment\n\n  a \t b c \t\n#d e\nf\r\na second\n\t#g h";
  const struct {
    std::string_view key;
    std::string_view value;
  } rows[] = {{"a", "b c"}, {"f", ""}, {"#d", "none"}, {"#g", "h"}, {"A", "none"}};
  for (const auto& row : rows)
    EXPECT_EQ(look_up(kContent, MatchKind::str, Sample::string(row.key)), row.value) << row.key;
}

TEST(Map, TheFinestMatchOrTheFirst) {
  const auto text = [](std::string_view value) { return Sample::string(value); };
  EXPECT_EQ(look_up("/a 1\n/a/b 2\n/ 3\n", MatchKind::beg, text("/a/bc")), "2");
  EXPECT_EQ(look_up("/a 1\n/a/b 2\n/ 3\n", MatchKind::beg, text("/x")), "3");
  EXPECT_EQ(look_up("b 1\na 2\n", MatchKind::sub, text("ab")), "1");
  EXPECT_EQ(look_up("1:100 low\n80 exact\n", MatchKind::integer, Sample::integer(80)), "low");
  constexpr std::string_view kNetworks = "0.0.0.0/0 any\n10.0.0.0/8 ten\n10.1.2.3 host\n::/0 six\n2001:db8::/32 doc\n";
  EXPECT_EQ(look_up(kNetworks, MatchKind::ip, Sample::ipv4(0x0a010203)), "host");
  EXPECT_EQ(look_up(kNetworks, MatchKind::ip, Sample::ipv4(0x0a010204)), "ten");
  EXPECT_EQ(look_up(kNetworks, MatchKind::ip, Sample::ipv4(0x7f000001)), "any");
  constexpr std::string_view kWithinBytes = "10.128.0.0/9 nine\n10.192.0.0/11 eleven\n128.0.0.0/1 one\n";
  EXPECT_EQ(look_up(kWithinBytes, MatchKind::ip, Sample::ipv4(0x0ac00001)), "eleven");
  EXPECT_EQ(look_up(kWithinBytes, MatchKind::ip, Sample::ipv4(0x0ae00001)), "nine");
  EXPECT_EQ(look_up(kWithinBytes, MatchKind::ip, Sample::ipv4(0xff000001)), "one");
  EXPECT_EQ(look_up(kWithinBytes, MatchKind::ip, Sample::ipv4(0x0a000001)), "none");
  in6_addr six{};
  six.s6_addr[0] = 0x20;
  six.s6_addr[1] = 0x01;
  EXPECT_EQ(look_up(kNetworks, MatchKind::ip, Sample::ipv6(six)), "six");
  EXPECT_EQ(look_up(kNetworks, MatchKind::ip, Sample::ipv6(mapped_ipv6(0x0a010203))), "host");
}

TEST(Map, WhatIsRefused) {
  const Sample any = Sample::string("a");
  EXPECT_EQ(look_up("a 1\nb x\n", MatchKind::str, any, MapOutput::integer), ":2: 'x' is no integer");
  EXPECT_EQ(look_up("a 1.2.3\n", MatchKind::str, any, MapOutput::address), ":1: '1.2.3' is no address");
  EXPECT_EQ(look_up("1.2.3.4/33 x\n", MatchKind::ip, any), ":1: '33' is not an IPv4 mask: 0 to 32 or 255.255.255.0");
  ReferenceReading reading(nullptr, nullptr);
  EXPECT_FALSE(reading.open("/none", true, ReferenceReading::User::map));
  EXPECT_TRUE(reading.open("opt@/none", true, ReferenceReading::User::map));
  EXPECT_TRUE(reading.open("virt@none", true, ReferenceReading::User::map));
  EXPECT_FALSE(reading.open("virt@none", false, ReferenceReading::User::acl));
}

}  // namespace
}  // namespace weir::sample
