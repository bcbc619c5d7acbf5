// The vectorised scans beside plain ones, at every length and place.
#include "proto/http1/scan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::proto::http1 {
namespace {

std::size_t plain(const std::array<bool, 256>& table, std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && table[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

// An exact allocation each time, so that a sanitizer sees a byte too far.
TEST(Scan, EveryByteAtEveryPlace) {
  for (std::size_t size = 0; size <= 40; ++size) {
    for (std::size_t place = 0; place < size; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::vector<char> text(size, 'a');
        text[place] = static_cast<char>(byte);
        const char* begin = text.data();
        const char* end = begin + size;
        const std::string_view view(begin, size);
        ASSERT_EQ(find_name_end(begin, end) - begin, plain(http::kTokenBytes, view))
            << byte << ' ' << place << ' ' << size;
        ASSERT_EQ(find_value_end(begin, end) - begin, plain(kValueBytes, view)) << byte << ' ' << place << ' ' << size;
        ASSERT_EQ(find_target_end(begin, end) - begin, plain(kTargetBytes, view))
            << byte << ' ' << place << ' ' << size;
#ifdef __SSE2__
        if (size < 16) continue;
        const std::size_t usual = byte == '\t' ? place : plain(kValueBytes, view);
        for (std::size_t from = 0; from <= size; ++from) {
          const std::size_t expected = usual < from ? size : usual;
          ASSERT_EQ(usual_value_end(begin + from, end) - begin, expected)
              << byte << ' ' << place << ' ' << size << ' ' << from;
        }
#endif
      }
    }
  }
}

#ifdef __SSE2__
TEST(Scan, UsualNames) {
  const auto name = [](std::string text) {
    const std::size_t size = text.find(':');
    text.resize(std::max<std::size_t>(text.size(), 20), ' ');
    const UsualName got = usual_name(text.data(), text.data() + text.size());
    EXPECT_TRUE(got.size == 0 || got.size == size) << text;
    return got;
  };
  EXPECT_EQ(name("Host: a").id, http::FieldId::host);
  EXPECT_EQ(name("HOST: a").id, http::FieldId::host);
  EXPECT_EQ(name("Hosts: a").id, http::FieldId::other);
  EXPECT_EQ(name("x-forwarded-FOR: a").id, http::FieldId::x_forwarded_for);
  EXPECT_EQ(name("WWW-Authenticate: a, and more text").id, http::FieldId::www_authenticate);
  EXPECT_EQ(name("Strict-Transport-Security: a, and more text").id, http::FieldId::strict_transport_security);
  EXPECT_EQ(name("Strict-Transport-Securitx: a, and more text").id, http::FieldId::other);
  EXPECT_EQ(name("a-name-of-thirty-one-characters: and more text").size, 31U);
  EXPECT_EQ(name("a-name-of-thirty-two-characters-: and more text").size, 0U);
  for (const char* text : {": a", "Ho st: a", "Ho_st: a", "Host : a", "Host\r\n"})
    EXPECT_EQ(name(text).size, 0U) << text;
}
#endif

}  // namespace
}  // namespace weir::proto::http1
