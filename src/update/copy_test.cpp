#include "update/copy.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace weir::update {
namespace {

Copy example() {
  return {.from = "https://a.example/list",
          .etag = "W/\"1\"",
          .last_modified = "Sun, 06 Nov 1994 08:49:37 GMT",
          .fetched = 1'700'000'000,
          .content = "/a one\n# size: 7\n/b two\n"};
}

TEST(Copy, is_read_as_it_was_written) {
  const Copy copy = example();
  const auto again = parse_copy(write_copy(copy, "/etc/hosts.map"));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, copy);
  const Copy bare{.from = "/a", .content = ""};
  EXPECT_EQ(parse_copy(write_copy(bare, "x")), bare);
}

TEST(Copy, what_was_cut_or_changed_is_none) {
  const std::string text = write_copy(example(), "x");
  for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(parse_copy(text.substr(0, size))) << size;
  EXPECT_FALSE(parse_copy(text + "x"));
  std::string changed = text;
  changed[text.size() - 3] = 'x';
  EXPECT_EQ(parse_copy(changed).error().message, "it is damaged");
  EXPECT_EQ(parse_copy("/a one\n").error().message, "it is no copy of a list");
}

TEST(Copy, different_lists_have_different_files) {
  EXPECT_NE(copy_name("/etc/a/b"), copy_name("/etc/a_b"));
  EXPECT_EQ(copy_name("/etc/hosts.map").substr(0, 15), "_etc_hosts.map.");
  EXPECT_LT(copy_name(std::string(4000, 'x')).size(), 200U);
  EXPECT_EQ(copy_name("../../etc/passwd").find('/'), std::string::npos);
}

TEST(Copy, is_whole_on_disk) {
  const std::filesystem::path directory =
      std::filesystem::path(::testing::TempDir()) / ("copy" + std::to_string(::getpid()));
  std::filesystem::create_directory(directory);
  io::Opener opener;
  EXPECT_FALSE(load_copy(directory, "list"));
  ASSERT_TRUE(save_copy(opener, directory, "list", example()));
  Copy second = example();
  second.content = "other\n";
  ASSERT_TRUE(save_copy(opener, directory, "list", second));
  EXPECT_EQ(load_copy(directory, "list"), second);
  EXPECT_FALSE(load_copy(directory, "other"));
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(directory)) ++files;
  EXPECT_EQ(files, 1U);
  EXPECT_FALSE(save_copy(opener, directory / "nowhere", "list", second));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace weir::update
