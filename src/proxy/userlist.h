// Who may pass: the users of a userlist, their passwords and groups. Manual: 12.2.
//
// A password in clear is compared in a time that does not tell how much of it was right; an encrypted one is crypt(3)'s
// affair, which is slow by design and runs where the rule runs.
#pragma once

#include <string_view>

#include "proxy/model.h"

namespace weir::proxy {

/// Looks at every byte of what was given, whatever is wrong with it.
[[nodiscard]] bool same_secret(std::string_view given, std::string_view secret);

/// The user of that name and password; null when there is none.
[[nodiscard]] const UserConfig* authenticated(const UserlistConfig& list, std::string_view name,
                                              std::string_view password);

/// The user's groups one by one, those of its own line first; empty behind the last one.
[[nodiscard]] std::string_view group_of(const UserlistConfig& list, const UserConfig& user, std::size_t number);

}  // namespace weir::proxy
