#include "base/outside.h"

#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace weir {
namespace {

Result<int> open_directly(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return fail(std::strerror(errno));
  return fd;
}

Result<std::string> user_number(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> room(16'384);
  if (::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found) != 0 || found == nullptr)
    return fail("no such user");
  return std::to_string(found->pw_uid);
}

Result<std::string> group_number(const std::string& name) {
  group entry{};
  group* found = nullptr;
  std::vector<char> room(65'536);
  if (::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found) != 0 || found == nullptr)
    return fail("no such group");
  return std::to_string(found->gr_gid);
}

Result<std::string> host_addresses(int family, const std::string& name) {
  constexpr std::size_t kMost = 240;  // characters: a handful of addresses, of which one is taken
  addrinfo wanted{};
  wanted.ai_family = family;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int status = ::getaddrinfo(name.c_str(), nullptr, &wanted, &list);
  if (status != 0) return fail(::gai_strerror(status));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, &::freeaddrinfo);
  std::string all;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    if (all.size() + std::strlen(text) >= kMost) break;
    if (!all.empty()) all += ' ';
    all += text;
  }
  return all;
}

Result<std::string> look_up_directly(Lookup kind, const std::string& name) {
  switch (kind) {
    case Lookup::user: return user_number(name);
    case Lookup::group: return group_number(name);
    case Lookup::host: return host_addresses(AF_UNSPEC, name);
    case Lookup::host_ipv4: return host_addresses(AF_INET, name);
    case Lookup::host_ipv6: return host_addresses(AF_INET6, name);
  }
  return fail("unknown kind of name");
}

constexpr Outside kDirect{open_directly, look_up_directly};
Outside current = kDirect;

constexpr Outside kNowhere{
    [](const std::string&) -> Result<int> { return fail("files are not read from here"); },
    [](Lookup, const std::string&) -> Result<std::string> { return fail("names are not looked up from here"); }};
thread_local unsigned kept_inside = 0;

}  // namespace

NothingOutside::NothingOutside() { kept_inside++; }
NothingOutside::~NothingOutside() { kept_inside--; }

const Outside& outside() { return kept_inside != 0 ? kNowhere : current; }
void set_outside(const Outside& other) { current = other; }
const Outside& direct_outside() { return kDirect; }

// Reads to the end rather than trusting st_size: a pipe (`-f <(generator)`) has none.
Result<std::string> read_descriptor(int fd, std::size_t most) {
  std::string text;
  char block[65'536];
  for (;;) {
    const ssize_t got = ::read(fd, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(std::strerror(errno));
    if (got == 0) return text;
    if (text.size() + static_cast<std::size_t>(got) > most)
      return fail("larger than the limit of " + std::to_string(most >> 20U) + " MB");
    text.append(block, static_cast<std::size_t>(got));
  }
}

Result<std::string> read_outside(const std::string& path, std::size_t most) {
  const auto fd = outside().open_for_reading(path);
  if (!fd) return unexpected(fd.error());
  auto text = read_descriptor(*fd, most);
  ::close(*fd);
  return text;
}

}  // namespace weir
