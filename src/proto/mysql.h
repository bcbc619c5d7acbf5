// The first exchange of the MySQL protocol, as a client sees it: greeting, login, the answer to it.
//
// A packet is three bytes of length (little-endian), one of sequence, the body. From MySQL's own documentation of its
// client/server protocol: connection phase, HandshakeV10, HandshakeResponse320 and 41, ERR_Packet. No socket, no state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::proto::mysql {

/// How the login is written. Manual, option mysql-check: post-41 is the default.
enum class Dialect : std::uint8_t { post_41, pre_41, post_80 };

struct Message {
  enum class Kind : std::uint8_t { incomplete, malformed, greeting, error, accepted } kind = Kind::incomplete;
  std::string_view text;  // the server's version, or what the error says
  unsigned code = 0;      // of an error
};

/// What the server says first: its greeting, or why it will not talk.
Message parse_greeting(std::string_view bytes);
/// What it says to a login: accepted (or another way to authenticate asked for, which proves as much), or an error.
Message parse_login_answer(std::string_view bytes);

/// A login without a password.
std::string login(std::string_view user, Dialect dialect);
/// COM_QUIT, first packet of its command.
std::string quit();

}  // namespace weir::proto::mysql
