// `userlist` sections: users, passwords, groups. Manual: 12.1.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/keyword/build.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {

using namespace config::vocabulary;
using config::Target;

Target open_userlist(ParseContext& context) {
  auto& build = context.model<Build>();
  if (!build.userlist_names.claim(context.section_name(), context.section().name_at, "userlist", context.diagnostics()))
    return {};
  UserlistConfig& list = build.userlists.emplace_back();
  list.name = context.section_name();
  list.at = context.section().at;
  return Target::of(list);
}

namespace {

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (comma != 0) names.emplace_back(text.substr(0, comma));
    text = comma == text.npos ? std::string_view() : text.substr(comma + 1);
  }
  return names;
}

// crypt(5): "$method$salt$hash", "_" and 19 characters, or the 13 of old Unix.
bool is_encrypted(std::string_view text) {
  if (text.starts_with('$')) return std::ranges::count(text, '$') >= 3 && !text.ends_with('$');
  if (text.starts_with('_')) return text.size() == 20;
  return text.size() == 13 && text.find_first_of(" $:*!") == text.npos;
}

void group(ParseContext& context, const Line& line) {
  auto& list = context.target<UserlistConfig>();
  Arguments args(context, line);
  const Word& name = *args.next();
  if (list.groups.contains(name.text)) {
    context.error(name, fmt::format("group '{}' stands here already", name.text));
    return;
  }
  std::vector<std::string>& users = list.groups[name.text];
  if (args.at_end()) return;
  if (!args.take("users")) {
    args.error("'users' and their names are expected");
    return;
  }
  if (const Word* names = args.expect_word("a list of users")) users = split(names->text);
  args.expect_end();
}

void user(ParseContext& context, const Line& line) {
  auto& list = context.target<UserlistConfig>();
  Arguments args(context, line);
  const Word& name = *args.next();
  UserConfig made;
  made.name = name.text;
  if (std::ranges::any_of(list.users, [&](const UserConfig& other) { return other.name == made.name; })) {
    context.error(name, fmt::format("user '{}' stands here already", made.name));
    return;
  }
  static constexpr std::string_view kWords[] = {"password", "insecure-password", "groups"};
  while (!args.at_end()) {
    const auto which = args.expect_choice("word of a user", kWords);
    if (!which) return;
    const Word* value = args.expect_word(*which == 2 ? "a list of groups" : "a password");
    if (value == nullptr) return;
    if (*which == 2) {
      made.groups = split(value->text);
      continue;
    }
    made.password = value->text;
    made.password_is_hash = *which == 0;
    if (made.password_is_hash && !is_encrypted(made.password)) {
      context.error(*value, "this is no encrypted password").hint =
          "one made by 'mkpasswd -m sha-512', or 'insecure-password' for one in clear";
      return;
    }
  }
  list.users.push_back(std::move(made));
}

constexpr KeywordRow kRows[] = {
    {.name = "group",
     .sections = in::userlist,
     .arguments = "<group> [users <user>,...]",
     .min_args = 1,
     .max_args = 3,
     .parse = group,
     .doc = "A group and who belongs to it.",
     .example = "group admins users ada,grace"},
    {.name = "user",
     .sections = in::userlist,
     .arguments = "<user> [password|insecure-password <password>] [groups <group>,...]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = user,
     .doc = "A user, with an encrypted password or one in clear.",
     .example = "user ada insecure-password s3cret groups admins"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> userlist_keywords{kRows};

}  // namespace weir::proxy
