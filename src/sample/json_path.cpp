#include "sample/json_path.h"

#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <simdjson.h>

namespace weir::sample {
namespace {

namespace ondemand = simdjson::ondemand;

bool give_text(std::string_view text, Arena& arena, Sample& out) {
  const auto copy = arena.copy(text);
  if (copy) out = Sample::string(*copy);
  return copy.has_value();
}

bool give_string(ondemand::value value, bool integer, Arena& arena, Sample& out) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return false;
  if (!integer) return give_text(text, arena, out);
  out = Sample::string(text);
  return cast(out, Type::integer, arena);
}

bool give_number(ondemand::value value, bool integer, Arena& arena, Sample& out) {
  std::int64_t whole = 0;
  if (value.get_int64().get(whole) == simdjson::SUCCESS) {
    out = Sample::integer(whole);
    return true;
  }
  double fraction = 0;
  if (value.get_double().get(fraction) != simdjson::SUCCESS) return false;
  if (integer) {
    if (!(fraction > -9.2e18 && fraction < 9.2e18)) return false;
    out = Sample::integer(static_cast<std::int64_t>(fraction));
    return true;
  }
  std::array<char, 32> text;
  const auto end = fmt::format_to_n(text.data(), text.size(), "{:g}", fraction).out;
  return give_text({text.data(), end}, arena, out);
}

bool give(ondemand::value value, bool integer, Arena& arena, Sample& out) {
  ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  switch (type) {
    case ondemand::json_type::string: return give_string(value, integer, arena, out);
    case ondemand::json_type::number: return give_number(value, integer, arena, out);
    case ondemand::json_type::boolean: {
      bool truth = false;
      if (value.get_bool().get(truth) != simdjson::SUCCESS) return false;
      out = integer ? Sample::integer(truth ? 1 : 0) : Sample::boolean(truth);
      return true;
    }
    case ondemand::json_type::array: {
      std::string_view raw;
      if (integer || simdjson::to_json_string(value).get(raw) != simdjson::SUCCESS) return false;
      return give_text(raw, arena, out);
    }
    default: return false;
  }
}

/// One name behind a dot; a backslash takes the meaning of the character behind it.
std::string read_name(std::string_view text, std::size_t& at) {
  std::string name;
  for (; at < text.size() && text[at] != '.' && text[at] != '['; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    name += text[at];
  }
  return name;
}

}  // namespace

Result<JsonPath> JsonPath::parse(std::string_view text) {
  if (!text.starts_with('$')) return fail("a JSON path begins with '$', for instance $.user.id");
  JsonPath path;
  for (std::size_t at = 1; at < text.size();) {
    Step step;
    if (text[at] == '.') {
      step.is_name = true;
      step.name = read_name(text, ++at);
      if (step.name.empty() || step.name == "*") return fail("a JSON path names one value: names and positions only");
    } else if (text[at] == '[') {
      const std::size_t end = text.find(']', at);
      const std::string_view inside = text.substr(at + 1, end == text.npos ? text.npos : end - at - 1);
      if (end == text.npos || inside.empty()) return fail("']' is missing in the JSON path");
      at = end + 1;
      step.is_name = inside.size() >= 2 && inside.front() == inside.back() && (inside[0] == '\'' || inside[0] == '"');
      if (step.is_name) {
        step.name = inside.substr(1, inside.size() - 2);
      } else {
        const auto [stop, wrong] = std::from_chars(inside.data(), inside.data() + inside.size(), step.position);
        if (wrong != std::errc{} || stop != inside.data() + inside.size())
          return fail("between '[' and ']' stands a position or a quoted name");
      }
    } else {
      return fail("'.' or '[' was expected in the JSON path");
    }
    path.steps_.push_back(std::move(step));
  }
  return path;
}

bool JsonPath::query(std::string_view document, bool integer, Arena& arena, Sample& out) const {
  char* copy = arena.take(document.size() + simdjson::SIMDJSON_PADDING);
  if (copy == nullptr) return false;
  if (!document.empty()) std::memcpy(copy, document.data(), document.size());
  std::memset(copy + document.size(), 0, simdjson::SIMDJSON_PADDING);
  // One for each thread: it keeps the room it needed, which the arena bounds.
  thread_local ondemand::parser parser;
  ondemand::document read;
  const simdjson::padded_string_view padded(copy, document.size(), document.size() + simdjson::SIMDJSON_PADDING);
  if (parser.iterate(padded).get(read) != simdjson::SUCCESS) return false;
  ondemand::value value;
  if (read.get_value().get(value) != simdjson::SUCCESS) return false;
  for (const Step& step : steps_) {
    const auto next = step.is_name ? value.find_field_unordered(step.name) : value.at(step.position);
    ondemand::value found;
    if (simdjson::simdjson_result<ondemand::value>(next).get(found) != simdjson::SUCCESS) return false;
    value = found;
  }
  return give(value, integer, arena, out);
}

Result<std::shared_ptr<const void>> prepare_json_query(const Args& args) {
  auto made = std::make_shared<JsonQuery>();
  if (args.has(0)) {
    auto path = JsonPath::parse(args[0].text);
    if (!path) return unexpected(path.error());
    made->path = std::move(*path);
  }
  if (args.has(1) && args[1].text != "int") return fail("the output type is 'int' or not there");
  made->integer = args.has(1);
  return std::shared_ptr<const void>(std::move(made));
}

}  // namespace weir::sample
