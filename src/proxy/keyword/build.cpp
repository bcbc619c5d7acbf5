#include "proxy/keyword/build.h"

#include <fmt/format.h>

#include <charconv>

#include "base/outside.h"

namespace weir::proxy {

using namespace config::vocabulary;
using sample::Facts;

sample::Scope scope_of(const sample::Registry& registry, Place place, const NameRefs* names) {
  Facts available = Facts::client | Facts::session;
  if (place == Place::request || place == Place::log)
    available = available | Facts::request_bytes | Facts::http_request;
  if (place == Place::response || place == Place::log) available = available | Facts::http_response;
  if (place == Place::response) available = available | Facts::response_bytes;
  if (place == Place::response || place == Place::log) available = available | Facts::server;
  return {.registry = &registry, .available = available, .names = names == nullptr ? nullptr : names->resolver()};
}

sample::Scope scope_of(ParseContext& context, Place place) {
  auto* proxy = context.target_if<ProxyConfig>();
  auto scope =
      scope_of(context.model<Build>().registry, place, proxy == nullptr ? nullptr : proxy->names.front().get());
  if (proxy == nullptr) return scope;
  scope.contents = &proxy->lines;
  scope.acls = &proxy->acls;
  scope.owner = proxy->name;
  return scope;
}

std::vector<sample::Word> sample_words(std::span<const Word> words) {
  std::vector<sample::Word> out;
  out.reserve(words.size());
  for (const Word& word : words) out.push_back({word.text, word.at});
  return out;
}

std::string joined(std::span<const Word> words) { return config::joined(words.data(), words.data() + words.size()); }

bool is_defaults(const ParseContext& context) { return context.section_kind() == config::SectionKind::defaults; }

std::string title(const ProxyConfig& proxy) {
  const std::string_view kind = proxy.kind == ProxyKind::frontend  ? "frontend"
                                : proxy.kind == ProxyKind::backend ? "backend"
                                                                   : "listen";
  return fmt::format("{} '{}'", kind, proxy.name);
}

namespace {

ProxyConfig* side(ParseContext& context, const Line& line, bool frontend) {
  auto& proxy = context.target<ProxyConfig>();
  if (is_defaults(context) || (frontend ? proxy.is_frontend() : proxy.is_backend())) return &proxy;
  context.warning(line.at, fmt::format("'{}' is of no use in {}, which has no {} side",
                                       context.row() != nullptr ? context.row()->name : line.words[0].text,
                                       title(proxy), frontend ? "frontend" : "backend"));
  return nullptr;
}

}  // namespace

ProxyConfig* frontend_side(ParseContext& context, const Line& line) { return side(context, line, true); }
ProxyConfig* backend_side(ParseContext& context, const Line& line) { return side(context, line, false); }

// Lines of binds and servers make the signatures of binds and servers; all others make their section's.
void record_line(ParseContext& context, const Line& line) {
  const std::string_view name = context.row()->name;
  std::vector<std::string>* lines = nullptr;
  if (auto* proxy = context.target_if<ProxyConfig>()) {
    if (name == "bind" || name == "server" || name == "server-template" || name == "default-server") return;
    lines = &proxy->lines;
  } else if (auto* global = context.target_if<GlobalConfig>()) {
    lines = &global->lines;
  } else if (auto* app = context.target_if<FcgiApp>()) {
    lines = &app->lines;
  } else if (auto* profile = context.target_if<LogProfile>()) {
    lines = &profile->lines;
  }
  if (lines == nullptr) return;
  std::string text = joined(line.words);
  if (context.prefix() == config::Prefix::no) text.insert(0, "no ");
  if (context.prefix() == config::Prefix::reset) text.insert(0, "default ");
  lines->push_back(std::move(text));
}

bool read_condition(ParseContext& context, Arguments& args, Place place, sample::Condition& out) {
  if (args.at_end()) return true;
  const Word& first = *args.peek();
  if (first.text != "if" && first.text != "unless") {
    args.error(fmt::format("'if' or 'unless' is expected instead of '{}'", first.text));
    return false;
  }
  auto& proxy = context.target<ProxyConfig>();
  auto condition = sample::Condition::compile(sample_words(args.rest()), proxy.acls, scope_of(context, place),
                                              context.diagnostics());
  if (!condition) return false;
  // Files of patterns are part of what the line says.
  if (std::string whole = condition->signature(); whole != condition->text()) proxy.lines.push_back(std::move(whole));
  out = std::move(*condition);
  return true;
}

const Word* expect_guid(Arguments& args) {
  constexpr std::size_t kLongest = 127;
  const Word* word = args.expect_name("a guid");
  if (word == nullptr || word->text.size() <= kLongest) return word;
  args.error_at(word->at, fmt::format("a guid has {} characters at most", kLongest));
  return nullptr;
}

std::optional<std::uint32_t> user_id(Arguments& args) {
  const Word* name = args.expect_word("a user's name");
  if (name == nullptr) return std::nullopt;
  if (const auto number = outside().look_up(Lookup::user, name->text))
    return static_cast<std::uint32_t>(std::stoul(*number));
  args.error_at(name->at, fmt::format("this system has no user '{}'", name->text));
  return std::nullopt;
}

std::optional<std::uint32_t> group_id(Arguments& args) {
  const Word* name = args.expect_word("a group's name");
  if (name == nullptr) return std::nullopt;
  if (const auto number = outside().look_up(Lookup::group, name->text))
    return static_cast<std::uint32_t>(std::stoul(*number));
  args.error_at(name->at, fmt::format("this system has no group '{}'", name->text));
  return std::nullopt;
}

namespace {

bool read_usesrc(Arguments& args, SourceSettings& out) {
  const Word* word = args.expect_word("'client', 'clientip' or an address");
  if (word == nullptr) return false;
  if (word->text == "client" || word->text == "clientip") {
    out.use = word->text == "client" ? SourceSettings::Use::client : SourceSettings::Use::client_ip;
    return true;
  }
  if (word->text.starts_with("hdr_ip(")) {
    args.error_at(word->at, "'hdr_ip' looks at HTTP headers, and HTTP mode is not available in this version");
    return false;
  }
  const auto address = parse_address(word->text);
  if (!address || !address->address.is_inet() || address->port_is_offset) {
    args.error_at(word->at, fmt::format("'{}' is no address to connect from", word->text)).hint =
        "'client', 'clientip' or an address such as 192.0.2.1";
    return false;
  }
  out.use = SourceSettings::Use::fixed;
  out.use_address = address->address;
  return true;
}

}  // namespace

bool read_source(Arguments& args, SourceSettings& out) {
  const Word* word = args.peek();
  const auto address = args.expect_address("the address to connect from");
  if (!address) return false;
  if (!address->host.empty() || !address->address.is_inet() || address->port_is_offset) {
    args.error_at(word->at, fmt::format("'{}' is no address to connect from", word->text)).hint =
        "a local IP address such as 192.0.2.1, or 0.0.0.0 for the system's choice";
    return false;
  }
  out.address = address->address;
  out.first_port = address->address.port();
  out.last_port = address->last_port;
  while (const Word* next = args.peek()) {
    if (next->text == "interface") {
      args.next();
      const Word* name = args.expect_word("an interface");
      if (name == nullptr) return false;
      out.interface = name->text;
    } else if (next->text == "usesrc") {
      args.next();
      if (!read_usesrc(args, out)) return false;
    } else {
      break;
    }
  }
  return true;
}

}  // namespace weir::proxy
