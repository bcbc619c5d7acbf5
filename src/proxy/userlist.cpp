#include "proxy/userlist.h"

#include <crypt.h>

#include <algorithm>
#include <memory>
#include <string>

namespace weir::proxy {
namespace {

bool is_password(const UserConfig& user, std::string_view given) {
  if (user.password.empty()) return false;
  if (!user.password_is_hash) return same_secret(given, user.password);
  if (given.contains('\0')) return false;
  const auto scratch = std::make_unique<crypt_data>();  // 32 kB: not on the stack
  const std::string text(given);
  const char* hashed = crypt_r(text.c_str(), user.password.c_str(), scratch.get());
  return hashed != nullptr && hashed[0] != '*' && same_secret(hashed, user.password);
}

}  // namespace

bool same_secret(std::string_view given, std::string_view secret) {
  std::size_t difference = given.size() ^ secret.size();
  for (std::size_t i = 0; i < given.size(); i++) {
    const char expected = secret.empty() ? '\0' : secret[i % secret.size()];
    difference |= static_cast<unsigned char>(given[i] ^ expected);
  }
  return difference == 0;
}

const UserConfig* authenticated(const UserlistConfig& list, std::string_view name, std::string_view password) {
  const auto user = std::ranges::find(list.users, name, &UserConfig::name);
  return user != list.users.end() && is_password(*user, password) ? &*user : nullptr;
}

std::string_view group_of(const UserlistConfig& list, const UserConfig& user, std::size_t number) {
  if (number < user.groups.size()) return user.groups[number];
  number -= user.groups.size();
  for (const auto& [group, users] : list.groups) {
    if (std::ranges::find(users, user.name) == users.end()) continue;
    if (number == 0) return group;
    number--;
  }
  return {};
}

}  // namespace weir::proxy
