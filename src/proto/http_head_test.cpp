#include "proto/http_head.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::proto {
namespace {

struct Row {
  std::string_view bytes;
  HttpHead verdict;
};

constexpr Row kRows[] = {
    {"GET / HTTP/1.0\r\n\r\n", HttpHead::complete},
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody", HttpHead::complete},
    {"GET / HTTP/1.1\nHost: a\n\n", HttpHead::complete},
    {"GET /\r\n", HttpHead::complete},  // HTTP/0.9
    {"get / HTTP/1.1\r\n\r\n", HttpHead::complete},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HttpHead::complete},
    {"CONNECT a:1 HTTP/1.1\r\n\r\n", HttpHead::complete},
    {"OPTIONS rtsp://a/b RTSP/1.0\r\n\r\n", HttpHead::complete},
    {"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", HttpHead::complete},
    {"GET http://a:80/x HTTP/1.1\r\nHost: A:80\r\n\r\n", HttpHead::complete},
    {"GET / HTTP/1.1\r\nContent-Length: 7\r\ncontent-length: 7\r\n\r\n", HttpHead::complete},
    {"GET / HTTP/1.1\r\nA: b\x01\x7f\xff\r\n\r\n", HttpHead::complete},
    {"\r\n\n\r\nGET / HTTP/1.1\r\n\r\n", HttpHead::complete},
    {"", HttpHead::need_more},
    {"GET", HttpHead::need_more},
    {"GET ", HttpHead::need_more},
    {"GET / HT", HttpHead::need_more},
    {"GET / HTTP/1.1\r\nHo", HttpHead::need_more},
    {"GET / HTTP/1.1\r\nHost: a\r\n", HttpHead::need_more},
    {"\x16\x03\x01", HttpHead::not_http},
    {"POST /\r\n", HttpHead::not_http},
    {"FOO\r\n", HttpHead::not_http},
    {"SSH-2.0-OpenSSH_9.2\r\n", HttpHead::not_http},
    {"EHLO a\r\n", HttpHead::not_http},
    {"GET /a b HTTP/1.1\r\n\r\n", HttpHead::not_http},
    {"GET / HTTP/11\r\n\r\n", HttpHead::not_http},
    {"GET / HXTP", HttpHead::not_http},
    {"GET /\xff HTTP/1.1\r\n\r\n", HttpHead::not_http},
    {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", HttpHead::not_http},
    {"GET / HTTP/1.1\r\nfoo\r\n\r\n", HttpHead::not_http},
    {"GET / HTTP/1.1\r\n: b\r\n\r\n", HttpHead::not_http},
    {"GET / HTTP/1.1\r\n folded: b\r\n\r\n", HttpHead::not_http},
    {{"GET / HTTP/1.1\r\nA: b\0\r\n\r\n", 24}, HttpHead::not_http},
    {"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", HttpHead::not_http},
    {"\r \nGET / HTTP/1.1\r\n\r\n", HttpHead::not_http},
    {"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", HttpHead::not_http},
    {"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", HttpHead::not_http},
    {"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", HttpHead::not_http},
};

TEST(HttpHead, Verdicts) {
  for (const Row& row : kRows) EXPECT_EQ(look_for_request_head(row.bytes), row.verdict) << row.bytes;
}

TEST(HttpHead, EveryPrefixOfARequestAsksForMore) {
  for (const Row& row : kRows) {
    if (row.verdict != HttpHead::complete) continue;
    bool complete = false;
    for (std::size_t cut = 0; cut <= row.bytes.size(); ++cut) {
      const HttpHead verdict = look_for_request_head(row.bytes.substr(0, cut));
      EXPECT_NE(verdict, HttpHead::not_http) << row.bytes.substr(0, cut);
      if (complete) EXPECT_EQ(verdict, HttpHead::complete) << row.bytes.substr(0, cut);
      complete = complete || verdict == HttpHead::complete;
    }
    EXPECT_TRUE(complete) << row.bytes;
  }
}

}  // namespace
}  // namespace weir::proto
