// layers: proto base
//
// Lists of fields in one binary value: what is read is safe to write into a head, lies in the list and in order, and
// written again it reads the same.
#include <array>
#include <string>
#include <vector>

#include "base/assert.h"
#include "proto/http/field_list.h"
#include "proto/http/text.h"
#include "proto/varying.h"

namespace proto = weir::proto;
namespace http = weir::proto::http;

namespace {

void put(std::string& out, std::string_view text) {
  std::array<char, proto::kLongestVarying> length;
  out.append(length.data(), proto::put_varying(text.size(), length));
  out += text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> copy(data, data + size);  // an exact allocation: one byte too far is seen
  const std::string_view bytes(copy.data(), copy.size());
  std::string again;
  std::size_t count = 0;
  const char* from = copy.data();
  http::FieldList list(bytes);
  for (; const auto field = list.next(); ++count) {
    WEIR_ASSERT(http::is_token(field->name));
    WEIR_ASSERT(field->value.find_first_of(std::string_view("\r\n\0", 3)) == field->value.npos);
    WEIR_ASSERT(field->name.data() > from && field->value.data() > field->name.data());
    from = field->value.data() + field->value.size();
    WEIR_ASSERT(from <= copy.data() + copy.size());
    put(again, field->name);
    put(again, field->value);
  }
  put(again, "");
  put(again, "");
  http::FieldList second(again);
  while (second.next()) --count;
  WEIR_ASSERT(count == 0 && !second.broken());
  http::TextList texts(bytes);
  std::size_t total = 0;
  while (const auto text = texts.next()) total += text->size() + 1;
  WEIR_ASSERT(total <= size);
  return 0;
}
