// Texts and variables, put together and compared. Manual 7.3.1: concat, add_item, strcmp, secure_memcmp.
#include "sample/operand.h"
#include "sample/tables.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

/// The texts around a variable: concat(start,var,end), add_item(delimiter,var,suffix).
struct Pieces {
  std::string before;
  std::optional<VariableName> variable;
  std::string after;
};

Result<std::shared_ptr<const void>> prepare_pieces(const Args& args) {
  auto made = std::make_shared<Pieces>();
  if (args.has(0)) made->before = args[0].text;
  if (args.has(1) && !args[1].text.empty()) {
    auto name = VariableName::parse(args[1].text);
    if (!name) return unexpected(name.error());
    made->variable = *name;
  }
  if (args.has(2)) made->after = args[2].text;
  return std::shared_ptr<const void>(std::move(made));
}
Result<std::shared_ptr<const void>> prepare_item(const Args& args) {
  auto made = prepare_pieces(args);
  if (!made) return made;
  const auto& pieces = *static_cast<const Pieces*>(made->get());
  if (!pieces.variable && pieces.after.empty()) return fail("a variable or a suffix is missing");
  return made;
}
Result<std::shared_ptr<const void>> prepare_variable(const Args& args) {
  auto name = VariableName::parse(args[0].text);
  if (!name) return unexpected(name.error());
  return std::make_shared<const VariableName>(*name);
}

bool put_together(std::initializer_list<std::string_view> parts, Context& context, Sample& sample) {
  const auto text = joined_copy(parts, context.arena);
  if (text) sample = Sample::string(*text);
  return text.has_value();
}

/// Empty when it is not set.
std::string_view text_or_empty(const std::optional<VariableName>& name, Context& context) {
  return name ? variable_text(context, *name).value_or("") : std::string_view();
}

bool concat(const Args& args, Context& context, Sample& sample) {
  const auto& pieces = *static_cast<const Pieces*>(args.prepared);
  return put_together({sample.text(), pieces.before, text_or_empty(pieces.variable, context), pieces.after}, context,
                      sample);
}

bool add_item(const Args& args, Context& context, Sample& sample) {
  const auto& pieces = *static_cast<const Pieces*>(args.prepared);
  const std::string_view value = text_or_empty(pieces.variable, context);
  if (value.empty() && pieces.after.empty()) return true;
  const std::string_view delimiter = sample.text().empty() ? std::string_view() : std::string_view(pieces.before);
  return put_together({sample.text(), delimiter, value, pieces.after}, context, sample);
}

std::optional<std::string_view> other_text(const Args& args, Context& context) {
  return variable_text(context, *static_cast<const VariableName*>(args.prepared));
}

/// COMPAT: the difference of the first bytes that differ, else of the lengths.
bool strcmp(const Args& args, Context& context, Sample& sample) {
  const auto other = other_text(args, context);
  if (!other) return false;
  const std::string_view text = sample.text();
  const auto [mine, theirs] = std::mismatch(text.begin(), text.end(), other->begin(), other->end());
  std::int64_t result = static_cast<std::int64_t>(text.size()) - static_cast<std::int64_t>(other->size());
  if (mine != text.end() && theirs != other->end())
    result = static_cast<unsigned char>(*mine) - static_cast<unsigned char>(*theirs);
  sample = Sample::integer(result);
  return true;
}

/// The time depends on the length only. The compiler is told that it does not know the result before the end.
bool secure_memcmp(const Args& args, Context& context, Sample& sample) {
  const auto other = other_text(args, context);
  if (!other) return false;
  const std::string_view text = sample.text();
  unsigned difference = text.size() == other->size() ? 0 : 1;
  for (std::size_t i = 0; i < text.size() && text.size() == other->size(); ++i) {
    difference |= static_cast<unsigned char>(text[i] ^ (*other)[i]);
    asm volatile("" : "+r"(difference));
  }
  sample = Sample::boolean(difference == 0);
  return true;
}

constexpr ArgSpec kAround = args(0, {ArgKind::string, ArgKind::string, ArgKind::string});
constexpr ArgSpec kVariable = args(1, {ArgKind::string});

constexpr Converter kRows[] = {
    {.name = "add_item",
     .args = args(1, {ArgKind::string, ArgKind::string, ArgKind::string}),
     .in = Type::string,
     .out = Type::string,
     .apply = add_item,
     .prepare = prepare_item,
     .doc = "Adds an item to a list: the delimiter, unless the list is empty, a variable's value and a suffix; nothing "
            "when both are empty.",
     .examples = {{{"str(a),add_item(':',proc.site)", "a:north"},
                   {"str(),add_item(':',proc.site,!)", "north!"},
                   {"str(a),add_item(':',txn.none)", "a"},
                   {"str(a),add_item(':',,b)", "a:b"}}}},
    {.name = "concat",
     .args = kAround,
     .in = Type::string,
     .out = Type::string,
     .apply = concat,
     .prepare = prepare_pieces,
     .doc = "Adds a text, a variable's value when it is set, and another text.",
     .examples = {{{"str(a),concat(-,proc.site,-)", "a-north-"},
                   {"str(a),concat(b,txn.none,c)", "abc"},
                   {"str(a),concat(.)", "a."}}}},
    {.name = "secure_memcmp",
     .args = kVariable,
     .in = Type::binary,
     .out = Type::boolean,
     .apply = secure_memcmp,
     .prepare = prepare_variable,
     .doc = "Whether the bytes are those of a variable, in a time that depends on their number only.",
     .examples = {{{"str(north),secure_memcmp(proc.site)", "1"},
                   {"str(south),secure_memcmp(proc.site)", "0"},
                   {"str(a),secure_memcmp(txn.none)", "", true}}}},
    {.name = "strcmp",
     .args = kVariable,
     .in = Type::string,
     .out = Type::integer,
     .apply = strcmp,
     .prepare = prepare_variable,
     .doc = "Compares with a variable: 0 for equal texts, less for what comes before it, more for what comes after.",
     .examples = {{{"str(north),strcmp(proc.site)", "0"},
                   {"str(northern),strcmp(proc.site)", "3"},
                   {"str(m),strcmp(proc.site)", "-1"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> concat_converters{kRows};
}  // namespace weir::sample
