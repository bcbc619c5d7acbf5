#include "check/fcgi_probe.h"

#include <fmt/format.h>

#include <vector>

#include "base/address.h"
#include "check/http_probe.h"
#include "proto/fcgi/record.h"
#include "proto/http/head.h"
#include "proto/http/uri.h"
#include "sample/script_path.h"

namespace weir::check {
namespace {

using proto::fcgi::kRequest;
using proto::fcgi::RecordReader;
using proto::fcgi::RecordWriter;
using proto::fcgi::Type;
using proto::http::same_name;

constexpr std::size_t kMostRequest = std::size_t{64} * 1024;

// What follows in the fields overrides nothing: they are HTTP_*, but for these two.
bool is_parameter_of_its_own(std::string_view name) {
  return same_name(name, "content-length") || same_name(name, "content-type");
}

bool add_script(const FcgiWords& app, std::string_view path, RecordWriter& out) {
  std::string decoded(path.size(), '\0');
  const auto size = sample::decode_path(path, decoded.data());
  if (!size || !path.starts_with('/')) return false;
  decoded.resize(*size);
  const auto script = sample::script_path(decoded, app.path_info.get());
  if (!script) return false;
  std::string name(script->name);
  if (name.ends_with('/')) name += app.index;
  out.param("DOCUMENT_ROOT", app.docroot);
  out.param("SCRIPT_NAME", name);
  out.param("SCRIPT_FILENAME", app.docroot + name);
  if (script->path_info.empty()) return true;
  out.param("PATH_INFO", script->path_info);
  out.param("PATH_TRANSLATED", app.docroot + std::string(script->path_info));
  return true;
}

void add_place(const HttpWords& words, const SocketAddress* server, RecordWriter& out) {
  std::string name;
  for (const auto& [field, value] : words.fields)
    if (same_name(field, "host")) name = value;
  const bool inet = server != nullptr && server->is_inet();
  if (name.empty() && inet) name = server->host();
  if (!name.empty()) out.param("SERVER_NAME", name);
  if (inet) out.param("SERVER_PORT", fmt::format("{}", server->port()));
}

}  // namespace

std::string fcgi_request(const HttpWords& words, const SocketAddress* server) {
  std::vector<char> memory(kMostRequest + words.body.size());
  RecordWriter out(memory);
  out.begin_request(kRequest, false);
  out.begin_params(kRequest);
  if (!add_script(*words.fcgi, proto::http::path_of(words.uri), out)) return {};
  out.param("GATEWAY_INTERFACE", "CGI/1.1");
  out.param("SERVER_SOFTWARE", "weir");
  out.param("SERVER_PROTOCOL", words.version);
  out.param("REQUEST_METHOD", words.method);
  out.param("REQUEST_URI", words.uri);
  if (const auto query = proto::http::query_of(words.uri); query && !query->empty()) out.param("QUERY_STRING", *query);
  out.param("CONTENT_LENGTH", fmt::format("{}", words.body.size()));
  add_place(words, server, out);
  for (const auto& [name, value] : words.fields) {
    if (same_name(name, "content-type")) out.param("CONTENT_TYPE", value);
    if (!is_parameter_of_its_own(name)) out.param("HTTP_", name, value);
  }
  out.end_params();
  for (std::string_view rest = words.body; !rest.empty();) {
    const std::string_view piece = rest.substr(0, proto::fcgi::kMostContent);
    char header[proto::fcgi::kHeader];
    proto::fcgi::write_header(header, Type::in, kRequest, piece.size());
    out.bytes({header, sizeof header});
    out.bytes(piece);
    rest.remove_prefix(piece.size());
  }
  out.empty(Type::in, kRequest);
  return {memory.data(), out.size()};
}

FcgiAnswer fcgi_answer(std::string_view received) {
  FcgiAnswer answer;
  RecordReader reader(kRequest);
  while (!answer.over && !answer.broken) {
    const RecordReader::Piece piece = reader.next(received);
    received.remove_prefix(piece.consumed);
    switch (piece.kind) {
      case RecordReader::Piece::Kind::need_more: return answer;
      case RecordReader::Piece::Kind::out: answer.output += piece.data; break;
      case RecordReader::Piece::Kind::end: answer.over = true; break;
      case RecordReader::Piece::Kind::violation: answer.broken = true; break;
      default: break;
    }
  }
  return answer;
}

}  // namespace weir::check
