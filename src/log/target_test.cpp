#include "log/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <thread>

namespace weir::log {
namespace {

std::optional<TargetConfig> parse(const std::string& text, Diagnostics& diagnostics) {
  const std::uint32_t file = diagnostics.add_file("test.cfg", "log " + text);
  config::Words words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    words.push_back(
        {.text = word,
         .at = {file, 1, static_cast<std::uint32_t>(5 + text.find(word)), static_cast<std::uint32_t>(word.size())}});
  }
  return parse_log_line(words, {file, 1, static_cast<std::uint32_t>(5 + text.size()), 0}, diagnostics);
}

TargetConfig good(const std::string& text) {
  Diagnostics diagnostics;
  const auto config = parse(text, diagnostics);
  EXPECT_TRUE(config) << text << "\n" << diagnostics.render();
  return config.value_or(TargetConfig{});
}

TEST(LogLine, Targets) {
  EXPECT_EQ(good("127.0.0.1 local0").address, SocketAddress::ipv4(0x7f000001, 514));
  EXPECT_EQ(good("127.0.0.1:1514 local0").address, SocketAddress::ipv4(0x7f000001, 1514));
  EXPECT_EQ(good("127.0.0.1 local0").kind, TargetKind::datagram);
  EXPECT_EQ(good("udp@127.0.0.1:99 local0").address.port(), 99);
  EXPECT_EQ(good("[::1]:99 local0").address, SocketAddress::ipv6(in6addr_loopback, 99));
  EXPECT_EQ(good("/dev/log local0").address, SocketAddress::unix_path("/dev/log"));
  EXPECT_EQ(good("unix@/dev/log local0").address, SocketAddress::unix_path("/dev/log"));
  EXPECT_EQ(good("uxdg@/dev/log local0").address, SocketAddress::unix_path("/dev/log"));
  EXPECT_EQ(good("abns@here local0").address, SocketAddress::abstract("here"));
  EXPECT_EQ(good("stdout daemon").fd, 1);
  EXPECT_EQ(good("stderr daemon").fd, 2);
  EXPECT_EQ(good("fd@7 daemon").fd, 7);
  EXPECT_EQ(good("fd@7 daemon").kind, TargetKind::fd);
  EXPECT_EQ(good("ring@events local0").ring, "events");
  EXPECT_EQ(good("ring@events local0").kind, TargetKind::ring);
  EXPECT_EQ(good("tcp@127.0.0.1:6514 local0").kind, TargetKind::stream);
  EXPECT_EQ(good("tcp@127.0.0.1:6514 local0").address, SocketAddress::ipv4(0x7f000001, 6514));
  EXPECT_EQ(good("uxst@/run/x local0").kind, TargetKind::stream);
  EXPECT_EQ(good("logs.example.:99 local0").host, "logs.example.");
}

TEST(LogLine, OptionsAndLevels) {
  const TargetConfig plain = good("127.0.0.1 local3");
  EXPECT_EQ(plain.facility, 19);
  EXPECT_EQ(plain.level, Level::debug);
  EXPECT_EQ(plain.min_level, Level::emerg);
  EXPECT_EQ(plain.length, 1024U);
  EXPECT_FALSE(plain.format);
  EXPECT_TRUE(plain.ranges.empty());

  const TargetConfig full = good("127.0.0.1 len 80 format rfc5424 sample 4-5,1:8 user notice err");
  EXPECT_EQ(full.length, 80U);
  EXPECT_EQ(full.format, Format::rfc5424);
  EXPECT_EQ(full.ranges, (std::vector<SampleRange>{{1, 1}, {4, 5}}));
  EXPECT_EQ(full.sample_size, 8U);
  EXPECT_EQ(full.level, Level::notice);
  EXPECT_EQ(full.min_level, Level::err);
  EXPECT_EQ(full, good("127.0.0.1 sample 1,4-5:8 format rfc5424 len 80 user notice err"));
  EXPECT_EQ(good("127.0.0.1 profile mine local0").profile, "mine");
  EXPECT_NE(good("127.0.0.1 profile mine local0"), good("127.0.0.1 local0"));
  EXPECT_NE(full, plain);
}

TEST(LogLine, Errors) {
  const struct {
    const char* line;
    const char* message;
    const char* hint = "";
  } cases[] = {
      {"", "'log' expects a target and a facility"},
      {"127.0.0.1", "'log' expects a facility after the target"},
      {"127.0.0.1 local9", "unknown log facility 'local9'", "did you mean 'local"},
      {"127.0.0.1 len 79 local0", "invalid log length '79'", "from 80 to 65535"},
      {"127.0.0.1 len x local0", "invalid log length 'x'"},
      {"127.0.0.1 len", "'len' expects a value"},
      {"127.0.0.1 len 80 len 90 local0", "'len' stands twice"},
      {"127.0.0.1 local0 foo", "unknown log level 'foo'", "expected one of emerg, alert"},
      {"127.0.0.1 local0 info foo", "unknown minimum log level 'foo'"},
      {"127.0.0.1 local0 warnin", "unknown log level 'warnin'", "did you mean 'warning'?"},
      {"127.0.0.1 local0 info err extra", "unexpected 'extra'"},
      {"127.0.0.1 format foo local0", "unknown log format 'foo'"},
      {"127.0.0.1 sample 1 local0", "has no ':'"},
      {"127.0.0.1 sample 0:2 local0", "wrong sample range '0'"},
      {"127.0.0.1 sample 3:2 local0", "reaches beyond the sample's size of 2"},
      {"127.0.0.1 sample 1-2,2-3:4 local0", "overlap"},
      {"127.0.0.1 sample 2-1:4 local0", "wrong sample range '2-1'"},
      {"127.0.0.1 sample 1:0 local0", "wrong sample size '0'"},
      {"127.0.0.1 profile", "'profile' expects a value"},
      {"127.0.0.1 profile a profile b local0", "'profile' stands twice"},
      {"127.0.0.1:1-2 local0", "takes one port"},
      {"fd@ local0", "'' is no descriptor number"},
      {"fd@x local0", "'x' is no descriptor number"},
      {"ring@ local0", "expects the name of a ring"},
      {"backend@x local0", "not served"},
  };
  for (const auto& one : cases) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse(one.line, diagnostics)) << one.line;
    ASSERT_FALSE(diagnostics.all().empty()) << one.line;
    EXPECT_THAT(diagnostics.all()[0].message, testing::HasSubstr(one.message)) << one.line;
    EXPECT_THAT(diagnostics.all()[0].hint, testing::HasSubstr(one.hint)) << one.line;
    EXPECT_FALSE(diagnostics.all()[0].example.empty()) << one.line;
  }
}

TEST(LogLine, AllProblemsInOneRun) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parse("fd@x len 1 format no sample 0:1 nowhere loud", diagnostics));
  EXPECT_EQ(diagnostics.errors(), 6U);
}

TEST(LogTarget, SamplingIsExactOverThreads) {
  const Target target(good("127.0.0.1 sample 1,3-4:7 local0"), nullptr, Format::raw, 1024);
  std::vector<bool> first;
  for (int i = 0; i < 7; ++i) first.push_back(target.sampled());
  EXPECT_EQ(first, (std::vector<bool>{true, false, true, true, false, false, false}));
  std::atomic<int> chosen = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 7000; ++i) chosen += target.sampled() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(chosen, 4 * 3000);
}

}  // namespace
}  // namespace weir::log
