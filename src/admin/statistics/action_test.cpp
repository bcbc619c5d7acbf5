#include "admin/statistics/action.h"

#include <gtest/gtest.h>

#include <array>

namespace weir::admin {
namespace {

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

bool allowed(const Fields& fields) {
  std::array<proto::http::Field, 8> storage;
  proto::http::Head head(storage);
  for (const auto& [name, value] : fields) head.add(name, value);
  return comes_from_here(head);
}

TEST(Action, FormsOfOtherSitesAreKnownByTheirFields) {
  EXPECT_TRUE(allowed({{"host", "lb:8404"}}));  // no browser
  EXPECT_TRUE(allowed({{"host", "lb:8404"}, {"origin", "http://lb:8404"}}));
  EXPECT_TRUE(allowed({{"host", "LB:8404"}, {"origin", "https://lb:8404"}}));
  EXPECT_TRUE(allowed({{"host", "lb"}, {"referer", "http://lb/haproxy?stats"}}));
  EXPECT_TRUE(allowed({{"host", "lb"}, {"origin", "http://lb"}, {"sec-fetch-site", "same-origin"}}));
  EXPECT_FALSE(allowed({{"host", "lb:8404"}, {"origin", "http://lb"}}));
  EXPECT_FALSE(allowed({{"host", "lb"}, {"origin", "http://evil"}}));
  EXPECT_FALSE(allowed({{"host", "lb"}, {"origin", "http://lb.evil"}}));
  EXPECT_FALSE(allowed({{"host", "lb"}, {"origin", "null"}}));
  EXPECT_FALSE(allowed({{"host", "lb"}, {"origin", ""}}));
  EXPECT_FALSE(allowed({{"host", "lb"}, {"origin", "http://evil"}, {"referer", "http://lb/"}}));
  EXPECT_FALSE(allowed({{"host", "lb"}, {"referer", "http://evil/?http://lb/"}}));
  EXPECT_FALSE(allowed({{"host", "lb"}, {"referer", "http://evil#@lb/"}}));
  EXPECT_FALSE(allowed({{"host", "lb"}, {"origin", "http://lb"}, {"sec-fetch-site", "cross-site"}}));
  EXPECT_FALSE(allowed({{"origin", "http://lb"}}));
  EXPECT_FALSE(allowed({{"host", ""}, {"origin", "http://"}}));
}

TEST(Action, WordsAreUniqueAndResultsAreNeverMissing) {
  const auto actions = server_actions();
  for (std::size_t i = 0; i < actions.size(); i++) {
    EXPECT_NE(actions[i].act, nullptr);
    for (std::size_t j = 0; j < i; j++) EXPECT_NE(actions[i].word, actions[j].word);
  }
  EXPECT_EQ(action_result("DONE").tone, "good");
  EXPECT_EQ(action_result("<b>").word, "UNKN");
}

}  // namespace
}  // namespace weir::admin
