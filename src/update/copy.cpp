#include "update/copy.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/outside.h"
#include "proto/http/text.h"

namespace weir::update {
namespace {

constexpr std::string_view kHead = "# weir: the last good content of the list ";
constexpr std::size_t kMostBytes = (std::size_t{256} << 20) + (std::size_t{1} << 20);
constexpr std::size_t kReadable = 100;  // of a file's name

/// The value of the line "# <name>: <value>" that `text` begins with; it is taken off.
Result<std::string_view> take_line(std::string_view& text, std::string_view name) {
  const std::string begin = fmt::format("# {}: ", name);
  const std::size_t end = text.find('\n');
  if (!text.starts_with(begin) || end == text.npos) return fail(fmt::format("its line '{}' is missing", name));
  const std::string_view value = text.substr(begin.size(), end - begin.size());
  text.remove_prefix(end + 1);
  return value;
}

template <class T>
Result<T> take_number(std::string_view& text, std::string_view name, int base = 10) {
  const auto value = take_line(text, name);
  if (!value) return unexpected(value.error());
  T number{};
  const auto [end, wrong] = std::from_chars(value->data(), value->data() + value->size(), number, base);
  if (wrong != std::errc{} || end != value->data() + value->size())
    return fail(fmt::format("its line '{}' has no number", name));
  return number;
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail(io::system_message(errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

std::uint64_t content_hash(std::string_view content) { return XXH3_64bits(content.data(), content.size()); }

std::string copy_name(std::string_view list) {
  constexpr auto kPlain = proto::http::alphanumeric_and("-.");
  std::string name;
  for (const char c : list.substr(list.size() - std::min(list.size(), kReadable)))
    name += kPlain[static_cast<unsigned char>(c)] ? c : '_';
  return fmt::format("{}.{:016x}.copy", name, content_hash(list));
}

std::string write_copy(const Copy& copy, std::string_view list) {
  return fmt::format(
      "{}{}\n# from: {}\n# etag: {}\n# last-modified: {}\n# fetched: {}\n# size: {}\n# hash: {:016x}\n{}", kHead, list,
      copy.from, copy.etag, copy.last_modified, copy.fetched, copy.content.size(), content_hash(copy.content),
      copy.content);
}

Result<Copy> parse_copy(std::string_view text) {
  const std::size_t first = text.find('\n');
  if (!text.starts_with(kHead) || first == text.npos) return fail("it is no copy of a list");
  text.remove_prefix(first + 1);
  const auto from = take_line(text, "from");
  if (!from) return unexpected(from.error());
  const auto etag = take_line(text, "etag");
  if (!etag) return unexpected(etag.error());
  const auto modified = take_line(text, "last-modified");
  if (!modified) return unexpected(modified.error());
  const auto fetched = take_number<std::int64_t>(text, "fetched");
  if (!fetched) return unexpected(fetched.error());
  const auto size = take_number<std::size_t>(text, "size");
  if (!size) return unexpected(size.error());
  const auto hash = take_number<std::uint64_t>(text, "hash", 16);
  if (!hash) return unexpected(hash.error());
  if (text.size() != *size || content_hash(text) != *hash) return fail("it is damaged");
  return Copy{std::string(*from), std::string(*etag), std::string(*modified), *fetched, std::string(text)};
}

Result<Copy> load_copy(const std::string& directory, std::string_view list) {
  const auto text = read_outside(directory + "/" + copy_name(list), kMostBytes);
  if (!text) return unexpected(text.error());
  return parse_copy(*text);
}

Result<void> save_copy(io::Opener& opener, const std::string& directory, std::string_view list, const Copy& copy) {
  const std::string path = directory + "/" + copy_name(list);
  const std::string beside = fmt::format("{}.{}", path, ::getpid());  // a process that takes over has its own
  const auto fd = opener.open_file(beside, io::OpenMode::replace, 0600);
  if (!fd) return unexpected(fd.error());
  auto written = write_all(fd->get(), write_copy(copy, list));
  if (written && ::fsync(fd->get()) != 0) written = fail(io::system_message(errno));
  if (!written) written = fail(fmt::format("cannot write '{}': {}", beside, written.error().message));
  if (written) written = opener.rename(beside, path);
  if (!written) (void)opener.unlink(beside);
  return written;
}

}  // namespace weir::update
