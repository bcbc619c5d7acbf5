// `redirect`: where a client is sent, with what status and cookies. Manual 4.2 and 4.4, redirect.
#pragma once

#include <memory>
#include <string>

#include "config/arguments.h"
#include "proxy/http/settings.h"
#include "sample/condition.h"

namespace weir::proxy {

struct Session;

struct Redirect {
  enum class To : std::uint8_t { location, prefix, scheme } to = To::location;
  std::shared_ptr<const sample::LogFormat> where;
  std::string written;
  std::uint16_t code = 302;
  bool drop_query = false;
  bool append_slash = false;
  bool ignore_empty = false;
  bool keep_query = false;
  std::string cookie;  // the whole Set-Cookie; empty: none
  std::shared_ptr<const sample::LogFormat> cookie_format;
  ReplyPtr reply;  // by `code`, without Location
};

/// Reads "location|prefix|scheme <format> ..." up to `if`, `unless` or the end.
/// `literal`: where to is no format.
bool read_redirect(config::ParseContext& context, config::Arguments& args, const sample::Scope& scope, bool literal,
                   Redirect& out);

enum class RedirectOrder : std::uint8_t { given, skipped, failed };
/// Leaves it in the session's exchange, to be answered.
RedirectOrder order_redirect(Session& session, const Redirect& redirect, sample::Context& context);

}  // namespace weir::proxy
