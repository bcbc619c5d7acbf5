// Variables as samples. Manual 2.8, 7.3.2.
//
// dump_all_vars writes into the arena what is set at this moment, all or nothing: a line cut short would show a value
// that no variable has.
#include "sample/variable.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "sample/tables.h"

namespace weir::sample {
namespace {

FetchStatus var(const Args& args, Context& context, Sample& out) {
  if (get_variable(context, *static_cast<const VariableName*>(args.prepared), out)) return FetchStatus::ok;
  if (!args.has(1)) return FetchStatus::absent;
  out = Sample::string(args[1].text);
  return FetchStatus::ok;
}

Result<std::shared_ptr<const void>> prepare_name(const Args& args) {
  auto name = VariableName::parse(args[0].text);
  if (!name) return unexpected(name.error());
  return std::make_shared<const VariableName>(*name);
}

/// The longest text of dump_all_vars: a buffer's size.
constexpr std::size_t kMostText = 16384;

struct DumpScope {
  std::string_view name;
  VariableScope scope;
};
constexpr DumpScope kDumpScopes[] = {
    // in the order in which they are shown
    {"sess", VariableScope::sess}, {"txn", VariableScope::txn},   {"req", VariableScope::req},
    {"res", VariableScope::res},   {"proc", VariableScope::proc},
};

struct DumpArguments {
  std::optional<VariableScope> scope;  // nothing: all
  std::string prefix;                  // of the names behind the dot
  std::string delimiter = ", ";
};

Result<std::shared_ptr<const void>> prepare_dump(const Args& args) {
  DumpArguments made;
  if (args.has(0) && !args[0].text.empty()) {
    const auto known = std::ranges::find(kDumpScopes, args[0].text, &DumpScope::name);
    if (known == std::end(kDumpScopes))
      return fail("'" + args[0].text.substr(0, 32) + "' is no scope: there are sess, txn, req, res and proc");
    made.scope = known->scope;
  }
  if (args.has(1)) made.prefix = args[1].text;
  if (args.has(2) && !args[2].text.empty()) made.delimiter = args[2].text;
  return std::make_shared<const DumpArguments>(std::move(made));
}

/// Text that grows in the arena up to its bound; once something did not fit nothing more is written.
class BoundedText {
 public:
  explicit BoundedText(Arena& arena)
      : arena_(&arena), room_(std::min(arena.room(), kMostText)), start_(arena.take(room_)) {}

  void add(std::string_view text) {
    full_ |= text.size() > room_ - size_;
    if (full_) return;
    std::ranges::copy(text, start_ + size_);
    size_ += text.size();
  }
  void add_quoted(std::string_view text) {
    add("\"");
    for (const char& c : text) {
      switch (c) {
        case '"': add("\\\""); break;
        case '\\': add("\\\\"); break;
        case '\r': add("\\r"); break;
        case '\n': add("\\n"); break;
        case '\b': add("\\b"); break;
        case '\0': add("\\0"); break;
        default: add({&c, 1});
      }
    }
    add("\"");
  }
  void add_hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    add("x");
    for (const char c : bytes) {
      const auto byte = static_cast<unsigned char>(c);
      const char pair[] = {kDigits[byte >> 4], kDigits[byte & 15]};
      add({pair, sizeof pair});
    }
  }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// Gives back what was not needed; nullopt when something did not fit.
  std::optional<std::string_view> finish() {
    arena_->keep(start_, full_ ? 0 : size_);
    if (full_) return std::nullopt;
    return std::string_view(start_, size_);
  }

 private:
  Arena* arena_;
  std::size_t room_;
  char* start_;
  std::size_t size_ = 0;
  bool full_ = false;
};

void add_value(BoundedText& out, const Sample& value) {
  char text[INET6_ADDRSTRLEN];
  switch (value.type()) {
    case Type::boolean: return out.add(value.as_boolean() ? "true" : "false");
    case Type::integer: {
      const auto [end, error] = std::to_chars(text, text + sizeof text, value.as_integer());
      return out.add({text, static_cast<std::size_t>(end - text)});
    }
    case Type::ipv4: {
      const in_addr four{htonl(value.as_ipv4())};
      return out.add(inet_ntop(AF_INET, &four, text, sizeof text));
    }
    case Type::ipv6: {
      const in6_addr six = value.as_ipv6();
      return out.add(inet_ntop(AF_INET6, &six, text, sizeof text));
    }
    case Type::binary: return out.add_hex(value.text());
    default: return out.add_quoted(value.text());
  }
}

FetchStatus dump_all_vars(const Args& args, Context& context, Sample& out) {
  const DumpArguments& wanted = *static_cast<const DumpArguments*>(args.prepared);
  BoundedText text(context.arena);
  const auto see = [&](const VariableName& name, const Sample& value) {
    const std::string_view whole = *name.text;
    if (!whole.substr(whole.find('.') + 1).starts_with(wanted.prefix)) return;
    if (!text.empty()) text.add(wanted.delimiter);
    text.add(whole);
    text.add("=");
    add_value(text, value);
  };
  for (const DumpScope& known : kDumpScopes) {
    if (wanted.scope && *wanted.scope != known.scope) continue;
    if (known.scope == VariableScope::proc) {
      if (context.process_variables != nullptr) context.process_variables->each(see);
    } else if (context.variables != nullptr && *context.variables != nullptr) {
      (*context.variables)->each(known.scope, see);
    }
  }
  const auto made = text.finish();
  if (!made) return FetchStatus::absent;
  out = Sample::string(*made);
  return FetchStatus::ok;
}

constexpr Fetch kRows[] = {
    {.name = "dump_all_vars",
     .args = args(0, {ArgKind::string, ArgKind::string, ArgKind::string}),
     .out = Type::string,
     .fetch = dump_all_vars,
     .prepare = prepare_dump,
     .doc =
         "All variables that are set, as name=value: of one scope (sess, txn, req, res, proc) or all, with names that "
         "begin so behind the dot, joined by the third argument or \", \". Strings are quoted, bytes are x and hex "
         "digits. Absent when it is longer than 16 kB.",
     .examples = {{{"dump_all_vars(proc)", "proc.site=\"north\", proc.seats=40"},
                   {"dump_all_vars(proc,se)", "proc.seats=40"},
                   {"dump_all_vars(,s,;)", "proc.site=\"north\";proc.seats=40"},
                   {"dump_all_vars(txn)", ""}}}},
    {.name = "var",
     .args = args(1, {ArgKind::string, ArgKind::string}),
     .out = Type::any,
     .fetch = var,
     .prepare = prepare_name,
     .doc =
         "The variable's value with the type it was stored with; the second argument, as a string, when it is not set.",
     .examples = {{{"var(txn.farm,none)", "none"}, {"var(sess.user)", "", true}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> variable_fetches{kRows};
}  // namespace weir::sample
