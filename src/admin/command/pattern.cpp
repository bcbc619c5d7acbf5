// Commands on maps and ACLs: show, get, add, set, del, clear, prepare, commit. The lists are
// sample/pattern_reference.h's business; here are the words, and the pace: a piece of a list a turn, so that a million
// entries stall no traffic. Manual: management 9.3.
#include <fmt/format.h>

#include "admin/command/tables.h"
#include "admin/list_words.h"
#include "admin/session.h"
#include "io/stream.h"
#include "sample/pattern_file.h"
#include "sample/reference_book.h"

namespace weir::admin {
namespace {

using sample::BookEntry;
using sample::PatternReference;
using Outcome = PatternReference::Outcome;

constexpr std::size_t kEntriesATurn = 1024;

// "map" and "acl" in the words of errors.
struct MapWords {
  static constexpr bool kMap = true;
  static constexpr std::string_view kName = "map";
  static constexpr std::string_view kTitle = "map";
};
struct AclWords {
  static constexpr bool kMap = false;
  static constexpr std::string_view kName = "acl";
  static constexpr std::string_view kTitle = "ACL";
};

/// The list that the word names, or nullptr after a refusal. A plan keeps its book, and the book the list.
template <class Words>
const BookEntry* named_list(Call& call, std::string_view name) {
  const BookEntry* const entry = call.worker.plan->references ? call.worker.plan->references->find(name) : nullptr;
  if (entry != nullptr && (Words::kMap ? entry->map : entry->acl)) return entry;
  call.error(fmt::format("Unknown {} identifier. Please use #<id> or <file>.\n", Words::kTitle));
  return nullptr;
}

/// "@<ver>", if the first word is one; `next` is moved behind it. False after a refusal.
bool take_version(Call& call, std::size_t& next, PatternReference::Version& version) {
  if (!call.word(0).starts_with('@')) return true;
  version = parse_list_version(call.word(0));
  next = 1;
  if (version) return true;
  call.error(fmt::format("'{}' is no version, such as @1.\n", call.word(0)));
  return false;
}

bool may_change(Call& call) {
  if (call.session.level >= Level::operator_) return true;
  call.error("Permission denied\n");
  return false;
}

// Lets the loop turn: what piled up meanwhile goes first.
io::Task<bool> next_turn(Call& call) {
  co_await io::sleep_for(*call.worker.io, Milliseconds(1));
  const bool goes_on = co_await call.out.room();
  co_return goes_on;
}

template <class Words>
io::Task<void> list_all(Call& call) {
  const auto book = call.worker.plan->references;
  call.out.text += "# id (file) description\n";
  if (!book) co_return;
  for (const BookEntry& entry : book->entries()) {
    if (!(Words::kMap ? entry.map : entry.acl)) continue;
    const auto facts = entry.list->facts();
    call.out.text += fmt::format("{} ({}) {}. curr_ver={} next_ver={} entry_cnt={}\n", entry.id, entry.list->name(),
                                 entry.description, facts.current_version, facts.next_version, facts.entries);
    const bool goes_on = co_await call.out.room();
    if (!goes_on) co_return;
  }
  // A comment, as the first line is one: who reads lists passes over it.
  for (const update::Status& status : call.control.updates()) {
    const BookEntry* const entry = book->find(fmt::format("#{}", status.id));
    if (entry != nullptr && (Words::kMap ? entry->map : entry->acl))
      call.out.text +=
          fmt::format("# update of {}: {}\n", status.id, update::brief(status, call.worker.io->wall_now()));
  }
}

template <class Words>
io::Task<void> show(Call& call) {
  if (call.words.empty()) {
    co_await list_all<Words>(call);
    co_return;
  }
  std::size_t next = 0;
  PatternReference::Version version;
  if (!take_version(call, next, version)) co_return;
  const BookEntry* const entry = named_list<Words>(call, call.word(next));
  if (entry == nullptr) co_return;
  const std::shared_ptr<PatternReference> list = entry->list;
  std::uint64_t place = 0;
  const auto write = [&call](const sample::PatternEntry& one) {
    const auto* const value = one.value.load(std::memory_order_relaxed);
    if (value == nullptr)
      call.out.text += fmt::format("{:#x} {}\n", one.place, one.key());
    else
      call.out.text += fmt::format("{:#x} {} {}\n", one.place, one.key(), value->text());
  };
  while (list->see_some(version, place, kEntriesATurn, write)) {
    const bool goes_on = co_await next_turn(call);
    if (!goes_on) co_return;
  }
}

template <class Words>
void get(Call& call) {
  if (call.words.size() < 2) {
    call.error(fmt::format("Missing {} identifier and/or key.\n", Words::kTitle));
    return;
  }
  const BookEntry* const entry = named_list<Words>(call, call.word(0));
  if (entry == nullptr) return;
  for (const sample::ReferenceUse& use : entry->uses)
    write_list_answer(call.out.text, *entry->list, use, call.word(1), Words::kMap);
}

template <class Words>
void say_outcome(Call& call, const Result<Outcome>& outcome, std::string_view not_found) {
  if (!outcome) {
    call.error(outcome.error().message + ".\n");
    return;
  }
  switch (*outcome) {
    case Outcome::done: return;
    case Outcome::not_found: call.error(not_found); return;
    case Outcome::in_the_future:
      call.error(fmt::format("Version number in the future, please use 'prepare {}' before.\n", Words::kName));
      return;
    case Outcome::out_of_range: call.error("Version number out of range.\n"); return;
  }
}

// The lines before one that is wrong are added, as observed on 2.6.
io::Task<void> add_payload(Call& call, const std::shared_ptr<PatternReference> list,
                           PatternReference::Version version) {
  std::size_t count = 0;
  for (std::string_view rest = call.payload; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const auto [key, value] = sample::split_pattern_line(without_leading_blanks(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (value.empty()) {
      call.error(fmt::format("Missing value for key '{}'.\n", key));
      co_return;
    }
    const auto added = list->add(key, value, version);
    if (!added || *added != Outcome::done) {
      say_outcome<MapWords>(call, added, {});
      co_return;
    }
    if (++count % kEntriesATurn != 0) continue;
    const bool goes_on = co_await next_turn(call);
    if (!goes_on) co_return;
  }
}

io::Task<void> add_map(Call& call) {
  if (!may_change(call)) co_return;
  std::size_t next = 0;
  PatternReference::Version version;
  if (!take_version(call, next, version)) co_return;
  const bool one_entry = call.words.size() >= next + 3;
  if (!one_entry && (call.payload.empty() || call.words.size() != next + 1)) {
    call.error(
        "'add map' expects three parameters (map identifier, key and value) or one parameter (map identifier) and a "
        "payload\n");
    co_return;
  }
  const BookEntry* const entry = named_list<MapWords>(call, call.word(next));
  if (entry == nullptr) co_return;
  if (!one_entry) {
    co_await add_payload(call, entry->list, version);
    co_return;
  }
  say_outcome<MapWords>(call, entry->list->add(call.word(next + 1), call.word(next + 2), version), {});
}

void add_acl(Call& call) {
  if (!may_change(call)) return;
  std::size_t next = 0;
  PatternReference::Version version;
  if (!take_version(call, next, version)) return;
  if (call.words.size() < next + 2) {
    call.error("'add acl' expects two parameters: ACL identifier and pattern.\n");
    return;
  }
  const BookEntry* const entry = named_list<AclWords>(call, call.word(next));
  if (entry == nullptr) return;
  if (entry->list->two_columns()) {
    call.error("This ACL is shared with a map containing samples. You must use the command 'add map' to add values.\n");
    return;
  }
  say_outcome<AclWords>(call, entry->list->add(call.word(next + 1), std::nullopt, version), {});
}

void set_map(Call& call) {
  if (!may_change(call)) return;
  if (call.words.size() < 3) {
    call.error("'set map' expects three parameters: map identifier, key and value.\n");
    return;
  }
  const BookEntry* const entry = named_list<MapWords>(call, call.word(0));
  if (entry == nullptr) return;
  if (const auto place = parse_entry_name(call.word(1)))
    say_outcome<MapWords>(call, entry->list->set_at(*place, call.word(2)), "key or pattern not found.\n");
  else
    say_outcome<MapWords>(call, entry->list->set(call.word(1), call.word(2)), "entry not found.\n");
}

template <class Words>
void del(Call& call) {
  if (!may_change(call)) return;
  if (call.words.size() < 2) {
    call.error(fmt::format("This command expects two parameters: {} identifier and key.\n", Words::kTitle));
    return;
  }
  const BookEntry* const entry = named_list<Words>(call, call.word(0));
  if (entry == nullptr) return;
  const auto place = parse_entry_name(call.word(1));
  say_outcome<Words>(call, place ? entry->list->remove_at(*place) : entry->list->remove(call.word(1)),
                     "Key not found.\n");
}

template <class Words>
void clear(Call& call) {
  if (!may_change(call)) return;
  std::size_t next = 0;
  PatternReference::Version version;
  if (!take_version(call, next, version)) return;
  if (call.words.size() <= next) {
    call.error(fmt::format("Missing {} identifier.\n", Words::kTitle));
    return;
  }
  if (const BookEntry* const entry = named_list<Words>(call, call.word(next))) entry->list->clear(version);
}

template <class Words>
void prepare(Call& call) {
  if (!may_change(call)) return;
  if (const BookEntry* const entry = named_list<Words>(call, call.word(0)))
    call.say(6, fmt::format("New version created: {}\n", entry->list->prepare()));
}

template <class Words>
void commit(Call& call) {
  if (!may_change(call)) return;
  if (!call.word(0).starts_with('@')) {
    call.error("Missing version number.\n");
    return;
  }
  std::size_t next = 0;
  PatternReference::Version version;
  if (!take_version(call, next, version)) return;
  if (call.words.size() <= next) {
    call.error(fmt::format("Missing {} identifier.\n", Words::kTitle));
    return;
  }
  if (const BookEntry* const entry = named_list<Words>(call, call.word(next)))
    say_outcome<Words>(call, entry->list->commit(*version), {});
}

// A command that answers at once, and one that takes its time.
constexpr CliCommand row(std::string_view name, std::string_view usage, void (*answer)(Call&), std::string_view doc) {
  return {.name = name, .usage = usage, .answer = answer, .doc = doc};
}
constexpr CliCommand row(std::string_view name, std::string_view usage, io::Task<void> (*run)(Call&),
                         std::string_view doc) {
  return {.name = name, .usage = usage, .run = run, .doc = doc};
}

constexpr CliCommand kRows[] = {
    row("add acl", "add acl [@<ver>] <acl> <pattern>", add_acl, "add a pattern to an ACL"),
    row("add map", "add map [@<ver>] <map> <key> <val>", add_map,
        "add an entry to a map; a payload instead of key and value adds its lines"),
    row("clear acl", "clear acl [@<ver>] <acl>", clear<AclWords>, "remove all patterns of an ACL"),
    row("clear map", "clear map [@<ver>] <map>", clear<MapWords>, "remove all entries of a map"),
    row("commit acl", "commit acl @<ver> <acl>", commit<AclWords>, "match an ACL against this version from now on"),
    row("commit map", "commit map @<ver> <map>", commit<MapWords>, "look into this version of a map from now on"),
    row("del acl", "del acl <acl> [<key>|#<ref>]", del<AclWords>, "remove a pattern of an ACL"),
    row("del map", "del map <map> [<key>|#<ref>]", del<MapWords>, "remove an entry of a map"),
    row("get acl", "get acl <acl> <value>", get<AclWords>, "which pattern of an ACL matches a value"),
    row("get map", "get map <map> <value>", get<MapWords>, "what a map gives for a value"),
    row("prepare acl", "prepare acl <acl>", prepare<AclWords>, "begin a new version of an ACL"),
    row("prepare map", "prepare map <map>", prepare<MapWords>, "begin a new version of a map"),
    row("set map", "set map <map> [<key>|#<ref>] <value>", set_map, "change what stands behind a key of a map"),
    row("show acl", "show acl [[@<ver>] <acl>]", show<AclWords>, "ACLs, or the patterns of one"),
    row("show map", "show map [[@<ver>] <map>]", show<MapWords>, "maps, or the entries of one"),
};

}  // namespace

constinit const std::span<const CliCommand> pattern_commands{kRows};

}  // namespace weir::admin
