// layers: stick sample proto config base
// The table commands of the runtime socket over tables of all key types: each line of the input is a command.
//
// A line is "<table> show|set|clear <words>". Whatever is typed, the table stays within its size, what is shown has one
// line for each entry, and a key that was set is found again as it is printed.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "stick/show.h"

namespace {
using namespace weir;
using namespace weir::stick;

TableConfig config_of(KeyType type, std::uint32_t length) {
  TableConfig config;
  config.name = std::string(key_type_name(type));
  config.type = type;
  config.key_length = length;
  config.size = 16;
  config.expire = Milliseconds(1000);
  config.columns = {{DataType::server_id},    {DataType::conn_rate, 1, 1000},
                    {DataType::bytes_in_cnt}, {DataType::server_key},
                    {DataType::gpt, 2},       {DataType::gpc_rate, 2, 10}};
  return config;
}

struct Tables {
  std::vector<std::unique_ptr<StickTable>> all;
  Tables() {
    constexpr std::uint32_t kLengths[] = {4, 16, 4, 8, 5};
    for (unsigned i = 0; i < 5; ++i)
      all.push_back(std::make_unique<StickTable>(config_of(static_cast<KeyType>(i), kLengths[i]), 2));
  }
};

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t from = 0; from < line.size() && words.size() < 64;) {
    const std::size_t stop = std::min(line.find(' ', from), line.size());
    if (stop != from) words.push_back(line.substr(from, stop - from));
    from = stop + 1;
  }
  return words;
}

void run(StickTable& table, std::span<const std::string_view> words, TimePoint now) {
  std::string out;
  const std::span<const std::string_view> rest = words.subspan(1);
  if (words[0] == "set") {
    (void)set_table(table, rest, now);
  } else if (words[0] == "clear") {
    auto clear = parse_clear(table.config(), rest);
    while (clear && !clear_some(table, *clear, out, now, 3)) {
    }
  } else if (auto show = parse_show(table.config(), rest)) {
    while (!show_some(table, *show, out, now, 3)) {
    }
    std::size_t lines = 0;
    for (const char c : out) lines += c == '\n' ? 1U : 0U;
    WEIR_ASSERT(lines <= table.used() + 1);
  }
  WEIR_ASSERT(table.used() <= table.config().size);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (size > 8192) return 0;
  Tables tables;
  TimePoint now{};
  while (!input.empty()) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    now += Milliseconds(100);
    const auto words = words_of(line);
    if (words.size() < 2) continue;
    run(*tables.all[static_cast<unsigned char>(words[0][0]) % tables.all.size()], std::span(words).subspan(1), now);
  }
  return 0;
}
