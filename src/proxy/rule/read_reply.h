// Reads the words of an answer, which deny, tarpit, return and http-error share:
//   [status <code>] [content-type <type>] [default-errorfiles | errorfile <file> | errorfiles <section> | file <file> |
//   lf-file <file> | string <text> | lf-string <format>] [hdr <name> <format>]...
// Manual 4.4, return.
#pragma once

#include <memory>

#include "config/arguments.h"
#include "proxy/http/settings.h"
#include "sample/registry.h"

namespace weir::proxy {

/// `usual`: the status without one. Stops before a word it does not know. Null after errors.
std::shared_ptr<Reply> read_reply(config::ParseContext& context, config::Arguments& args, const sample::Scope& scope,
                                  std::uint16_t usual);

/// A file that holds a whole answer. Null after an error at `at`.
std::shared_ptr<Reply> read_page_file(config::ParseContext& context, const config::Word& path);

}  // namespace weir::proxy
