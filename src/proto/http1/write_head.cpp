// The head as it goes out: one pass over the table, straight into the send buffer.
//
// Names go in small letters, eight bytes at a time.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "proto/http1/codec.h"
#include "proto/http1/scan.h"

namespace weir::proto::http1 {
namespace {

class Output {
 public:
  explicit Output(std::span<char> out) : begin_(out.data()), at_(begin_), end_(begin_ + out.size()) {}

  bool put(std::string_view text) {
    if (left() < text.size()) return false;
    copy(text);
    return true;
  }
  bool put_line_end() { return put("\r\n"); }
  /// "name: value\r\n", the name made small unless it is to be written as it is.
  bool put_field(std::string_view name, std::string_view value, bool as_is) {
    if (left() < name.size() + value.size() + 4) return false;
    if (as_is) {
      copy(name);
    } else {
      copy_lower(name);
    }
    *at_++ = ':';
    *at_++ = ' ';
    copy(value);
    *at_++ = '\r';
    *at_++ = '\n';
    return true;
  }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  /// Short texts in pieces that overlap, which costs no loop and no call.
  void copy(std::string_view text) {
    const std::size_t size = text.size();
    if (size > 64) {
      std::memcpy(at_, text.data(), size);
    } else if (size > 32) {
      copy_ends<32>(text);
    } else if (size >= 16) {
      copy_ends<16>(text);
    } else if (size >= 8) {
      copy_ends<8>(text);
    } else if (size >= 4) {
      copy_ends<4>(text);
    } else {
      for (std::size_t i = 0; i < size; ++i) at_[i] = text[i];
    }
    at_ += size;
  }
  template <std::size_t part>
  void copy_ends(std::string_view text) {
    std::array<char, part> first;
    std::array<char, part> last;
    std::memcpy(first.data(), text.data(), part);
    std::memcpy(last.data(), text.data() + text.size() - part, part);
    std::memcpy(at_, first.data(), part);
    std::memcpy(at_ + text.size() - part, last.data(), part);
  }
  void copy_lower(std::string_view name) {
    const std::size_t size = name.size();
    const char* from = name.data();
    if (size >= 8) {
      for (std::size_t i = 0; i + 8 < size; i += 8) put8(i, http::lower8(http::load8(from + i)));
      put8(size - 8, http::lower8(http::load8(from + size - 8)));
    } else if (size >= 4) {
      std::uint32_t first = 0;
      std::uint32_t last = 0;
      std::memcpy(&first, from, 4);
      std::memcpy(&last, from + size - 4, 4);
      const std::uint64_t both = http::lower8(first | std::uint64_t{last} << 32);
      std::memcpy(at_, &both, 4);
      last = static_cast<std::uint32_t>(both >> 32);
      std::memcpy(at_ + size - 4, &last, 4);
    } else {
      for (std::size_t i = 0; i < size; ++i) at_[i] = http::lower(from[i]);
    }
    at_ += size;
  }
  void put8(std::size_t offset, std::uint64_t word) { std::memcpy(at_ + offset, &word, 8); }

  char* begin_;
  char* at_;
  char* end_;
};

std::string_view written_version(const http::Head& head) {
  if (!head.odd_version.empty()) return head.odd_version;
  return head.version == http::Version::http10 ? "HTTP/1.0" : "HTTP/1.1";
}

bool put_start_line(const http::Head& head, Output& out) {
  if (head.is_request) {
    return out.put(head.method_text) && out.put(" ") && out.put(head.target) && out.put(" ") &&
           out.put(written_version(head)) && out.put_line_end();
  }
  std::array<char, 8> status;
  const auto end = std::to_chars(status.data(), status.data() + status.size(), head.status).ptr;
  return out.put(written_version(head)) && out.put(" ") && out.put({status.data(), end}) && out.put(" ") &&
         out.put(head.reason) && out.put_line_end();
}

bool smaller(std::string_view a, std::string_view b) {
  return std::ranges::lexicographical_compare(a, b, {}, http::lower, http::lower);
}

}  // namespace

bool NameCases::add(std::string_view from, std::string_view to) {
  if (!http::same_name(from, to) || find(from) != nullptr) return false;
  const auto place = std::ranges::lower_bound(names_, to, smaller);
  names_.insert(place, std::string(to));
  return true;
}

const std::string* NameCases::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(names_, name, smaller);
  return found != names_.end() && http::same_name(*found, name) ? &*found : nullptr;
}

std::size_t write_head(const http::Head& head, std::span<char> out, const NameCases* cases) {
  Output output(out);
  if (!put_start_line(head, output)) return 0;
  for (const http::Field& field : head.fields()) {
    if (field.removed) continue;
    const std::string* as_is = cases == nullptr ? nullptr : cases->find(field.name);
    const std::string_view name = as_is == nullptr ? field.name : std::string_view(*as_is);
    if (!output.put_field(name, field.value, as_is != nullptr)) return 0;
  }
  return output.put_line_end() ? output.size() : 0;
}

std::size_t write_chunk_size(std::uint64_t size, std::span<char> out) {
  const auto end = std::to_chars(out.data(), out.data() + out.size() - 2, size, 16).ptr;
  end[0] = '\r';
  end[1] = '\n';
  return static_cast<std::size_t>(end - out.data()) + 2;
}

}  // namespace weir::proto::http1
