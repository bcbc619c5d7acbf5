#include "app/keywords.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "log/keywords.h"
#include "peers/config.h"
#include "proxy/fetch/tracked.h"
#include "proxy/keywords.h"
#include "stick/convert.h"
#include "tls/converters.h"
#include "update/config.h"

namespace weir::app {
namespace {

template <class T>
void append(std::vector<T>& all, std::span<const T> some) {
  all.insert(all.end(), some.begin(), some.end());
}

}  // namespace

const config::KeywordTable& keyword_table() {
  static const config::KeywordTable table = [] {
    const std::vector<std::span<const config::SectionRow>> sections = {proxy::sections, log::sections,
                                                                       peers::peers_sections, update::update_sections};
    std::vector<std::span<const config::KeywordRow>> keywords;
    append(keywords, proxy::keywords);
    append(keywords, log::keywords);
    keywords.push_back(peers::peers_keywords);
    keywords.push_back(update::update_keywords);
    return config::KeywordTable(sections, keywords);
  }();
  return table;
}

const sample::Registry& sample_registry() {
  static const sample::Registry registry = [] {
    std::vector<std::span<const sample::Fetch>> fetches;
    append(fetches, sample::sample_fetches());
    std::vector<std::span<const sample::Converter>> converters;
    append(converters, sample::sample_converters());
    append(converters, tls::converters());
    append(fetches, proxy::fetches());
    append(fetches, stick::stick_fetches());
    append(converters, proxy::converters());
    append(converters, stick::stick_converters());
    std::vector<std::span<const sample::AclKeyword>> acl_keywords;
    append(acl_keywords, sample::sample_acl_keywords());
    const std::vector<std::span<const sample::LogAlias>> aliases = {proxy::log_aliases, proxy::http_log_aliases,
                                                                    proxy::capture_aliases};
    return sample::Registry(
        {.fetches = fetches, .converters = converters, .acl_keywords = acl_keywords, .log_aliases = aliases});
  }();
  return registry;
}

namespace {

std::string config_keywords() { return keyword_table().listing(); }

std::string fetches() {
  std::string text;
  for (const sample::Fetch* fetch : sample_registry().fetches()) text += fmt::format("{}\n", fetch->name);
  return text;
}

std::string converters() {
  std::string text;
  for (const sample::Converter* converter : sample_registry().converters())
    text += fmt::format("{}\n", converter->name);
  return text;
}

std::string acls() {
  std::string text;
  for (const sample::AclKeyword* acl : sample_registry().acl_keywords())
    text += fmt::format("{} = {}\n", acl->name, acl->fetch);
  return text;
}

std::string log_aliases() {
  std::string text;
  for (const sample::LogAlias* alias : sample_registry().log_aliases())
    text += fmt::format("%{}: {}\n", alias->name, alias->doc);
  return text;
}

struct KeywordClass {
  std::string_view name;
  std::string (*list)();
  std::string_view doc;
};

constexpr KeywordClass kClasses[] = {
    {"acl", acls, "ACL keywords and the fetches behind them"},
    {"cfg", config_keywords, "keywords of the configuration, by section"},
    {"cnv", converters, "converters"},
    {"log", log_aliases, "log format aliases"},
    {"smp", fetches, "sample fetches"},
};

}  // namespace

std::string list_keywords(std::string_view classes) {
  std::string text;
  if (classes == "help" || classes.empty()) {
    for (const KeywordClass& one : kClasses) text += fmt::format("{}: {}\n", one.name, one.doc);
    return text + "all: all of them\n";
  }
  while (!classes.empty()) {
    const std::size_t comma = classes.find(',');
    const std::string_view wanted = classes.substr(0, comma);
    classes = comma == classes.npos ? std::string_view() : classes.substr(comma + 1);
    bool known = false;
    for (const KeywordClass& one : kClasses) {
      if (wanted != "all" && wanted != one.name) continue;
      known = true;
      text += fmt::format("# List of registered {} keywords:\n{}", one.name, one.list());
    }
    if (!known) return {};
  }
  return text;
}

}  // namespace weir::app
