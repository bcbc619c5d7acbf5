// Replays a corpus through a fuzz target as an ordinary test.
//
//   <name>_fuzz FILE-OR-FOLDER...
//
// Each file is fed whole, then cut short at a spread of places, since a truncated message is the commonest hostile one.
// The bytes lie in a heap block of exactly their size, so that AddressSanitizer sees a read one past the end. A crash
// names the file: it is printed before it is fed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kCuts = 64;  // shorter files are cut at every byte

void feed(const std::string& bytes, std::size_t size) {
  const auto exact = std::make_unique_for_overwrite<std::uint8_t[]>(size);
  std::copy_n(bytes.begin(), size, exact.get());
  LLVMFuzzerTestOneInput(exact.get(), size);
}

void replay(const std::filesystem::path& path) {
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  feed(bytes, bytes.size());
  const std::size_t step = std::max<std::size_t>(1, bytes.size() / kCuts);
  for (std::size_t size = 0; size < bytes.size(); size += step) feed(bytes, size);
}

}  // namespace

int main(int count, char** words) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < count; ++i) {
    if (std::filesystem::is_directory(words[i])) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(words[i])) {
        if (entry.is_regular_file()) files.push_back(entry.path());
      }
    } else {
      files.emplace_back(words[i]);
    }
  }
  std::ranges::sort(files);
  for (const auto& file : files) replay(file);
  std::printf("%zu files replayed\n", files.size());
  return files.empty() ? 1 : 0;  // an empty corpus tests nothing
}
