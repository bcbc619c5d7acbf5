// distcc's requests and answers: a row of tokens, each four letters and a number in eight hexadecimal digits.
//
// For some tokens the number is the length of a body that follows; for the others (DIST, ARGC, NFIL, DONE, STAT, ...)
// it is the value itself. The row is walked from its start each time: messages are a few tokens in front of one large
// body, whose bytes are skipped by its length. Spec: distcc, doc/protocol-1.txt to -3.txt.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::proto::distcc {

enum class Outcome : std::uint8_t {
  need_more,  // the token may still come
  not_there,  // it never will: these bytes are no distcc
  found,
};

struct Token {
  Outcome outcome = Outcome::need_more;
  std::uint32_t parameter = 0;
  std::string_view body{};     // what has arrived of it
  bool body_complete = false;  // true for tokens without one
};

/// The `occurrence`-th token of that name, from 1.
[[nodiscard]] Token find_token(std::string_view bytes, std::string_view name, std::uint32_t occurrence);

/// Whether the number of such a token is the length of a body.
[[nodiscard]] bool has_body(std::string_view name);

}  // namespace weir::proto::distcc
