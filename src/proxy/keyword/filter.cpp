// `filter`: bandwidth limits of proxies and the place of compression among them. Other filters are refused by name.
// Manual: 4.2 (filter), 9.2, 9.7.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/keyword/build.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

constexpr std::string_view kOwnExample = "filter bwlim-out slow default-limit 1m default-period 1s";
constexpr std::string_view kSharedExample = "filter bwlim-out by-src limit 10m key src table st_src";

struct Refused {
  std::string_view name;
  std::string_view reason;
};
constexpr Refused kRefused[] = {
    {"cache", "caching is not available in this version"},
    {"opentelemetry", "it is an add-on of another program"},
    {"opentracing", "it is an add-on of another program"},
    {"spoe", "stream processing agents are not available in this version"},
    {"trace", "it shows another program's inner calls; weir has no such filter layer to trace"},
};

/// What the words said; which of them belong together is judged at the end.
struct Written {
  std::optional<std::uint64_t> limit, default_limit;
  std::optional<Milliseconds> default_period;
  bool key = false;
  bool table = false;
};

std::optional<std::uint64_t> size_of(Arguments& args, std::string_view what) {
  const SourcePosition at = args.here();
  const auto size = args.expect_size(what);
  if (size && *size == 0) {
    args.error_at(at, fmt::format("{} of 0 lets nothing through", what));
    return std::nullopt;
  }
  return size;
}

bool read_key(ParseContext& context, Arguments& args, BandwidthFilter& filter) {
  const Word* word = args.expect_word("the key");
  if (word == nullptr) return false;
  auto key =
      sample::Expression::compile(word->text, scope_of(context, Place::request), word->at, context.diagnostics());
  if (!key) return false;
  filter.key = std::move(*key);
  return true;
}

bool read_option(ParseContext& context, Arguments& args, const Word& word, BandwidthFilter& filter, Written& written) {
  if (word.text == "limit") return (written.limit = size_of(args, "a limit")).has_value();
  if (word.text == "default-limit") return (written.default_limit = size_of(args, "a limit")).has_value();
  if (word.text == "min-size") {
    const auto size = args.expect_size("the least size");
    filter.min_size = size.value_or(0);
    return size.has_value();
  }
  if (word.text == "default-period") {
    const auto time = args.expect_time("the period");
    if (time && time->count() == 0) {
      args.error_at(word.at, "a period of 0 is none");
      return false;
    }
    written.default_period = time;
    return time.has_value();
  }
  if (word.text == "key") return written.key = read_key(context, args, filter);
  if (word.text == "table") {
    const Word* name = args.expect_name("the table's name");
    if (name == nullptr) return false;
    written.table = true;
    filter.table = name->text;
    filter.table_at = name->at;
    return true;
  }
  static constexpr std::string_view kWords[] = {"default-limit", "default-period", "key", "limit", "min-size", "table"};
  const auto near = nearest_word(word.text, kWords);
  args.error_at(word.at, fmt::format("a bandwidth limit has no '{}'", word.text)).hint =
      near.empty() ? "it has default-limit, default-period and min-size, or limit, key, table and min-size"
                   : fmt::format("did you mean '{}'?", near);
  return false;
}

// Manual 9.7: two kinds, whose words do not mix.
bool settle(Arguments& args, const Written& written, BandwidthFilter& filter) {
  const bool own = written.default_limit || written.default_period;
  const bool shared = written.limit || written.key || written.table;
  if (own && shared) {
    args.error(fmt::format("'{}' mixes the words of a session's own limit and of a shared one", filter.name)).hint =
        "default-limit and default-period, or limit and key";
    return false;
  }
  if (!shared && (!written.default_limit || !written.default_period)) {
    args.error(fmt::format("'{}' needs a default-limit and a default-period, or a limit and a key", filter.name))
        .example = kOwnExample;
    return false;
  }
  if (shared && (!written.limit || !written.key)) {
    args.error(fmt::format("'{}' is shared and needs a limit and a key", filter.name)).example = kSharedExample;
    return false;
  }
  filter.shared = shared;
  filter.limit = shared ? *written.limit : *written.default_limit;
  filter.period = written.default_period.value_or(Milliseconds(0));
  return true;
}

