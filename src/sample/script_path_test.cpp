#include "sample/script_path.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::sample {
namespace {

// "name|path-info", or why not.
std::string taken_apart(std::string_view path, const char* expression) {
  std::string out(path.size(), '\0');
  const auto size = decode_path(path, out.data());
  if (!size) return "broken";
  out.resize(*size);
  if (expression == nullptr) return std::string(script_path(out, nullptr)->name);
  const Regex regex = *Regex::compile(expression, false);
  const auto script = script_path(out, &regex);
  return script ? std::string(script->name) + "|" + std::string(script->path_info) : "forbidden";
}

TEST(ScriptPath, IsTakenApart) {
  const char* both = "^(/.+\\.php)(/.*)?$";
  EXPECT_EQ(taken_apart("/a.php/b/c", both), "/a.php|/b/c");
  EXPECT_EQ(taken_apart("/a.php", both), "/a.php|");
  EXPECT_EQ(taken_apart("/a.php/b.php/c", both), "/a.php/b.php|/c");
  EXPECT_EQ(taken_apart("/static.txt", both), "/static.txt|");
  EXPECT_EQ(taken_apart("/a%2Ephp/%41%20b", both), "/a.php|/A b");
  EXPECT_EQ(taken_apart("/a.php/b", "^(/.+\\.php)"), "/a.php|");
  EXPECT_EQ(taken_apart("/a.php/b", nullptr), "/a.php/b");
  EXPECT_EQ(taken_apart("/a.php/%0a", both), "forbidden");
  EXPECT_EQ(taken_apart("/a.php/%00", both), "forbidden");
  EXPECT_EQ(taken_apart("/a.php/%0d", both), "/a.php|/\r");
  EXPECT_EQ(taken_apart("/%0a", nullptr), "/\n");
  for (const char* bad : {"/%", "/%4", "/%zz", "/%4g"}) EXPECT_EQ(taken_apart(bad, both), "broken");
}

}  // namespace
}  // namespace weir::sample
