#include "proto/ldap.h"

#include <gtest/gtest.h>

namespace weir::proto::ldap {
namespace {

using namespace std::string_literals;
using Kind = BindAnswer::Kind;

TEST(Ldap, BindRequest) { EXPECT_EQ(bind_request(), "0\x0c\x02\x01\x01`\x07\x02\x01\x03\x04\x00\x80\x00"s); }

TEST(Ldap, BindAnswers) {
  const std::string good = "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"s;
  const std::string long_form = "\x30\x84\0\0\0\x10\x02\x01\x01\x61\x84\0\0\0\x07\x0a\x01\x31\x04\x00\x04\x00"s;
  EXPECT_EQ(parse_bind_answer(good).kind, Kind::complete);
  EXPECT_EQ(parse_bind_answer(good).result, 0U);
  EXPECT_EQ(parse_bind_answer(long_form).kind, Kind::complete);
  EXPECT_EQ(parse_bind_answer(long_form).result, 0x31U);
  for (const std::string& whole : {good, long_form})
    for (std::size_t size = 0; size < whole.size(); size++)
      EXPECT_EQ(parse_bind_answer(whole.substr(0, size)).kind, Kind::incomplete) << size;
}

TEST(Ldap, WhatIsNoBindAnswer) {
  for (const std::string& bytes : {
           "hello"s,
           "\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00"s,  // a search's end
           "\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x00\x04\x00\x04\x00"s,  // to another message
           "\x30\x80\x02\x01\x01"s,                                      // of indefinite length
           "\x30\x84\x7f\xff\xff\xff\x02"s,                              // far too long
           "\x30\x03\x02\x01\x01"s,                                      // whole, and without an operation
           "\x30\x00"s,
           "\x30\x0c\x02\x01\x01\x61\x07\x02"s,  // no result code
       })
    EXPECT_EQ(parse_bind_answer(bytes).kind, Kind::malformed) << bytes;
}

}  // namespace
}  // namespace weir::proto::ldap
