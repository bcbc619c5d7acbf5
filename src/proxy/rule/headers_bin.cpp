// Actions that edit many fields at once, named in one binary value: add-headers-bin, set-headers-bin, del-headers-bin.
// Manual 4.4; the form is that of req.hdrs_bin.
//
// The value is data, from a variable or from anywhere: a name that is no token or a value with line ends in it is a
// failed rewrite, and nothing of it gets into the head.
#include <fmt/format.h>

#include <algorithm>

#include "proto/http/text.h"
#include "proxy/http/exchange.h"
#include "proxy/process_state.h"
#include "proxy/rule/action.h"
#include "proxy/rule/tables.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

// Texts, each behind its length. The manual's varint: up to 239 in one byte, then four bits and seven more a byte.
class BinaryTexts {
 public:
  explicit BinaryTexts(std::string_view data) : rest_(data) {}
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  // Nothing: the data ends within it.
  std::optional<std::string_view> next() {
    const auto size = length();
    if (!size || *size > rest_.size()) return std::nullopt;
    const std::string_view text = rest_.substr(0, *size);
    rest_.remove_prefix(*size);
    return text;
  }

 private:
  std::optional<std::uint64_t> length() {
    auto byte = take();
    if (!byte || *byte < 240) return byte;
    std::uint64_t value = *byte;
    for (unsigned shift = 4; shift < 32; shift += 7) {
      byte = take();
      if (!byte) return byte;
      value += *byte << shift;
      if (*byte < 128) return value;
    }
    return std::nullopt;  // longer than any buffer
  }
  std::optional<std::uint64_t> take() {
    if (rest_.empty()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  std::string_view rest_;
};

bool is_name(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_byte); }
bool is_value(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos; }

enum class Match : std::uint8_t { str, beg, end, sub };
struct BinaryArgument final : ActionArgument {
  sample::Expression expression;
  std::string prefix;        // add, set: of the names that count
  Match match = Match::str;  // del
};

Verdict failed(Session& session) {
  session.frontend->state->counters[session.worker->id()].failed_rewrites.add();
  if (session.backend) session.backend->state->counters[session.worker->id()].failed_rewrites.add();
  return session.http->strict_rewrites ? Verdict::failed : Verdict::next;
}

Head& head_of(Session& session, const sample::Context& context) {
  return context.in_response ? session.http->response : session.http->request;
}

bool parse(ActionReader& reader, bool deletes) {
  auto expression = reader.expression("an expression");
  if (!expression) return false;
  auto argument = std::make_shared<BinaryArgument>();
  argument->expression = std::move(*expression);
  if (deletes && reader.args.take("-m")) {
    static constexpr std::string_view kMatches[] = {"str", "beg", "end", "sub"};
    const auto match = reader.args.expect_choice("matching method", kMatches);
    if (!match) return false;
    argument->match = static_cast<Match>(*match);
  } else if (!deletes && reader.args.take("prefix")) {
    const config::Word* prefix = reader.args.expect_word("how the names begin");
    if (prefix == nullptr) return false;
    argument->prefix = prefix->text;
    std::ranges::transform(argument->prefix, argument->prefix.begin(), lower);
  }
  reader.out = std::move(argument);
  return true;
}
bool parse_fields(ActionReader& reader) { return parse(reader, false); }
bool parse_names(ActionReader& reader) { return parse(reader, true); }

// Calls `use` with each name and value. False: the data is no such list, or `use` says so.
template <class Use>
bool each_field(std::string_view data, std::string_view prefix, Use use) {
  for (BinaryTexts texts(data); !texts.at_end();) {
    const auto name = texts.next();
    if (!name) return false;
    if (texts.at_end()) return name->empty();
    const auto value = texts.next();
    if (!value) return false;
    if (name->empty()) return value->empty();  // the list's end
    if (!is_name(*name) || !is_value(*value)) return false;
    if (name->size() < prefix.size() || !same_name(name->substr(0, prefix.size()), prefix)) continue;
    if (!use(*name, *value)) return false;
  }
  return true;
}

template <bool replaces>
Verdict put_headers_bin(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const BinaryArgument*>(given);
  sample::Sample sample;
  if (argument.expression.evaluate(context, sample) != sample::FetchStatus::ok || !sample.is_text())
    return Verdict::next;
  Head& head = head_of(session, context);
  const auto data = session.http->texts.copy(sample.text());  // its fields' texts stay
  if (!data) return failed(session);
  std::size_t room = static_cast<std::size_t>(head.unused().size());
  const bool good = each_field(*data, argument.prefix, [&](std::string_view, std::string_view) { return room-- != 0; });
  if (!good) return failed(session);
  if (replaces)
    (void)each_field(*data, argument.prefix, [&](std::string_view name, std::string_view) {
      head.remove_all(FieldName(name));
      return true;
    });
  (void)each_field(*data, argument.prefix,
                   [&](std::string_view name, std::string_view value) { return head.add(name, value); });
  return Verdict::next;
}

bool goes(const std::string& name, std::string_view wanted, Match match) {
  switch (match) {
    case Match::str: return name == wanted;
    case Match::beg: return name.starts_with(wanted);
    case Match::end: return name.ends_with(wanted);
    case Match::sub: return name.contains(wanted);
  }
  return false;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

Verdict del_headers_bin(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const BinaryArgument*>(given);
  sample::Sample sample;
  if (argument.expression.evaluate(context, sample) != sample::FetchStatus::ok || !sample.is_text())
    return Verdict::next;
  Head& head = head_of(session, context);
  for (BinaryTexts texts(sample.text()); !texts.at_end();) {
    const auto name = texts.next();
    if (!name) return failed(session);
    if (name->empty()) break;  // the list's end
    const std::string wanted = lowered(*name);
    for (Field& field : head.fields())
      if (!field.removed && goes(lowered(field.name), wanted, argument.match)) field.removed = true;
  }
  return Verdict::next;
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
