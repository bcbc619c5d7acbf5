// `compression` and what it may cost: maxcomprate, maxcompcpuusage, maxzlibmem, tune.comp.*, tune.zlib.*. Manual: 3.2,
// 4.2, 9.2.
//
// Lists grow from line to line, from the defaults section's on. A proxy's settings are shared with those that inherit
// them until a line of its own changes them.
#include <fmt/format.h>

#include <algorithm>

#include "proto/http/text.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/global_rows.h"
#include "proxy/keyword/proxy_rows.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using proto::coding::Coding;
using proxy_rows::word;
using Settings = CompressionSettings;

constexpr Coding kCodingsListed[] = {Coding::identity,    Coding::gzip, Coding::deflate,
                                     Coding::raw_deflate, Coding::br,   Coding::zstd};

template <class Change>
void change(ParseContext& context, Change apply) {
  auto& kept = context.target<ProxyConfig>().settings.http.compression;
  auto changed = kept ? std::make_shared<Settings>(*kept) : std::make_shared<Settings>();
  apply(*changed);
  kept = std::move(changed);
}

std::optional<Coding> read_coding(ParseContext& context, const Word& word) {
  const auto coding = proto::coding::coding_named(word.text);
  if (coding) return coding;
  std::vector<std::string_view> names;
  for (const Coding one : kCodingsListed) names.push_back(proto::coding::name_of(one));
  const auto near = nearest_word(word.text, names);
  context.error(word, fmt::format("there is no compression '{}'", word.text)).hint =
      near.empty() ? "gzip, deflate, raw-deflate, br, zstd, identity" : fmt::format("did you mean '{}'?", near);
  return std::nullopt;
}

void response_codings(ParseContext& context, const Line& line) {
  std::vector<Coding> listed;
  for (const Word& word : line.args()) {
    const auto coding = read_coding(context, word);
    if (!coding) return;
    listed.push_back(*coding);
  }
  change(context, [&](Settings& settings) {
    for (const Coding one : listed)
      if (std::ranges::find(settings.response_codings, one) == settings.response_codings.end())
        settings.response_codings.push_back(one);
  });
}

void request_coding(ParseContext& context, const Line& line) {
  if (const auto coding = read_coding(context, line.args()[0]))
    change(context, [&](Settings& settings) { settings.request_coding = coding; });
}

template <std::vector<std::string> Settings::* Member>
void types(ParseContext& context, const Line& line) {
  change(context, [&](Settings& settings) {
    for (const Word& word : line.args()) (settings.*Member).push_back(proto::http::lowered(word.text));
  });
}

template <std::optional<std::uint64_t> Settings::* Member>
void least_size(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto size = args.expect_size("the least size"))
    change(context, [&](Settings& settings) { settings.*Member = size; });
}

void offload(ParseContext& context, const Line& line) {
  if (is_defaults(context)) {
    context.warning(line.at, "'compression offload' is not taken from a defaults section").hint =
        "write it in each section that is to do the servers' compression";
    return;
  }
  change(context, [](Settings& settings) { settings.offload = true; });
}

void direction(ParseContext& context, const Line& line) {
  static constexpr std::string_view kDirections[] = {"request", "response", "both"};
  Arguments args(context, line);
  const auto chosen = args.expect_choice("direction", kDirections);
  if (!chosen) return;
  change(context, [&](Settings& settings) {
    settings.requests = *chosen != 1;
    settings.responses = *chosen != 0;
  });
}

template <std::uint32_t CompressionLimits::* Member, std::int64_t Min, std::int64_t Max>
void limit(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto value = args.expect_integer("the number", Min, Max))
    context.target<GlobalConfig>().compression.*Member = static_cast<std::uint32_t>(*value);
}

using L = CompressionLimits;
constexpr int kMany = config::kAnyArgs;
constexpr std::string_view kNames = "gzip|deflate|raw-deflate|br|zstd|identity...";
constexpr std::string_view kName = "gzip|deflate|raw-deflate|br|zstd|identity";

constexpr KeywordRow kRows[] = {
    word("compression algo", kNames, 1, kMany, response_codings,
         "Compresses answers with one of these, as the client takes them. With br or zstd among them the order counts.",
         "compression algo br gzip"),
    word("compression algo-req", kName, 1, 1, request_coding,
         "Compresses the bodies of requests with this, where 'filter comp-req' or 'compression direction' says so.",
         "compression algo-req gzip"),
    word("compression algo-res", kNames, 1, kMany, response_codings, "Another word for 'compression algo'.",
         "compression algo-res gzip"),
    word("compression direction", "request|response|both", 1, 1, direction,
         "What is compressed where no 'filter comp-req' or 'filter comp-res' says it.", "compression direction both"),
    word("compression minsize-req", "<size>", 1, 1, least_size<&Settings::request_least>,
         "Requests whose body is shorter stay as they are.", "compression minsize-req 1k"),
    word("compression minsize-res", "<size>", 1, 1, least_size<&Settings::response_least>,
         "Answers whose body is shorter stay as they are.", "compression minsize-res 1k"),
    word("compression offload", "", 0, 0, offload,
         "Hides from servers that the client takes compressed answers, so that they send plain ones.",
         "compression offload"),
    word("compression type", "<type>...", 1, kMany, types<&Settings::response_types>,
         "Compresses answers whose Content-Type begins with one of these only.",
         "compression type text/html text/plain"),
    word("compression type-req", "<type>...", 1, kMany, types<&Settings::request_types>, "The same of requests.",
         "compression type-req application/json"),
    word("compression type-res", "<type>...", 1, kMany, types<&Settings::response_types>,
         "Another word for 'compression type'.", "compression type-res text/html"),
    global_rows::one("maxcompcpuusage", "<percent>", limit<&L::cpu, 0, 100>,
                     "From this use of a worker's processor on, compression does less, and nothing for new messages.",
                     "maxcompcpuusage 80"),
    global_rows::one("maxcomprate", "<kilobytes>", limit<&L::rate, 0, 4'000'000>,
                     "From this many bytes a second on, compression does less, and nothing for new messages; 0: never.",
                     "maxcomprate 10000"),
    global_rows::one("maxzlibmem", "<megabytes>", limit<&L::megabytes, 0, 1'048'576>,
                     "How much memory all compression together may take; what finds none passes as it is. 0: any.",
                     "maxzlibmem 256"),
    global_rows::one("tune.comp.maxlevel", "<level>", limit<&L::level, 1, 9>,
                     "How hard compression tries: 1 is fast, 9 small (br goes up to 5).", "tune.comp.maxlevel 1"),
    global_rows::one("tune.zlib.memlevel", "<level>", limit<&L::memory_level, 1, 9>,
                     "How much memory one zlib stream has for its state: 1 is least, 9 most and fastest.",
                     "tune.zlib.memlevel 8"),
    global_rows::one("tune.zlib.windowsize", "<bits>", limit<&L::window, 8, 15>,
                     "How far one zlib stream looks back, as a power of two; 9 where zlib knows no 8.",
                     "tune.zlib.windowsize 15"),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> compression_keywords{kRows};

}  // namespace weir::proxy
