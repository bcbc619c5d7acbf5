// What the rows of this folder work with while one configuration is read, and the few things most of them need.
//
// The parser is provided with one Build; a section's open function makes the section's object (GlobalConfig,
// ProxyConfig, UserlistConfig), which is every row's target. A defaults section is a ProxyConfig that never joins the
// list: later sections copy its settings. A row that belongs to one side only ("balance" is the backend's) says so with
// frontend_side() or backend_side(): on the other side it is accepted with a warning, as files in the wild have such
// lines.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/arguments.h"
#include "config/file_mode.h"
#include "config/keyword.h"
#include "config/parser.h"
#include "config/vocabulary.h"
#include "proxy/http/fcgi_app.h"
#include "proxy/model.h"
#include "sample/registry.h"
#include "sample/words.h"

namespace weir::proxy {

struct Build {
  Config& config;
  const sample::Registry& registry;
  bool local_peer_given = false;  // by -L
  std::deque<ProxyConfig> defaults;
  std::deque<UserlistConfig> userlists;
  std::unordered_map<const ProxyConfig*, unsigned> users_of_rules;  // of defaults sections with rules: ProxyKind bits
  sample::ProcessVariables variables;                               // what `set-var` lines have set so far
  config::UniqueNames frontends;                                    // listen sections claim both
  config::UniqueNames backends;
  config::UniqueNames userlist_names;
  /// http-errors sections, by name; also those that lines name before they are read.
  struct ErrorPages {
    std::shared_ptr<Pages> pages = std::make_shared<Pages>();
    bool defined = false;
    SourcePosition named_at;
  };
  std::map<std::string, ErrorPages> error_pages;
  /// fcgi-app sections, the same way.
  struct FcgiSection {
    std::shared_ptr<FcgiApp> app = std::make_shared<FcgiApp>();
    bool defined = false;
    SourcePosition named_at;
  };
  std::map<std::string, FcgiSection, std::less<>> fcgi_apps;
  std::deque<LogProfile> log_profiles;
  config::UniqueNames log_profile_names;
  std::vector<LogProfileUse> log_profile_uses;  // by do-log
};

/// The pages of the http-errors section of that name, which may come later.
std::shared_ptr<const Pages> error_pages(config::ParseContext& context, const config::Word& name);
/// Lines that name http-errors sections which are not there.
void check_error_pages(const Build& build, Diagnostics& diagnostics);

/// Where expressions of a line are evaluated, for sample::Scope.
enum class Place : std::uint8_t { connection, session, request, response, log };
sample::Scope scope_of(config::ParseContext& context, Place place);
sample::Scope scope_of(const sample::Registry& registry, Place place, const NameRefs* names);

/// The same words as the sample layer reads them; they borrow.
std::vector<sample::Word> sample_words(std::span<const config::Word> words);
std::string joined(std::span<const config::Word> words);

/// The proxy being read, or null after a warning that the line is of no use on this side.
ProxyConfig* frontend_side(config::ParseContext& context, const config::Line& line);
ProxyConfig* backend_side(config::ParseContext& context, const config::Line& line);
bool is_defaults(const config::ParseContext& context);
/// "frontend 'ft_rdp'".
std::string title(const ProxyConfig& proxy);

/// Keeps a line for the signature of its section; the parser calls it for every line.
void record_line(config::ParseContext& context, const config::Line& line);

/// Reads `if ...` or `unless ...` up to the end of the line into `out`. False after errors; no words is no condition.
bool read_condition(config::ParseContext& context, config::Arguments& args, Place place, sample::Condition& out);

/// A word of letters, digits and - _ . : that is not too long. Null after errors.
const config::Word* expect_guid(config::Arguments& args);
/// Ids of users and groups by name; errors name what is wrong.
std::optional<std::uint32_t> user_id(config::Arguments& args);
std::optional<std::uint32_t> group_id(config::Arguments& args);
using config::expect_mode;

/// Reads "<address>[:port[-port]]" behind `source` and what may follow it.
bool read_source(config::Arguments& args, SourceSettings& out);

/// Settings of one member: a switch with `no` and `default`, a number, a time.
template <auto Member>
void switch_on_backend(config::ParseContext& context, const config::Line& line) {
  if (ProxyConfig* proxy = backend_side(context, line))
    proxy->settings.*Member = context.prefix() == config::Prefix::none;
}
template <auto Member>
void switch_on_frontend(config::ParseContext& context, const config::Line& line) {
  if (ProxyConfig* proxy = frontend_side(context, line))
    proxy->settings.*Member = context.prefix() == config::Prefix::none;
}
template <auto Member>
void switch_on(config::ParseContext& context, const config::Line&) {
  context.target<ProxyConfig>().settings.*Member = context.prefix() == config::Prefix::none;
}

}  // namespace weir::proxy
