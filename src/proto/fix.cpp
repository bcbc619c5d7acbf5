#include "proto/fix.h"

#include <algorithm>
#include <charconv>

namespace weir::proto::fix {
namespace {

constexpr char kEnd = '\x01';
constexpr std::uint32_t kBeginString = 8;
constexpr std::uint32_t kBodyLength = 9;
constexpr std::uint32_t kCheckSum = 10;
constexpr std::uint32_t kMsgType = 35;
constexpr std::size_t kTrailer = 7;         // "10=000" and its end
constexpr std::size_t kLongest = 1U << 24;  // a length above it is no message anybody sends
constexpr std::string_view kVersions[] = {"FIX.4.0", "FIX.4.1", "FIX.4.2", "FIX.4.3", "FIX.4.4", "FIXT.1.1"};

struct Field {
  std::uint32_t tag = 0;
  std::string_view value{};
};

enum class Read : std::uint8_t { field, need_more, invalid };

/// Takes one field off the front.
Read take(std::string_view& rest, Field& field) {
  const std::size_t end = rest.find(kEnd);
  const std::string_view text = rest.substr(0, end);
  const std::size_t equals = text.find('=');
  const std::string_view tag = text.substr(0, equals);
  if (tag.size() > 9 || tag.find_first_not_of("0123456789") != std::string_view::npos) return Read::invalid;
  if (end == std::string_view::npos) return Read::need_more;
  if (tag.empty() || equals == std::string_view::npos || equals + 1 == text.size()) return Read::invalid;
  std::from_chars(tag.data(), tag.data() + tag.size(), field.tag);
  field.value = text.substr(equals + 1);
  rest.remove_prefix(end + 1);
  return Read::field;
}

Validity verdict_of(Read read) { return read == Read::need_more ? Validity::need_more : Validity::invalid; }

unsigned sum(std::string_view bytes) {
  unsigned total = 0;
  for (const char c : bytes) total += static_cast<unsigned char>(c);
  return total % 256;
}

bool whole_number(std::string_view text, std::size_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

/// The fields between BodyLength and CheckSum: MsgType first, no second CheckSum.
bool good_body(std::string_view body) {
  Field field;
  for (bool first = true; !body.empty(); first = false) {
    if (take(body, field) != Read::field) return false;
    if (first ? field.tag != kMsgType : field.tag == kCheckSum) return false;
  }
  return true;
}

}  // namespace

Validity check_message(std::string_view bytes) {
  std::string_view rest = bytes;
  Field field;
  Read read = take(rest, field);
  if (read != Read::field) return verdict_of(read);
  if (field.tag != kBeginString || std::ranges::find(kVersions, field.value) == std::end(kVersions))
    return Validity::invalid;
  read = take(rest, field);
  if (read != Read::field) return verdict_of(read);
  std::size_t length = 0;
  if (field.tag != kBodyLength || !whole_number(field.value, length) || length == 0 || length > kLongest)
    return Validity::invalid;
  if (rest.size() < length + kTrailer) return Validity::need_more;
  const std::string_view before = bytes.substr(0, bytes.size() - rest.size() + length);
  std::string_view trailer = rest.substr(length, kTrailer);
  std::size_t checksum = 0;
  if (take(trailer, field) != Read::field || !trailer.empty() || field.tag != kCheckSum || field.value.size() != 3 ||
      !whole_number(field.value, checksum) || checksum != sum(before))
    return Validity::invalid;
  return good_body(rest.substr(0, length)) ? Validity::valid : Validity::invalid;
}

std::optional<std::string_view> field_value(std::string_view bytes, std::uint32_t tag) {
  Field field;
  while (take(bytes, field) == Read::field) {
    if (field.tag == tag) return field.value;
    if (field.tag == kCheckSum) break;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> tag_number(std::string_view name) {
  struct Named {
    std::string_view name;
    std::uint32_t number;
  };
  constexpr Named kNames[] = {{"BeginString", 8}, {"BodyLength", 9},    {"CheckSum", 10},
                              {"MsgType", 35},    {"SenderCompID", 49}, {"TargetCompID", 56}};
  for (const Named& row : kNames)
    if (row.name == name) return row.number;
  return std::nullopt;
}

}  // namespace weir::proto::fix
