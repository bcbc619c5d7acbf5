#include "proxy/rule/read_reply.h"

#include <fmt/format.h>

#include "base/outside.h"
#include "proto/http/text.h"
#include "proxy/http/pages.h"
#include "proxy/keyword/build.h"

namespace weir::proxy {
namespace {

using config::Arguments;
using config::ParseContext;
using config::Word;

constexpr std::size_t kMostBytes = std::size_t{1} << 20U;

// What may stand once: where the body comes from.
struct Reader {
  ParseContext& context;
  Arguments& args;
  const sample::Scope& scope;
  std::shared_ptr<Reply> reply = std::make_shared<Reply>();
  bool has_body = false;
  const Word* status_word = nullptr;

  bool error(SourcePosition at, std::string message) {
    args.error_at(at, std::move(message));
    return false;
  }

  bool begin_body(const Word& word) {
    if (has_body) return error(word.at, fmt::format("'{}': the answer has its content already", word.text));
    has_body = true;
    return true;
  }

  bool read_status() {
    const Word* word = args.peek();
    const auto status = args.expect_integer("the status", 200, 599);
    if (!status) return false;
    reply->status = static_cast<std::uint16_t>(*status);
    status_word = word;
    return true;
  }

  bool read_type() {
    const Word* type = args.expect_word("the content type");
    if (type == nullptr) return false;
    reply->content_type = type->text;
    return true;
  }

  std::optional<std::string> read_file() {
    const Word* path = args.expect_word("the file's path");
    if (path == nullptr) return std::nullopt;
    auto text = read_outside(path->text, kMostBytes);
    if (!text) {
      error(path->at, fmt::format("cannot read '{}'", path->text));
      return std::nullopt;
    }
    return std::move(*text);
  }

  bool read_format(std::string_view text, SourcePosition at) {
    reply->format = sample::LogFormat::compile(
        text, {.use = sample::FormatUse::text, .merge_spaces = false, .http = true}, scope, at, context.diagnostics());
    reply->body = Reply::Body::format;
    return reply->format != nullptr;
  }

  bool read_body(const Word& word) {
    if (!begin_body(word)) return false;
    if (word.text == "default-errorfiles") {
      reply->body = Reply::Body::page;
      return true;
    }
    if (word.text == "errorfile") {
      const Word* path = args.expect_word("the file's path");
      if (path == nullptr) return false;
      auto page = read_page_file(context, *path);
      if (page == nullptr) return false;
      page->stands_for = reply->status;
      page->added = std::move(reply->added);
      reply = std::move(page);
      return true;
    }
    if (word.text == "errorfiles") {
      const Word* section = args.expect_word("the name of an http-errors section");
      if (section == nullptr) return false;
      reply->pages = error_pages(context, *section);
      reply->body = Reply::Body::page;
      return true;
    }
    if (word.text == "string") {
      const Word* text = args.expect_word("the text");
      if (text == nullptr) return false;
      reply->text = text->text;
      reply->body = Reply::Body::text;
      return true;
    }
    if (word.text == "lf-string") {
      const Word* text = args.expect_word("the format");
      return text != nullptr && read_format(text->text, text->at);
    }
    const SourcePosition at = args.here();
    auto text = read_file();
    if (!text) return false;
    if (word.text == "lf-file") return read_format(*text, at);
    reply->text = std::move(*text);
    reply->body = Reply::Body::text;
    return true;
  }

  bool read_header() {
    const Word* name = args.expect_word("the field's name");
    if (name == nullptr) return false;
    if (!proto::http::is_token(name->text))
      return error(name->at, fmt::format("'{}' is no name of a field", name->text));
    const Word* value = args.expect_word("the field's value");
    if (value == nullptr) return false;
    auto format =
        sample::LogFormat::compile(value->text, {.use = sample::FormatUse::text, .merge_spaces = false, .http = true},
                                   scope, value->at, context.diagnostics());
    if (format == nullptr) return false;
    reply->added.push_back({proto::http::lowered(name->text), std::move(format)});
    return true;
  }

  bool check() {
    if (reply->body == Reply::Body::page && reply->pages == nullptr && !has_page(reply->status))
      return error(status_word != nullptr ? status_word->at : args.here(),
                   fmt::format("there is no page for status {}", reply->status));
    const bool plain = reply->body == Reply::Body::text || reply->body == Reply::Body::format;
    const bool empty = reply->body == Reply::Body::text && reply->text.empty();
    if (plain && !empty && reply->fields.empty() && reply->content_type.empty())
      return error(args.here(), "an answer with content needs 'content-type <type>'");
    if (!plain || empty) reply->content_type.clear();
    return true;
  }
};

}  // namespace

std::shared_ptr<Reply> read_page_file(ParseContext& context, const Word& path) {
  const auto text = read_outside(path.text, kMostBytes);
  if (text && text->empty()) {  // manual, errorfile: "/dev/null" says nothing at all
    auto silent = std::make_shared<Reply>();
    silent->body = Reply::Body::silent;
    return silent;
  }
  if (!text) {
    context.error(path, fmt::format("cannot read the page '{}'", path.text)).hint =
        "a file that holds a whole HTTP answer, head and body";
    return nullptr;
  }
  auto page = parse_page(*text);
  if (!page) {
    context.error(path, fmt::format("the page '{}': {}", path.text, page.error().message));
    return nullptr;
  }
  return std::make_shared<Reply>(std::move(*page));
}

std::shared_ptr<Reply> read_reply(ParseContext& context, Arguments& args, const sample::Scope& scope,
                                  std::uint16_t usual) {
  Reader reader{.context = context, .args = args, .scope = scope};
  reader.reply->status = usual;
  for (const Word* word = args.peek(); word != nullptr; word = args.peek()) {
    static constexpr std::string_view kBodies[] = {
        "default-errorfiles", "errorfile", "errorfiles", "file", "lf-file", "string", "lf-string"};
    bool good = true;
    if (word->text == "status" || word->text == "deny_status") {
      args.next();
      good = reader.read_status();
    } else if (word->text == "content-type") {
      args.next();
      good = reader.read_type();
    } else if (word->text == "hdr") {
      args.next();
      good = reader.read_header();
    } else if (std::ranges::find(kBodies, word->text) != std::end(kBodies)) {
      good = reader.read_body(*args.next());
    } else {
      break;
    }
    if (!good) return nullptr;
  }
  return reader.check() ? reader.reply : nullptr;
}

}  // namespace weir::proxy
