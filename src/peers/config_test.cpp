#include "peers/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/parser.h"

namespace weir::peers {
namespace {

using ::testing::HasSubstr;

struct Parsed {
  std::deque<PeersConfig> sections;
  Diagnostics diagnostics;
  bool good = false;
};

void parse(std::string text, Parsed& out, std::string local = "aloha1") {
  const std::span<const config::SectionRow> sections[] = {peers_sections};
  const std::span<const config::KeywordRow> keywords[] = {peers_keywords};
  const config::KeywordTable table(sections, keywords);
  config::Environment environment;
  PeersFacts facts{.local_peer = std::move(local)};
  config::Parser parser(table, out.diagnostics, environment);
  parser.provide(out.sections);
  parser.provide(facts);
  out.good = parser.parse_text("t.cfg", std::move(text));
}
std::string messages(const std::string& text, const std::string& local = "aloha1") {
  Parsed parsed;
  parse(text, parsed, local);
  return parsed.diagnostics.render();
}

TEST(Peers, BothWaysOfWritingASection) {
  Parsed old;
  parse("peers aloha\n  peer aloha1 127.0.0.1:1024\n  peer aloha2 127.0.0.2:1024 shard 1\n  shards 2\n", old);
  ASSERT_TRUE(old.good) << old.diagnostics.render();
  ASSERT_EQ(old.sections.size(), 1U);
  const PeersConfig& section = old.sections[0];
  EXPECT_TRUE(section.usable);
  ASSERT_NE(section.local(), nullptr);
  EXPECT_EQ(section.local()->name, "aloha1");
  ASSERT_TRUE(section.bind);
  EXPECT_EQ(section.bind->spec.address.to_string(), "127.0.0.1:1024");
  EXPECT_EQ(section.peers[1].shard, 1U);

  Parsed fresh;
  parse(
      "peers aloha\n  bind :1024 name sync\n  default-server shard 2\n  shards 2\n  server aloha1\n"
      "  server aloha2 [::1]:1024\n  log global\n  log 127.0.0.1:514 local0\n",
      fresh);
  ASSERT_TRUE(fresh.good) << fresh.diagnostics.render();
  EXPECT_EQ(fresh.sections[0].local()->address.port(), 1024);
  EXPECT_EQ(fresh.sections[0].bind->name, "sync");
  EXPECT_EQ(fresh.sections[0].peers[1].shard, 2U);
  EXPECT_TRUE(fresh.sections[0].log_global);
  EXPECT_EQ(fresh.sections[0].logs.size(), 1U);
}

TEST(Peers, SocketsHaveOptions) {
  Parsed parsed;
  parse(
      "peers aloha\n  default-bind backlog 7\n  bind :1024 tfo transparent mss 1400 tcp-ut 5s uid 1 gid 2 mode 600\n"
      "  default-server source 127.0.0.9\n  server aloha1\n  server aloha2 127.0.0.2:1024 tcp-ut 3s mss 900 tfo\n",
      parsed);
  ASSERT_TRUE(parsed.good) << parsed.diagnostics.render();
  const io::ListenOptions& listen = parsed.sections[0].bind->options;
  EXPECT_EQ(listen.backlog, 7);
  EXPECT_TRUE(listen.tcp_fast_open && listen.transparent);
  EXPECT_EQ(listen.max_segment, 1400);
  EXPECT_EQ(listen.tcp_user_timeout, Milliseconds(5000));
  EXPECT_EQ(listen.owner, 1U);
  EXPECT_EQ(listen.group, 2U);
  EXPECT_EQ(listen.mode, 0600U);
  const io::ConnectOptions& connect = parsed.sections[0].peers[1].connect;
  EXPECT_EQ(connect.source.to_string(), "127.0.0.9:0");
  EXPECT_EQ(connect.tcp_user_timeout, Milliseconds(3000));
  EXPECT_EQ(connect.max_segment, 900);
  EXPECT_TRUE(connect.tcp_fast_open);
}

TEST(Peers, TablesBearTheSectionsName) {
  Parsed parsed;
  parse("peers aloha\n  peer aloha1 127.0.0.1:1024\n  table users type string len 9 size 1k store gpc0\n", parsed);
  ASSERT_TRUE(parsed.good) << parsed.diagnostics.render();
  ASSERT_EQ(parsed.sections[0].tables.size(), 1U);
  EXPECT_EQ(parsed.sections[0].tables[0].name, "aloha/users");
  EXPECT_EQ(parsed.sections[0].tables[0].peers, "aloha");
}

TEST(Peers, DisabledAndForeignSectionsAreNotUsed) {
  Parsed parsed;
  parse("peers a\n  disabled\n  peer aloha1 127.0.0.1:1024\npeers b\n  peer x 127.0.0.1:1024\n", parsed);
  EXPECT_TRUE(parsed.good);
  EXPECT_FALSE(parsed.sections[0].usable);
  EXPECT_FALSE(parsed.sections[1].usable);
  EXPECT_THAT(parsed.diagnostics.render(), HasSubstr("t.cfg:4:7"));
  EXPECT_THAT(parsed.diagnostics.render(), HasSubstr("none of its peers is this process, whose name is 'aloha1'"));
}

TEST(Peers, TheArticlesPeersWithoutAddresses) {
  const std::string said = messages("peers aloha\n  peer aloha1\n  peer aloha2\n");
  EXPECT_THAT(said, HasSubstr("t.cfg:2:14"));
  EXPECT_THAT(said, HasSubstr("peer 'aloha1': the address and port are missing"));
  EXPECT_THAT(said, HasSubstr("peer aloha1 192.0.2.11:1024"));
  EXPECT_THAT(said, HasSubstr("t.cfg:3:14"));
  EXPECT_THAT(said, HasSubstr("peer 'aloha2': the address and port are missing"));
  EXPECT_THAT(said, HasSubstr("peer aloha2 192.0.2.12:1024"));
}

TEST(Peers, WrongLinesSayWhatIsWrong) {
  struct Case {
    std::string_view lines;
    std::string_view said;
  };
  constexpr Case kCases[] = {
      {"peer aloha1 127.0.0.1", "the address '127.0.0.1' has no port"},
      {"peer aloha1 udp@127.0.0.1:1", "peers speak TCP on one port"},
      {"peer aloha1 127.0.0.1:1-5", "peers speak TCP on one port"},
      {"peer", "the peer's name is missing"},
      {"peer aloha1 127.0.0.1:1 check", "'check' is not supported"},
      {"peer aloha1 127.0.0.1:1 weight 3", "'weight' changes nothing here"},
      {"peer aloha1 127.0.0.1:1 ssl", "unknown option of a peer 'ssl'"},
      {"peer aloha1 127.0.0.1:1\n  peer aloha1 127.0.0.1:2", "there is a peer of this name already, in line 2"},
      {"peer aloha1 127.0.0.1:1 shard 4\n  shards 3", "the shard is ignored"},
      {"bind :1\n  server aloha1 127.0.0.1:1", "listens on the section's 'bind' line"},
      {"server aloha1 127.0.0.1:1", "listens on the section's 'bind' line"},
      {"bind :1\n  peer aloha2 127.0.0.1:1", "'bind' goes with 'server' lines; line 3 is a 'peer' line"},
      {"peer aloha2 127.0.0.1:1\n  bind :1", "'bind' goes with 'server' lines; line 2 is a 'peer' line"},
      {"peer aloha1 127.0.0.1:1 source /tmp/s", "nobody connects from '/tmp/s'"},
      {"peer aloha1 127.0.0.1:1 mss 0", "the segment size '0' is not right"},
      {"bind :1 backlog -1\n  server aloha1", "the number '-1' is not right"},
      {"bind /run/p mode 999\n  server aloha1", "mode"},
      {"bind :1\n  bind :2\n  server aloha1", "a peers section listens on one address; there is one in line 2"},
      {"bind", "the address to listen on is missing"},
      {"shards 0", "the number of shards '0' is not right"},
      {"peer aloha1 127.0.0.1:1\n  table t type ip size 1k\n  table t type ip size 1k",
       "there is a table of this name already, in line 3"},
      {"peer aloha1 127.0.0.1:1\n  table t type ip size 1k peers aloha", "has no 'peers' argument"},
      {"peer aloha1 127.0.0.1:1\npeers aloha\n  peer aloha1 127.0.0.1:1",
       "there is a peers section 'aloha' already, in line 1"},
  };
  for (const Case& one : kCases)
    EXPECT_THAT(messages("peers aloha\n  " + std::string(one.lines) + "\n"), HasSubstr(one.said)) << one.lines;
}

}  // namespace
}  // namespace weir::peers