void read_bandwidth_filter(ParseContext& context, Arguments& args, const Word& kind) {
  auto& proxy = context.target<ProxyConfig>();
  args.set_example(kOwnExample);
  BandwidthFilter filter;
  filter.incoming = kind.text == "bwlim-in";
  filter.at = kind.at;
  const Word* name = args.expect_name("the filter's name");
  if (name == nullptr) return;
  filter.name = name->text;
  Written written;
  while (const Word* word = args.next())
    if (!read_option(context, args, *word, filter, written)) return;
  if (!settle(args, written, filter)) return;
  const auto same = std::ranges::find(proxy.bandwidth_filters, filter.name, &BandwidthFilter::name);
  if (same != proxy.bandwidth_filters.end()) {
    args.error_at(name->at, fmt::format("{} has another filter '{}'", title(proxy), filter.name)).hint =
        fmt::format("the first one is at line {}", same->at.line);
    return;
  }
  proxy.bandwidth_filters.push_back(std::move(filter));
}

// Its place is how many other filters stand before it.
void read_compression_filter(ParseContext& context, Arguments& args, const Word& kind) {
  auto& proxy = context.target<ProxyConfig>();
  CompressionFilter& filter = proxy.compression_filter;
  if (!args.expect_end()) return;
  const bool old = kind.text == "compression";
  const bool requests = old || kind.text == "comp-req";
  const bool responses = old || kind.text == "comp-res";
  if ((requests && filter.requests) || (responses && filter.responses)) {
    args.error_at(kind.at, fmt::format("{} has a filter that compresses {} already", title(proxy),
                                       requests && filter.requests ? "requests" : "answers"));
    return;
  }
  if (requests) filter.requests = proxy.bandwidth_filters.size();
  if (responses) filter.responses = proxy.bandwidth_filters.size();
  filter.old = old;
}

// What it does to a request has nothing to do with the bytes that other filters count: its place says nothing.
void read_fcgi_filter(ParseContext& context, Arguments& args, const Word& kind) {
  auto& proxy = context.target<ProxyConfig>();
  const Word* name = args.expect_name("the application's name");
  if (name == nullptr || !args.expect_end()) return;
  if (!proxy.fcgi_filters.empty()) {
    args.error_at(kind.at, fmt::format("{} has another filter for a FastCGI application", title(proxy)));
    return;
  }
  proxy.fcgi_filters.push_back({name->text, name->at});
}

struct Kind {
  std::string_view name;
  void (*read)(ParseContext& context, Arguments& args, const Word& kind);
};
constexpr Kind kKinds[] = {{"bwlim-in", read_bandwidth_filter},      {"bwlim-out", read_bandwidth_filter},
                           {"comp-req", read_compression_filter},    {"comp-res", read_compression_filter},
                           {"compression", read_compression_filter}, {"fcgi-app", read_fcgi_filter}};

void filter(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const Word& kind = *args.next();
  const auto* const known = std::ranges::find(kKinds, kind.text, &Kind::name);
  if (known != std::end(kKinds)) return known->read(context, args, kind);
  for (const Refused& refused : kRefused)
    if (refused.name == kind.text) {
      args.error_at(kind.at, fmt::format("filter '{}' is not available: {}", kind.text, refused.reason));
      return;
    }
  std::vector<std::string_view> names;
  for (const Kind& one : kKinds) names.push_back(one.name);
  for (const Refused& refused : kRefused) names.push_back(refused.name);
  const auto near = nearest_word(kind.text, names);
  args.error_at(kind.at, fmt::format("there is no filter '{}'", kind.text)).hint =
      near.empty() ? "in this version there are bwlim-in, bwlim-out, comp-req, comp-res, compression and fcgi-app"
                   : fmt::format("did you mean '{}'?", near);
}

constexpr KeywordRow kRows[] = {
    {.name = "filter",
     .sections = in::frontends | in::backends,
     .arguments = "bwlim-in|bwlim-out <name> <limits> | comp-req | comp-res | compression | fcgi-app <name>",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = filter,
     .doc =
         "A limit of bytes per time, for sessions that 'set-bandwidth-limit' names it for; or that requests or "
         "answers are compressed as 'compression' says, in this place among the limits; or the place of 'use-fcgi-app' "
         "among the filters.",
     .example = kOwnExample},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> filter_keywords{kRows};

}  // namespace weir::proxy
