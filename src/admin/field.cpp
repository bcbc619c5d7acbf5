#include "admin/field.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/utf8.h"

namespace weir::admin {
namespace {

// Management 9.2: the letters and the words that JSON has for them.
std::string_view origin_word(char letter) {
  switch (letter) {
    case 'M': return "Metric";
    case 'S': return "Status";
    case 'K': return "Key";
    case 'C': return "Config";
    default: return "Product";
  }
}
std::string_view nature_word(char letter) {
  switch (letter) {
    case 'A': return "Age";
    case 'a': return "Avg";
    case 'C': return "Counter";
    case 'D': return "Duration";
    case 'G': return "Gauge";
    case 'L': return "Limit";
    case 'M': return "Max";
    case 'm': return "Min";
    case 'N': return "Name";
    case 'R': return "Rate";
    default: return "Output";
  }
}
std::string_view scope_word(char letter) {
  switch (letter) {
    case 'C': return "Cluster";
    case 'S': return "Service";
    case 's': return "System";
    default: return "Process";
  }
}
std::string_view owner_word(char letter) {
  switch (letter) {
    case 'F': return "Frontend";
    case 'B': return "Backend";
    case 'L': return "Listener";
    default: return "Server";
  }
}

// Counters of this process are its own: nobody shares them.
constexpr char kVolatile = 'V';

}  // namespace

std::string Fields::value(std::size_t index) const {
  const auto& value = values_[index];
  switch (value.index()) {
    case 1: return fmt::to_string(std::get<1>(value));
    case 2: return fmt::to_string(std::get<2>(value));
    case 3: return fmt::to_string(std::get<3>(value));
    case 4: return std::get<4>(value);
    default: return {};
  }
}

std::string_view Fields::type(std::size_t index) const {
  constexpr std::string_view kTypes[] = {"", "u32", "s32", "u64", "str"};
  return kTypes[values_[index].index()];
}

void write_csv_text(std::string& out, std::string_view text) {
  if (text.find_first_of("\",\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c == '\n' ? ' ' : c;
  }
  out += '"';
}

void write_csv(std::string& out, const Fields& fields) {
  for (std::size_t i = 0; i < fields.rows().size(); i++) {
    write_csv_text(out, fields.value(i));
    out += ',';
  }
  out += '\n';
}

void write_typed(std::string& out, const Fields& fields, const FieldOwner* owner, bool described) {
  const auto end = std::back_inserter(out);
  for (std::size_t i = 0; i < fields.rows().size(); i++) {
    if (!fields.present(i)) continue;
    const FieldRow& row = fields.rows()[i];
    if (owner != nullptr) fmt::format_to(end, "{}.{}.{}.", owner->letter, owner->proxy, owner->id);
    fmt::format_to(end, "{}.{}.1:{}{}:{}:{}", i, row.name, row.tags, kVolatile, fields.type(i), fields.value(i));
    if (described) fmt::format_to(end, ":\"{}\"", row.doc);
    out += '\n';
  }
}

// What is no UTF-8, such as the answer of a checked server, is taken for Latin-1: the document stays one.
void write_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    const auto c = static_cast<unsigned char>(text[0]);
    if (c == '"' || c == '\\')
      out.append("\\").append(text.substr(0, 1));
    else if (size == 0 || c < 0x20)
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    else
      out += text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  out += '"';
}

void write_json(std::string& out, const Fields& fields, const FieldOwner* owner) {
  const auto end = std::back_inserter(out);
  out += '[';
  bool first = true;
  for (std::size_t i = 0; i < fields.rows().size(); i++) {
    if (!fields.present(i)) continue;
    const FieldRow& row = fields.rows()[i];
    out += first ? "{" : ",{";
    first = false;
    if (owner != nullptr)
      fmt::format_to(end, R"("objType":"{}","proxyId":{},"id":{},)", owner_word(owner->letter), owner->proxy,
                     owner->id);
    fmt::format_to(end, R"("field":{{"pos":{},"name":"{}"}},"processNum":1,)", i, row.name);
    fmt::format_to(end, R"("tags":{{"origin":"{}","nature":"{}","scope":"{}"}},)", origin_word(row.tags[0]),
                   nature_word(row.tags[1]), scope_word(row.tags[2]));
    fmt::format_to(end, R"("value":{{"type":"{}","value":)", fields.type(i));
    if (fields.is_text(i))
      write_json_text(out, fields.value(i));
    else
      out += fields.value(i);
    out += "}}";
  }
  out += ']';
}

}  // namespace weir::admin
