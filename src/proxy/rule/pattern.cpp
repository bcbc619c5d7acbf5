// Actions that change maps and ACLs. Manual 4.4: add-acl, del-acl, del-map, set-map.
//
// They name the list as maps and ACLs do and change it for all workers at once. A key or a value that the list cannot
// have ("x" where a map gives integers) changes nothing.
#include <fmt/format.h>

#include <algorithm>

#include "proto/http/text.h"
#include "proxy/keyword/build.h"
#include "proxy/rule/action.h"
#include "proxy/rule/tables.h"
#include "sample/reference_book.h"

namespace weir::proxy {
namespace {

struct ListArgument final : ActionArgument {
  std::shared_ptr<sample::PatternReference> list;
  std::shared_ptr<const sample::LogFormat> key;
  std::shared_ptr<const sample::LogFormat> value;
};

std::shared_ptr<ListArgument> read_list(ActionReader& reader, bool two_columns) {
  const std::string_view name = reader.word.arguments;
  if (name.empty()) {
    reader.error(reader.word.arguments_at, "the name of a file is missing in the parentheses");
    return nullptr;
  }
  sample::AnyReading reading;
  reading->stand_at(reader.word.at);
  auto opened = reading->open(name, two_columns, sample::ReferenceReading::User::rule);
  if (!opened) {
    reader.error(reader.word.arguments_at, opened.error().message);
    return nullptr;
  }
  auto argument = std::make_shared<ListArgument>();
  argument->list = std::move(opened->list);
  // Another file is another list: what names it is made anew then.
  reader.proxy.lines.push_back(fmt::format("list {} <{:016x}>", name, argument->list->content_hash()));
  argument->key = reader.format("the key");
  return argument->key ? argument : nullptr;
}

template <bool two_columns>
bool parse_key(ActionReader& reader) {
  reader.out = read_list(reader, two_columns);
  return reader.out != nullptr;
}

bool parse_key_and_value(ActionReader& reader) {
  auto argument = read_list(reader, true);
  if (!argument) return false;
  argument->value = reader.format("the value");
  if (!argument->value) return false;
  reader.out = std::move(argument);
  return true;
}

// One line, for so the list is shown: what would end it becomes a blank.
std::string_view text_of(const sample::LogFormat& format, sample::Context& context) {
  constexpr std::size_t kLongest = 16'384;
  const std::size_t room = std::min(kLongest, context.arena.room() / 3);
  char* const text = context.arena.take(room);
  const std::size_t size = format.format(context, {text, room});
  context.arena.keep(text, size);
  proto::http::blank_line_ends({text, size});
  return {text, size};
}

template <class Change>
Verdict change_list(const ActionArgument* given, sample::Context& context, const Change& change) {
  const auto& argument = *static_cast<const ListArgument*>(given);
  const std::size_t mark = context.arena.mark();
  const std::string_view key = text_of(*argument.key, context);
  if (!key.empty()) change(argument, key);
  context.arena.rewind(mark);
  return Verdict::next;
}

Verdict add_acl(const ActionArgument* given, Session&, sample::Context& context) {
  return change_list(given, context, [](const ListArgument& argument, std::string_view key) {
    (void)argument.list->put(key, std::nullopt);
  });
}

Verdict remove_key(const ActionArgument* given, Session&, sample::Context& context) {
  return change_list(given, context,
                     [](const ListArgument& argument, std::string_view key) { (void)argument.list->remove(key); });
}

Verdict set_map(const ActionArgument* given, Session&, sample::Context& context) {
  return change_list(given, context, [&](const ListArgument& argument, std::string_view key) {
    (void)argument.list->put(key, text_of(*argument.value, context));
  });
}

constexpr ActionRow row(std::string_view name, std::uint8_t sets, std::string_view arguments,
                        bool (*parse)(ActionReader&),
                        Verdict (*apply)(const ActionArgument*, Session&, sample::Context&), std::string_view doc,
                        std::string_view example) {
  return {.name = name,
          .form = ActionForm::parentheses,
          .sets = sets,
          .arguments = arguments,
          .parse = parse,
          .apply = apply,
          .doc = doc,
          .example = example};
}

constexpr ActionRow kRows[] = {
    row("add-acl", rules_of::http, "(<file>) <key>", parse_key<false>, add_acl,
        "Adds a pattern to the ACLs of a file, unless it is there.",
        "http-request add-acl(virt@blocked) %[src] if { path /trap }"),
    row("del-acl", rules_of::http_all, "(<file>) <key>", parse_key<false>, remove_key,
        "Removes a pattern from the ACLs of a file.", "http-request del-acl(virt@blocked) %[src] if { path /sorry }"),
    row("del-map", rules_of::http_all, "(<file>) <key>", parse_key<true>, remove_key, "Removes a key from a map.",
        "http-request del-map(virt@seats) %[src] if { path /logout }"),
    row("set-map", rules_of::http_all, "(<file>) <key> <value>", parse_key_and_value, set_map,
        "Sets what stands behind a key of a map, or adds the key.",
        "http-response set-map(virt@seats) %[src] %[res.hdr(x-seat)] if { res.hdr(x-seat) -m found }"),
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> pattern_actions{kRows};

}  // namespace weir::proxy
