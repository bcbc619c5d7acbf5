// Actions that edit many fields at once, named in one binary value: add-headers-bin, set-headers-bin, del-headers-bin.
// Manual 4.4; the form is that of req.hdrs_bin.
//
// The value is data, from a variable or from anywhere: a name that is no token or a value with line ends in it is a
// failed rewrite, and nothing of it gets into the head. Reader: proto/http/field_list.h.
#include "proto/http/field_list.h"
#include "proxy/rule/action.h"
#include "proxy/rule/rewriting.h"
#include "proxy/rule/tables.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

struct BinaryArgument final : ActionArgument {
  sample::Expression expression;
  std::string prefix;                // add, set: of the names that count
  NameMatch match = NameMatch::str;  // del
};

bool parse(ActionReader& reader, bool deletes) {
  auto expression = reader.expression("an expression");
  if (!expression) return false;
  auto argument = std::make_shared<BinaryArgument>();
  argument->expression = std::move(*expression);
  if (deletes && reader.args.take("-m")) {
    const auto match = reader.args.expect_choice("matching method", kNameMatches);
    if (!match) return false;
    argument->match = static_cast<NameMatch>(*match);
  } else if (!deletes && reader.args.take("prefix")) {
    const config::Word* prefix = reader.args.expect_word("how the names begin");
    if (prefix == nullptr) return false;
    argument->prefix = prefix->text;
  }
  reader.out = std::move(argument);
  return true;
}
bool parse_fields(ActionReader& reader) { return parse(reader, false); }
bool parse_names(ActionReader& reader) { return parse(reader, true); }

// Calls `use` with each field whose name begins with `prefix`. False: the data is no such list, or `use` says so.
template <class Use>
bool each_field(std::string_view data, std::string_view prefix, Use use) {
  FieldList list(data);
  while (const auto field = list.next()) {
    if (!same_name(field->name.substr(0, prefix.size()), prefix)) continue;
    if (!use(field->name, field->value)) return false;
  }
  return !list.broken();
}

template <bool replaces>
Verdict put_headers_bin(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const BinaryArgument*>(given);
  sample::Sample sample;
  if (argument.expression.evaluate(context, sample) != sample::FetchStatus::ok || !sample.is_text())
    return Verdict::next;
  Head& head = head_of(session, context);
  const auto data = session.http->texts.copy(sample.text());  // its fields' texts stay
  if (!data) return failed_rewrite(session);
  std::size_t room = head.unused().size();
  const bool good = each_field(*data, argument.prefix, [&](std::string_view, std::string_view) { return room-- != 0; });
  if (!good) return failed_rewrite(session);
  if (replaces)
    (void)each_field(*data, argument.prefix, [&](std::string_view name, std::string_view) {
      head.remove_all(FieldName(name));
      return true;
    });
  (void)each_field(*data, argument.prefix,
                   [&](std::string_view name, std::string_view value) { return head.add(name, value); });
  return Verdict::next;
}

Verdict del_headers_bin(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const BinaryArgument*>(given);
  sample::Sample sample;
  if (argument.expression.evaluate(context, sample) != sample::FetchStatus::ok || !sample.is_text())
    return Verdict::next;
  Head& head = head_of(session, context);
  TextList names(sample.text());
  for (auto name = names.next(); name && !name->empty(); name = names.next()) {
    for (Field& field : head.fields())
      if (!field.removed && matches_name(field.name, *name, argument.match)) field.removed = true;
  }
  return names.broken() ? failed_rewrite(session) : Verdict::next;
}

constexpr ActionRow kRows[] = {
    {.name = "add-headers-bin",
     .sets = rules_of::http_all,
     .arguments = "<expr> [prefix <text>]",
     .parse = parse_fields,
     .apply = put_headers_bin<false>,
     .doc = "Adds the fields that a binary value lists as req.hdrs_bin does; those whose names begin so.",
     .example = "http-request add-headers-bin var(txn.fields) prefix x-"},
    {.name = "del-headers-bin",
     .sets = rules_of::http_all,
     .arguments = "<expr> [-m str|beg|end|sub]",
     .parse = parse_names,
     .apply = del_headers_bin,
     .doc = "Removes the fields whose names a binary value lists, each behind its length.",
     .example = "http-request del-headers-bin var(txn.names) -m beg"},
    {.name = "set-headers-bin",
     .sets = rules_of::http_all,
     .arguments = "<expr> [prefix <text>]",
     .parse = parse_fields,
     .apply = put_headers_bin<true>,
     .doc = "The same as add-headers-bin, once other fields of those names are removed.",
     .example = "http-request set-headers-bin var(txn.fields)"},
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> headers_bin_actions{kRows};

}  // namespace weir::proxy
