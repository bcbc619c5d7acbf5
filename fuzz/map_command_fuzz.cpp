// layers: admin proxy check peers log resolve stick balance tls sample config proto io base
//
// Changes of a list as commands and rules make them, each line of the input one: "add k v", "put k v", "set k v",
// "del k", "ref #0x1 v", "drop #0x1", "clear", "prepare", "stage @1 k v", "wipe @1", "commit @1", "get k". A plain
// vector is the list's double: both hold the same entries in the same order, the first of equal keys is found, and what
// one kind of match refuses no entry has.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/command_line.h"
#include "admin/list_words.h"
#include "base/assert.h"

namespace {
using namespace weir;
using namespace weir::sample;
using Outcome = PatternReference::Outcome;
using Entries = std::vector<std::pair<std::string, std::string>>;

constexpr ViewKind kKinds[] = {{.match = MatchKind::str},
                               {.match = MatchKind::str, .ignore_case = true},
                               {.match = MatchKind::beg},
                               {.match = MatchKind::end, .ignore_case = true},
                               {.match = MatchKind::dom},
                               {.match = MatchKind::ip},
                               {.match = MatchKind::bin},
                               {.match = MatchKind::integer},
                               {.match = MatchKind::integer, .versions = true}};

struct Pair {
  std::shared_ptr<PatternReference> list;
  Entries current;
  std::map<std::uint32_t, Entries> prepared;
  std::uint32_t version = 0;
  std::uint32_t next = 0;

  Entries shown(PatternReference::Version of) const {
    Entries entries;
    std::uint64_t place = 0;
    while (list->see_some(of, place, 3, [&](const PatternEntry& entry) {
      entries.emplace_back(entry.key(), entry.value.load()->text());
    })) {
    }
    return entries;
  }
  /// Only what was added stands in the double.
  void agree() const {
    WEIR_ASSERT(shown({}) == current);
    for (const auto& [number, entries] : prepared) WEIR_ASSERT(shown(number) == entries);
  }
};

void change(Pair& both, std::string_view verb, const std::string& key, const std::string& value) {
  const auto is_key = [&](const auto& entry) { return entry.first == key; };
  const bool known = std::any_of(both.current.begin(), both.current.end(), is_key);
  if (verb == "add") {
    const auto added = both.list->add(key, value);
    if (added) both.current.emplace_back(key, value);
  } else if (verb == "put") {
    const auto done = both.list->put(key, value);
    if (done && !known) both.current.emplace_back(key, value);
    if (done)
      for (auto& entry : both.current)
        if (is_key(entry)) entry.second = value;
  } else if (verb == "set") {
    const auto done = both.list->set(key, value);
    WEIR_ASSERT(!done || (*done == Outcome::done) == known);
    if (done)
      for (auto& entry : both.current)
        if (is_key(entry)) entry.second = value;
  } else if (verb == "del") {
    WEIR_ASSERT((both.list->remove(key) == Outcome::done) == known);
    std::erase_if(both.current, is_key);
  } else if (verb == "clear") {
    both.list->clear({});
    both.current.clear();
  }
}

void change_version(Pair& both, std::string_view verb, std::uint32_t version, const std::string& key,
                    const std::string& value) {
  if (verb == "stage" && version != both.version) {
    const auto added = both.list->add(key, value, version);
    const bool open =
        static_cast<std::int32_t>(version - both.version) > 0 && static_cast<std::int32_t>(version - both.next) <= 0;
    WEIR_ASSERT(!added || (*added == Outcome::done) == open);
    if (added && open) both.prepared[version].emplace_back(key, value);
  } else if (verb == "wipe" && version != both.version) {
    both.list->clear(version);
    both.prepared.erase(version);
  } else if (verb == "commit" && both.list->commit(version) == Outcome::done) {
    both.current = both.prepared[version];
    both.version = version;
    std::erase_if(both.prepared, [&](const auto& one) { return static_cast<std::int32_t>(one.first - version) <= 0; });
  }
}

void look(const Pair& both, ViewKind kind, const std::string& key) {
  std::string answer;
  admin::write_list_answer(answer, *both.list, {.kind = kind, .output = MapOutput::text}, key, true);
  WEIR_ASSERT(answer.starts_with("type=") && answer.ends_with('\n'));
  if (kind.match != MatchKind::str || kind.ignore_case) return;
  const auto first =
      std::find_if(both.current.begin(), both.current.end(), [&](const auto& one) { return one.first == key; });
  WEIR_ASSERT(answer.contains("found=yes") == (first != both.current.end()));
  if (first != both.current.end()) WEIR_ASSERT(answer.contains("value=\"" + first->second + "\""));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.empty()) return 0;
  const ViewKind kind = kKinds[static_cast<unsigned char>(text[0]) % std::size(kKinds)];
  const MapOutput output = text[0] & 0x40 ? MapOutput::text : MapOutput::integer;
  text.remove_prefix(1);
  Pair both{
      .list = std::make_shared<PatternReference>(PatternSource{
          .name = "fuzz", .content = std::make_shared<const std::string>(), .patterns = {}, .two_columns = true})};
  WEIR_ASSERT(both.list->use_as_map(kind, output));
  for (std::size_t lines = 0; !text.empty() && lines < 400; ++lines) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto words = admin::split_command_line(text.substr(0, end)).commands.front();
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    const std::string& verb = words[0];
    const auto word = [&](std::size_t i) { return i < words.size() ? words[i] : std::string(); };
    if (verb == "prepare") {
      WEIR_ASSERT(both.list->prepare() == ++both.next);
    } else if (verb == "get") {
      look(both, kind, word(1));
      look(both, kKinds[0], word(1));
    } else if (const auto place = admin::parse_entry_name(word(1)); verb == "drop" && place) {
      if (both.list->remove_at(*place) == Outcome::done) {  // which one it was the list must say
        both.current = both.shown({});
        for (auto& [number, entries] : both.prepared) entries = both.shown(number);
      }
    } else if (const auto version = admin::parse_list_version(word(1))) {
      change_version(both, verb, *version, word(2), word(3));
    } else {
      change(both, verb, word(1), word(2));
    }
    both.agree();
  }
  return 0;
}
