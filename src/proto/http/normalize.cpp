#include "proto/http/normalize.h"

#include <algorithm>
#include <array>

#include "proto/http/text.h"
#include "proto/http/uri.h"

namespace weir::proto::http {
namespace {

using Outcome = Normalized::Outcome;

constexpr std::array<bool, 256> kUnreserved = alphanumeric_and("-._~");

/// A target being written, never beyond `out`.
class Writer {
 public:
  explicit Writer(std::span<char> out) : out_(out) {}
  void put(std::string_view text) {
    if (text.size() > out_.size() - size_) {
      full_ = true;
      return;
    }
    std::ranges::copy(text, out_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += text.size();
  }
  void put(char c) { put(std::string_view(&c, 1)); }
  [[nodiscard]] std::string_view text() const { return {out_.data(), size_}; }
  void shorten(std::size_t size) { size_ = size; }
  [[nodiscard]] bool full() const { return full_; }

 private:
  std::span<char> out_;
  std::size_t size_ = 0;
  bool full_ = false;
};

/// The three pieces most normalizers work on: all before the path, the path, and the rest from '?' or '#' on.
struct Pieces {
  std::string_view before;
  std::string_view path;
  std::string_view rest;
};
Pieces pieces_of(std::string_view target) {
  const Target parts = split_target(target);
  const std::string_view tail = parts.path_query;
  if (tail.empty()) return {.before = target, .path = {}, .rest = {}};
  const std::size_t path = std::min(tail.find_first_of("?#"), tail.size());
  return {
      .before = target.substr(0, target.size() - tail.size()), .path = tail.substr(0, path), .rest = tail.substr(path)};
}

/// Copies, and hands each "%xx" to `write`. False: a percent sign that begins no such sequence, where `strict` minds.
template <typename Write>
bool for_each_sequence(std::string_view target, bool strict, Writer& out, Write write) {
  for (std::size_t at = 0; at < target.size();) {
    const std::size_t percent = std::min(target.find('%', at), target.size());
    out.put(target.substr(at, percent - at));
    at = percent;
    if (at == target.size()) break;
    if (escaped_byte(target.substr(at)) >= 0) {
      write(target.substr(at, 3));
      at += 3;
    } else {
      if (strict) return false;
      out.put(target[at++]);
    }
  }
  return true;
}

bool percent_decode_unreserved(std::string_view target, bool strict, Writer& out) {
  return for_each_sequence(target, strict, out, [&](std::string_view sequence) {
    const auto byte = static_cast<unsigned char>(escaped_byte(sequence));
    if (kUnreserved[byte]) {
      out.put(static_cast<char>(byte));
    } else {
      out.put(sequence);
    }
  });
}

bool percent_to_uppercase(std::string_view target, bool strict, Writer& out) {
  return for_each_sequence(target, strict, out, [&](std::string_view sequence) {
    for (const char c : sequence) out.put(c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c);
  });
}

void fragment_encode(std::string_view target, Writer& out) {
  const std::size_t hash = target.find('#');
  out.put(target.substr(0, hash));
  if (hash == std::string_view::npos) return;
  out.put("%23");
  out.put(target.substr(hash + 1));
}

void path_merge_slashes(const Pieces& pieces, Writer& out) {
  char last = 0;
  for (const char c : pieces.path) {
    if (c != '/' || last != '/') out.put(c);
    last = c;
  }
}

/// Segment by segment; each is put with the slash before it.
void path_strip_dot(const Pieces& pieces, Writer& out) {
  std::string_view path = pieces.path;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment != "/.") {
      out.put(segment);
    } else if (path.empty()) {
      out.put('/');
    }
  }
}

void path_strip_dotdot(const Pieces& pieces, bool full, Writer& out) {
  std::string_view path = pieces.path;
  const std::size_t start = out.text().size();
  std::size_t fixed = start;  // what precedes stays: leading "/.."
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment != "/..") {
      out.put(segment);
      continue;
    }
    if (out.text().size() > fixed) {
      out.shorten(start + out.text().substr(start).rfind('/'));
    } else if (!full) {
      out.put(segment);
      fixed = out.text().size();
      continue;
    }
    if (path.empty()) out.put('/');
  }
}

/// Equal names keep their order, which is that of their places in the target.
void query_sort_by_name(const Pieces& pieces, Writer& out) {
  const std::size_t hash = std::min(pieces.rest.find('#'), pieces.rest.size());
  std::string_view query = pieces.rest.substr(0, hash);
  if (!query.starts_with('?')) {
    out.put(pieces.rest);
    return;
  }
  query.remove_prefix(1);
  constexpr std::size_t kMaxParameters = 1024;
  std::array<std::string_view, kMaxParameters> sorted;
  std::size_t count = 0;
  while (count < kMaxParameters - 1) {
    const std::size_t end = query.find('&');
    sorted[count++] = query.substr(0, end);
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
    if (count == kMaxParameters - 1) sorted[count++] = query;  // beyond that, the rest stays where it is
  }
  const auto name = [](std::string_view parameter) { return parameter.substr(0, parameter.find('=')); };
  const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(count);
  std::sort(sorted.begin(), count == kMaxParameters ? last - 1 : last, [&](std::string_view a, std::string_view b) {
    return std::pair(name(a), a.data()) < std::pair(name(b), b.data());
  });
  char separator = '?';
  for (auto parameter = sorted.begin(); parameter != last; ++parameter) {
    out.put(separator);
    out.put(*parameter);
    separator = '&';
  }
  out.put(pieces.rest.substr(hash));
}

/// False: invalid.
bool write(Normalizer kind, std::string_view target, bool option, Writer& out) {
  switch (kind) {
    case Normalizer::fragment_encode: fragment_encode(target, out); return true;
    case Normalizer::fragment_strip: out.put(target.substr(0, target.find('#'))); return true;
    case Normalizer::percent_decode_unreserved: return percent_decode_unreserved(target, option, out);
    case Normalizer::percent_to_uppercase: return percent_to_uppercase(target, option, out);
    default: break;
  }
  const Pieces pieces = pieces_of(target);
  out.put(pieces.before);
  if (kind == Normalizer::query_sort_by_name) {
    out.put(pieces.path);
    query_sort_by_name(pieces, out);
    return true;
  }
  if (kind == Normalizer::path_merge_slashes) path_merge_slashes(pieces, out);
  if (kind == Normalizer::path_strip_dot) path_strip_dot(pieces, out);
  if (kind == Normalizer::path_strip_dotdot) path_strip_dotdot(pieces, option, out);
  out.put(pieces.rest);
  return true;
}

}  // namespace

Normalized normalize(Normalizer kind, std::string_view target, bool full_or_strict, std::span<char> out) {
  Writer writer(out);
  if (!write(kind, target, full_or_strict, writer)) return {.outcome = Outcome::invalid, .target = {}};
  if (writer.full()) return {.outcome = Outcome::no_room, .target = {}};
  if (writer.text() == target) return {.outcome = Outcome::unchanged, .target = {}};
  return {.outcome = Outcome::changed, .target = writer.text()};
}

}  // namespace weir::proto::http
