#include "proxy/server_state_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(ServerStateFile, ReadsALine) {
  const auto states = parse_server_states(
      "1\n# be_id be_name ...\n2 bk 7 s1 192.0.2.9 0 8 5 10 55 8 2 1 6 0 0 0 host.example 3389 - 0 0 - - 0\r\n\n", "f");
  ASSERT_THAT(states.problems, IsEmpty());
  ASSERT_TRUE(states.servers.contains("bk/s1"));
  const SavedServer& server = states.servers.at("bk/s1");
  EXPECT_EQ(server.address, "192.0.2.9");
  EXPECT_EQ(server.state, check::State::stopped);
  EXPECT_EQ(server.admin, 8U);
  EXPECT_EQ(server.weight, 5U);
  EXPECT_EQ(server.configured_weight, 10U);
  EXPECT_EQ(server.since_change, std::chrono::seconds(55));
  EXPECT_EQ(server.check_status, check::Status::l4con);
  EXPECT_EQ(server.check_counter, 1U);
  EXPECT_TRUE(server.checks_configured && server.checks_enabled);
  EXPECT_EQ(server.fqdn, "host.example");
  EXPECT_EQ(server.port, 3389);
}

TEST(ServerStateFile, TakesTheManualsShortLines) {
  const auto states = parse_server_states("1\n1 bk 1 s1 127.0.0.1 2 0 11 11 4 6 3 4 6 0 0\n", "f");
  EXPECT_THAT(states.problems, IsEmpty());
  EXPECT_EQ(states.servers.at("bk/s1").port, 0);
  EXPECT_EQ(states.servers.at("bk/s1").fqdn, "-");
}

TEST(ServerStateFile, NamesWhatIsWrong) {
  struct Row {
    std::string text;
    std::string_view problem;
  };
  const std::string good = "2 bk 1 s1 127.0.0.1 2 0 5 10 55 1 0 2 0 0 0 0 - 80 - 0 0 - - 0";
  const auto with = [&](std::size_t place, std::string_view word) {
    std::string line = "1\n";
    std::size_t at = 0, number = 0;
    while (at < good.size()) {
      const std::size_t end = std::min(good.find(' ', at), good.size());
      line += number++ == place ? std::string(word) : good.substr(at, end - at);
      line += ' ';
      at = end + 1;
    }
    return line;
  };
  const Row rows[] = {{"", "is empty"},
                      {"2\n" + good, "no version"},
                      {"1\n2 bk 1 s1 127.0.0.1\n", "line 2 is not whole"},
                      {with(5, "9"), "'bk/s1', invalid srv_op_state value '9'"},
                      {with(6, "999"), "invalid srv_admin_state value '999'"},
                      {with(7, "257"), "invalid srv_uweight value '257'"},
                      {with(9, "x"), "invalid srv_time_since_last_change value 'x'"},
                      {with(12, "-1"), "invalid srv_check_health value '-1'"},
                      {with(18, "70000"), "invalid srv_port value '70000'"}};
  for (const Row& row : rows) {
    const auto states = parse_server_states(row.text, "f");
    EXPECT_THAT(states.servers, IsEmpty()) << row.text;
    EXPECT_THAT(states.problems, ElementsAre(HasSubstr(std::string(row.problem)))) << row.text;
  }
  std::string many = "1\n";
  for (int i = 0; i < 1000; i++) many += "x\n";
  EXPECT_THAT(parse_server_states(many, "f").problems, SizeIs(20));
}

}  // namespace
}  // namespace weir::proxy
