#include "proxy/http/line_text.h"

#include "proto/http/text.h"
#include "proxy/http/exchange.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

// No text is longer than half a buffer: a head has to fit one, with its other fields.
std::optional<std::span<char>> formatted(Session& session, const sample::LogFormat& format, sample::Context& context) {
  TextStore& texts = session.http->texts;
  const std::size_t room = session.worker->io->buffers().buffer_size() / 2;
  char* const at = texts.take(room);
  if (at == nullptr) return std::nullopt;
  const std::size_t size = format.format(context, {at, room});
  texts.keep_only(at, size);
  return std::span<char>(at, size);
}

}  // namespace

std::optional<std::string_view> body_text(Session& session, const sample::LogFormat& format, sample::Context& context) {
  const auto text = formatted(session, format, context);
  if (!text) return std::nullopt;
  return std::string_view(text->data(), text->size());
}

std::optional<std::string_view> line_text(Session& session, const sample::LogFormat& format, sample::Context& context) {
  const auto text = formatted(session, format, context);
  if (!text) return std::nullopt;
  proto::http::blank_line_ends(*text);
  return std::string_view(text->data(), text->size());
}

}  // namespace weir::proxy
