// layers: stick sample proto config base
// The table commands of the runtime socket over tables of all key types: each line of the input is a command.
//
// A line is "<table> show|set|clear <words>", or "<table> track <key>" and "<table> leave" for connections that come
// and go meanwhile; the word "@" is the pointer of some entry. Whatever is typed, the table stays within its size, what
// is shown has one line for each entry, a key that was set is found again, a cleared selection holds nothing but
// tracked entries, and a tracked entry stays.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "stick/show.h"

namespace {
using namespace weir;
using namespace weir::stick;

constexpr std::size_t kMostTracked = 8;

TableConfig config_of(KeyType type, std::uint32_t length) {
  TableConfig config;
  config.name = std::string(key_type_name(type));
  config.type = type;
  config.key_length = length;
  config.size = 16;
  config.expire = Milliseconds(1000);
  config.nopurge = type == KeyType::integer;
  config.bytes_rate_factor = type == KeyType::string ? 10 : 0;
  config.columns = {{DataType::server_id},    {DataType::conn_rate, 1, 1000},     {DataType::conn_cur},
                    {DataType::bytes_in_cnt}, {DataType::bytes_in_rate, 1, 1000}, {DataType::server_key},
                    {DataType::gpt, 2},       {DataType::gpc_rate, 2, 10}};
  return config;
}

/// One table, and who is connected.
struct Played {
  std::unique_ptr<StickTable> table;
  std::deque<StickTable::Pin> tracked;
};

struct Tables {
  std::vector<Played> all;
  Tables() {
    constexpr std::uint32_t kLengths[] = {4, 16, 4, 8, 5};
    for (unsigned i = 0; i < 5; ++i)
      all.push_back({std::make_unique<StickTable>(config_of(static_cast<KeyType>(i), kLengths[i]), 2), {}});
  }
};

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t from = 0; from < line.size() && words.size() < 64;) {
    const std::size_t stop = std::min(line.find(' ', from), line.size());
    if (stop != from) words.emplace_back(line.substr(from, stop - from));
    from = stop + 1;
  }
  return words;
}

std::string pointer_of_some_entry(StickTable& table, TimePoint now) {
  StickTable::Cursor cursor;
  std::vector<StickTable::View> views;
  while (!cursor.done && views.empty()) table.read_some(cursor, 4, now, views);
  if (views.empty()) return "0x0";
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(views.front().address));
  return text;
}

using Words = std::span<const std::string_view>;

void leave(Played& played, TimePoint now) {
  if (played.tracked.empty()) return;
  played.table->untrack(played.tracked.front(), {.in = 99, .out = 1}, now);
  played.tracked.pop_front();
}

void track(Played& played, Words words, TimePoint now) {
  if (words.empty()) return;
  const auto key = key_from_text(played.table->config(), words[0]);
  if (!key) return;
  if (played.tracked.size() == kMostTracked) leave(played, now);
  if (auto pin = played.table->track(*key, now)) played.tracked.push_back(std::move(pin));
}

void set(StickTable& table, Words words, TimePoint now) {
  const std::string answer = set_table(table, words, now);
  if (!answer.empty() || words.size() < 2 || words[0] != "key") return;
  const auto key = key_from_text(table.config(), words[1]);
  WEIR_ASSERT(key && table.view_of(*key, now));
}

/// How many entries the words select now.
std::size_t shown(StickTable& table, Words words, TimePoint now) {
  auto show = parse_show(table.config(), words);
  if (!show) return 0;
  std::string out;
  while (!show_some(table, *show, out, now, 3)) {
  }
  const auto lines = static_cast<std::size_t>(std::ranges::count(out, '\n'));
  return lines == 0 ? 0 : lines - 1;
}

void clear(Played& played, Words words, TimePoint now) {
  auto clearing = parse_clear(played.table->config(), words);
  if (!clearing) return;
  std::string out;
  while (!clear_some(*played.table, *clearing, out, now, 3)) {
  }
  WEIR_ASSERT(shown(*played.table, words, now) <= played.tracked.size());
}

void run(Played& played, std::string_view verb, Words words, TimePoint now) {
  StickTable& table = *played.table;
  if (verb == "track") {
    track(played, words, now);
  } else if (verb == "leave") {
    leave(played, now);
  } else if (verb == "set") {
    set(table, words, now);
  } else if (verb == "clear") {
    clear(played, words, now);
  } else {
    WEIR_ASSERT(shown(table, words, now) <= table.used());
  }
  WEIR_ASSERT(table.used() <= table.config().size);
  for (const StickTable::Pin& pin : played.tracked) {
    const auto view = table.view_of(table.key(pin), now);
    WEIR_ASSERT(view && view->uses != 0);
  }
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
    std::vector<std::string> words = words_of(line);
    if (words.size() < 2) continue;
    Played& played = tables.all[static_cast<unsigned char>(words[0][0]) % tables.all.size()];
    for (std::string& word : words)
      if (word == "@") word = pointer_of_some_entry(*played.table, now);
    const std::vector<std::string_view> views(words.begin(), words.end());
    run(played, views[1], Words(views).subspan(2), now);
  }
  for (Played& played : tables.all)
    while (!played.tracked.empty()) leave(played, now);
  return 0;
}
