#include "update/config.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <set>
#include <utility>

#include "base/outside.h"
#include "httpclient/client.h"

namespace weir::update {

bool operator==(const UpdateConfig& a, const UpdateConfig& b) {
  return a.list == b.list && a.from == b.from && a.delay == b.delay && a.timeout == b.timeout &&
         a.retries == b.retries && a.jitter == b.jitter && a.most == b.most && a.wants == b.wants &&
         a.ca_file == b.ca_file && a.verify == b.verify;
}

namespace {

bool find_list(UpdateConfig& update, const sample::ReferenceBook& lists, Diagnostics& diagnostics) {
  const sample::BookEntry* const entry = lists.find(update.list);
  if (entry == nullptr) {
    diagnostics.error(update.list_at, fmt::format("no map, ACL or rule uses a list '{}'", update.list)).hint =
        "a list is the name of a file, virt@<name>, or # and the id of an ACL";
    return false;
  }
  const bool two_columns = entry->list->two_columns();
  if (update.wants == UpdateConfig::Wants::map && !two_columns)
    diagnostics.error(update.list_at, fmt::format("'{}' is an ACL's list of one column, not a map", update.list));
  if (update.wants == UpdateConfig::Wants::acl && two_columns)
    diagnostics.error(update.list_at, fmt::format("'{}' is a map of two columns, not an ACL's list", update.list));
  update.id = entry->id;
  update.target = entry->list;
  update.kinds.clear();
  for (const sample::ReferenceUse& use : entry->uses) update.kinds.push_back(use.kind);
  return true;
}

/// Of updates that trust the same.
using Trusted = std::map<std::pair<bool, std::string>, std::shared_ptr<const tls::ClientContext>>;

void open_trust(UpdateConfig& update, const std::string& ca_base, Trusted& trusted, Diagnostics& diagnostics) {
  if (update.local || !update.url.tls) return;
  std::string file = update.ca_file;
  if (!file.empty() && !file.starts_with('/') && !file.starts_with('@') && !ca_base.empty())
    file = ca_base + "/" + file;
  auto& known = trusted[{update.verify, file}];
  if (known == nullptr) {
    auto made = httpclient::make_tls(update.verify, file);
    if (made) known = std::move(*made);
    if (!made) diagnostics.error(update.ca_file.empty() ? update.at : update.ca_at, made.error().message);
  }
  update.tls = known;
}

void check_directory(const UpdateSections& sections, Diagnostics& diagnostics) {
  if (sections.directory.empty()) return;
  const auto fd = outside().open_for_reading(sections.directory);
  std::string problem = fd ? std::string() : fd.error().message;
  if (fd) {
    struct stat facts{};
    if (::fstat(*fd, &facts) != 0 || !S_ISDIR(facts.st_mode)) problem = "it is no directory";
    ::close(*fd);
  }
  if (!problem.empty())
    diagnostics.error(sections.directory_at, fmt::format("cannot open '{}': {}", sections.directory, problem));
}

}  // namespace

void complete(UpdateSections& sections, const sample::ReferenceBook& lists, const std::string& ca_base,
              Diagnostics& diagnostics) {
  std::set<std::uint32_t> taken;
  Trusted trusted;
  for (UpdateConfig& update : sections.updates) {
    if (find_list(update, lists, diagnostics) && !taken.insert(update.id).second)
      diagnostics.error(update.list_at, fmt::format("the list '{}' has an update already", update.list));
    open_trust(update, ca_base, trusted, diagnostics);
  }
  check_directory(sections, diagnostics);
}

}  // namespace weir::update
