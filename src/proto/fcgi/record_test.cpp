#include "proto/fcgi/record.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace weir::proto::fcgi {
namespace {

using Kind = RecordReader::Piece::Kind;

std::string record(Type type, std::string_view content, std::uint16_t request = 1, std::size_t padding = 0,
                   char version = 1) {
  std::string made(kHeader, '\0');
  write_header(made.data(), type, request, content.size(), padding);
  made[0] = version;
  return made + std::string(content) + std::string(padding, 'p');
}

std::string end(char protocol = 0, char application = 0) {
  return record(Type::end_request, std::string{0, 0, 0, application, protocol, 0, 0, 0});
}

/// What is read of it, `step` bytes at a time: output as it is, the rest in brackets.
std::string read(std::string_view bytes, std::size_t step) {
  RecordReader reader(1);
  std::string text;
  std::string buffer;
  for (std::size_t given = 0;;) {
    const auto piece = reader.next(buffer);
    switch (piece.kind) {
      case Kind::out: text += piece.data; break;
      case Kind::err:
        for (const char c : piece.data) text += std::string("<") + c + ">";
        break;
      case Kind::values: text += "[values " + std::to_string(piece.data.size()) + "]"; break;
      case Kind::unknown: text += "[unknown]"; break;
      case Kind::end:
        text += "[end " + std::to_string(piece.protocol) + " " + std::to_string(piece.application) + "]";
        break;
      case Kind::violation: return text + "[" + fault_text(piece.fault) + "]";
      case Kind::need_more: break;
    }
    buffer.erase(0, piece.consumed);
    if (piece.kind != Kind::need_more) continue;
    if (given == bytes.size()) return text + (buffer.empty() && reader.between_records() ? "" : "[cut]");
    const std::string_view more = bytes.substr(given, step);
    buffer += more;
    given += more.size();
  }
}

struct Row {
  std::string bytes;
  std::string text;
};

TEST(RecordReader, ReadsWhatAnApplicationSaysHoweverItIsCut) {
  const std::vector<Row> rows = {
      {record(Type::out, "hello") + end(), "hello[end 0 0]"},
      {record(Type::out, "he", 1, 6) + record(Type::out, "llo", 1, 255) + end(0, 3), "hello[end 0 3]"},
      {record(Type::out, "a") + record(Type::err, "bc") + record(Type::out, "") + record(Type::err, "") + end(),
       "a<b><c>[end 0 0]"},
      {end(2), "[end 2 0]"},
      {record(Type::get_values_result, "abc", 0, 5), "[values 3]"},
      {record(Type::get_values_result, "", 0), "[values 0]"},
      {record(Type::unknown_type, std::string(8, '\0'), 0) + record(Type::out, "x"), "[unknown]x"},
      {record(Type::out, std::string(65'535, 'x')), std::string(65'535, 'x')},
      {record(Type::out, "hello").substr(0, 10), "he[cut]"},
      {record(Type::out, "hello", 1, 3).substr(0, 14), "hello[cut]"},
      {std::string("\1\6\0", 3), "[cut]"},
      {end().substr(0, 12), "[cut]"},
      {record(Type::out, "x", 1, 0, 2), "[a record of an unknown version]"},
      {"HTTP/1.1 200 OK\r\n", "[a record of an unknown version]"},
      {record(Type::out, "x", 7), "[a record of another request]"},
      {record(Type::out, "x", 0), "[a record of another request]"},
      {record(Type::end_request, std::string(8, '\0'), 2), "[a record of another request]"},
      {record(Type::get_values_result, "", 1), "[a record of another request]"},
      {record(Type::unknown_type, std::string(8, '\0'), 1), "[a record of another request]"},
      {record(Type::in, "x"), "[a record of a type that no application sends]"},
      {record(Type::begin_request, std::string(8, '\0')), "[a record of a type that no application sends]"},
      {record(static_cast<Type>(99), "x"), "[a record of a type that no application sends]"},
      {record(Type::end_request, "short"), "[a record of the wrong length]"},
      {record(Type::end_request, std::string(9, '\0')), "[a record of the wrong length]"},
      {record(Type::get_values_result, std::string(1025, 'x'), 0), "[a record of the wrong length]"},
  };
  for (const Row& row : rows)
    for (const std::size_t step : {1UL, 3UL, row.bytes.size() + 1}) EXPECT_EQ(read(row.bytes, step), row.text);
}

std::string pairs(std::string_view content) {
  PairReader reader(content);
  std::string text;
  while (const auto pair = reader.next())
    text += std::string(pair->name) + "=" + std::to_string(pair->value.size()) + ";";
  return text + (reader.broken() ? "broken" : "");
}

TEST(PairReader, TakesNothingThatIsNotThere) {
  using namespace std::string_literals;
  EXPECT_EQ(pairs(""), "");
  EXPECT_EQ(pairs("\1\1ab"), "a=1;");
  EXPECT_EQ(pairs("\1\0a\0\1b"s), "a=0;=1;");
  EXPECT_EQ(pairs("\1\x80\0\0\xc8"s + "a" + std::string(200, 'x')), "a=200;");
  EXPECT_EQ(pairs("\x80\0\0\1\0a"s), "a=0;");
  EXPECT_EQ(pairs("\1"), "broken");
  EXPECT_EQ(pairs("\1\2ab"), "broken");
  EXPECT_EQ(pairs("\x80\0\0"s), "broken");
  EXPECT_EQ(pairs("\xff\xff\xff\xff\xff\xff\xff\xff"
                  "ab"),
            "broken");
}

std::string value(std::string_view name, std::string_view text) {
  return std::string{static_cast<char>(name.size()), static_cast<char>(text.size())} + std::string(name) +
         std::string(text);
}

TEST(Values, AreNumbersOfTheirKind) {
  const auto both = read_values(value("FCGI_MAX_REQS", "50") + value("OTHER", "x") + value("FCGI_MPXS_CONNS", "1"));
  ASSERT_TRUE(both);
  EXPECT_EQ(both->most_requests, 50U);
  EXPECT_EQ(both->multiplexes, true);
  ASSERT_TRUE(read_values(""));
  EXPECT_FALSE(read_values("")->most_requests);
  for (const char* bad : {"", "x", "-1", "0", "1x", "99999999999"})
    EXPECT_FALSE(read_values(value("FCGI_MAX_REQS", bad)));
  EXPECT_FALSE(read_values(value("FCGI_MPXS_CONNS", "2")));
  EXPECT_FALSE(
      read_values("\x20\x20"
                  "abc"));
}

TEST(RecordWriter, WritesARequest) {
  std::array<char, 256> memory{};
  RecordWriter out(memory);
  out.begin_request(1, true);
  out.begin_params(1);
  out.param("HTTP_", "x-Foo.b", "v");
  out.param("QUERY_STRING", std::string(130, 'q'));
  out.end_params();
  out.empty(Type::in, 1);
  using namespace std::string_literals;
  const std::string content = "\x0c\1HTTP_X_FOO_Bv"s + "\x0c\x80\0\0\x82"s + "QUERY_STRING" + std::string(130, 'q');
  std::string wanted = "\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0"s;
  wanted += std::string("\1\4\0\1\0", 5) + static_cast<char>(content.size()) +
            std::string{static_cast<char>(padding_of(content.size())), 0} + content +
            std::string(padding_of(content.size()), '\0');
  wanted += "\1\4\0\1\0\0\0\0"s + "\1\5\0\1\0\0\0\0"s;
  EXPECT_EQ(std::string(memory.data(), out.size()), wanted);
}

TEST(RecordWriter, SaysWhenItDoesNotFit) {
  std::array<char, 64> memory{};
  RecordWriter out(memory);
  out.begin_request(1, false);
  out.begin_params(1);
  out.param("A", std::string(60, 'x'));
  out.end_params();
  out.empty(Type::in, 1);
  EXPECT_EQ(out.size(), 0U);
  std::vector<char> large(70'000);
  RecordWriter more(large);
  more.begin_params(1);
  more.param("A", std::string(65'600, 'x'));  // more than a record holds
  more.end_params();
  EXPECT_EQ(more.size(), 0U);
}

TEST(RecordWriter, AsksForValues) {
  std::array<char, 64> memory{};
  RecordWriter out(memory);
  out.get_values();
  PairReader reader({memory.data() + kHeader, out.size() - kHeader});
  EXPECT_EQ(reader.next()->name, "FCGI_MAX_REQS");
  EXPECT_EQ(reader.next()->name, "FCGI_MPXS_CONNS");
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.broken());
}

}  // namespace
}  // namespace weir::proto::fcgi
