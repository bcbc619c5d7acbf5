// Captured texts: kept by `capture` actions and the converters here, read by fetches and by the log.
//
// Slots belong to the frontend, which declares their lengths; the texts belong to the session's extras. In the log
// everything that could be taken for the brackets around the texts, or is no printable character, appears as #XX.
// Manual 4.2: declare capture; 7.3: capture-req, capture.req.hdr; 8.2.6: %hr, %hrl, %hs, %hsl.
#include <fmt/format.h>

#include "proxy/fetch/tables.h"
#include "proxy/keywords.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/session.h"
#include "sample/log_format.h"

namespace weir::proxy {
namespace {

using namespace sample::vocabulary;
using sample::args;
using sample::FormatOutput;

enum class Direction : std::uint8_t { request, response };

const std::vector<CaptureSlot>& slots_of(const Session& session, Direction direction) {
  const ProxyConfig& frontend = *session.frontend->config;
  return direction == Direction::request ? frontend.request_captures : frontend.response_captures;
}

// What a slot holds; null: nothing was captured.
const std::string* captured(const Session& session, Direction direction, std::size_t slot) {
  if (!session.extras) return nullptr;
  const auto& texts =
      direction == Direction::request ? session.extras->request_captures : session.extras->response_captures;
  return slot < texts.size() && texts[slot] ? &*texts[slot] : nullptr;
}

template <Direction direction>
FetchStatus read(const Args& args, Context& context, Sample& out) {
  if (context.session == nullptr) return FetchStatus::absent;
  const std::string* text = captured(*context.session, direction, static_cast<std::size_t>(args[0].integer));
  if (text == nullptr) return FetchStatus::absent;
  out = Sample::string(*text);
  return FetchStatus::ok;
}

// Manual: the value goes on as it is; without such a slot nothing is kept.
template <Direction direction>
bool keep(const Args& args, Context& context, Sample& sample) {
  if (context.session == nullptr || context.session->frontend == nullptr) return true;
  Session& session = *context.session;
  const auto slot = static_cast<std::size_t>(args[0].integer);
  const auto& slots = slots_of(session, direction);
  if (slot >= slots.size()) return true;
  SessionExtras& more = extras(session);
  SessionExtras::keep(direction == Direction::request ? more.request_captures : more.response_captures, slot,
                      sample.text().substr(0, slots[slot].length));
  return true;
}

Result<std::shared_ptr<const void>> check_slot(const Args& args) {
  if (args[0].integer < 0 || args[0].integer >= static_cast<std::int64_t>(kMostCaptures))
    return fail(fmt::format("slots are numbered from 0 to {}", kMostCaptures - 1));
  return nullptr;
}

// Written by us from byte to byte: what stands here is escaped already, and '#' itself is left alone as in the manual's
// lines.
void write_escaped(FormatOutput& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 32 || byte > 126 || std::string_view("{|}\"").contains(c)) {
      out.verbatim(fmt::format("#{:02X}", byte));
    } else {
      if (out.flags().escape && (c == ']' || c == '\\')) out.verbatim("\\");
      out.verbatim({&c, 1});
    }
  }
}

// {first|second}: one field of the line. Without slots there is nothing at all.
template <Direction direction>
void write_block(const Context& context, FormatOutput& out) {
  const Session& session = *context.session;
  const std::size_t count = slots_of(session, direction).size();
  if (count == 0) return;
  const std::string_view quote = out.flags().quote ? "\"" : "";
  out.verbatim(quote);
  for (std::size_t slot = 0; slot < count; slot++) {
    out.verbatim(slot == 0 ? "{" : "|");
    if (const std::string* one = captured(session, direction, slot)) write_escaped(out, *one);
  }
  out.verbatim("}");
  out.verbatim(quote);
}

// Each a field of its own; "-" for nothing captured.
template <Direction direction>
void write_fields(const Context& context, FormatOutput& out) {
  const Session& session = *context.session;
  const std::size_t count = slots_of(session, direction).size();
  const std::string_view quote = out.flags().quote ? "\"" : "";
  for (std::size_t slot = 0; slot < count; slot++) {
    if (slot != 0) out.verbatim(" ");
    const std::string* one = captured(session, direction, slot);
    out.verbatim(quote);
    if (one != nullptr)
      write_escaped(out, *one);
    else if (quote.empty())
      out.verbatim("-");
    out.verbatim(quote);
  }
}

constexpr sample::Fetch kFetches[] = {
    {.name = "capture.req.hdr",
     .args = args(1, {ArgKind::integer}),
     .needs = Facts::session,
     .out = sample::Type::string,
     .fetch = read<Direction::request>,
     .prepare = check_slot,
     .doc = "The text in a request's capture slot, counted from 0.",
     .examples = {{{"capture.req.hdr(0)", "", true}}}},
    {.name = "capture.res.hdr",
     .args = args(1, {ArgKind::integer}),
     .needs = Facts::session,
     .out = sample::Type::string,
     .fetch = read<Direction::response>,
     .prepare = check_slot,
     .doc = "The text in a response's capture slot, counted from 0.",
     .examples = {{{"capture.res.hdr(0)", "", true}}}},
};
static_assert(sample::well_formed(kFetches), "rows are sorted by name, documented and exemplified");

constexpr sample::Converter kConverters[] = {
    {.name = "capture-req",
     .args = args(1, {ArgKind::integer}),
     .in = sample::Type::string,
     .out = sample::Type::string,
     .apply = keep<Direction::request>,
     .prepare = check_slot,
     .doc = "Keeps the text in a declared capture slot of the request and passes it on.",
     .examples = {{{"str(bob),capture-req(0)", "bob"}}}},
    {.name = "capture-res",
     .args = args(1, {ArgKind::integer}),
     .in = sample::Type::string,
     .out = sample::Type::string,
     .apply = keep<Direction::response>,
     .prepare = check_slot,
     .doc = "Keeps the text in a declared capture slot of the response and passes it on.",
     .examples = {{{"str(bob),capture-res(0)", "bob"}}}},
};
static_assert(sample::well_formed(kConverters), "rows are sorted by name, documented and exemplified");

constexpr sample::LogAlias kAliases[] = {
    {.name = "hr", .write = write_block<Direction::request>, .doc = "Texts captured from the request: {a|b}."},
    {.name = "hrl", .write = write_fields<Direction::request>, .doc = "Texts captured from the request, each a field."},
    {.name = "hs", .write = write_block<Direction::response>, .doc = "Texts captured from the response: {a|b}."},
    {.name = "hsl",
     .write = write_fields<Direction::response>,
     .doc = "Texts captured from the response, each a field."},
};
static_assert(sample::well_formed(kAliases));

}  // namespace

constinit const std::span<const sample::Fetch> capture_fetches{kFetches};
constinit const std::span<const sample::Converter> capture_converters{kConverters};
constinit const std::span<const sample::LogAlias> capture_aliases{kAliases};

}  // namespace weir::proxy
