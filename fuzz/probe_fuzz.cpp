// layers: proto base
// The first answers of mail servers, databases and directories: whatever arrives, in whatever pieces, the parsers stay
// inside it, and what a beginning was judged to be the whole does not take back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proto/ldap.h"
#include "proto/mysql.h"
#include "proto/pgsql.h"
#include "proto/smtp.h"
#include "proto/ssl3_hello.h"

namespace {

using namespace weir::proto;

bool inside(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const smtp::Reply reply = smtp::parse_reply(bytes);
  require(inside(reply.text, bytes));
  const mysql::Message greeting = mysql::parse_greeting(bytes);
  const mysql::Message answer = mysql::parse_login_answer(bytes);
  require(inside(greeting.text, bytes) && inside(answer.text, bytes));
  const pgsql::Answer error = pgsql::parse_answer(bytes);
  require(inside(error.severity, bytes) && inside(error.message, bytes));
  const ldap::BindAnswer bound = ldap::parse_bind_answer(bytes);
  const ssl3::Answer record = ssl3::judge_answer(bytes);
  for (const std::size_t cut : {size / 4, size / 2, size - size / 4}) {
    const std::string_view part = bytes.substr(0, cut);
    if (smtp::parse_reply(part).outcome != smtp::Reply::Outcome::incomplete)
      require(smtp::parse_reply(part).outcome == reply.outcome);
    if (mysql::parse_greeting(part).kind != mysql::Message::Kind::incomplete)
      require(mysql::parse_greeting(part).kind == greeting.kind);
    if (pgsql::parse_answer(part).kind != pgsql::Answer::Kind::incomplete)
      require(pgsql::parse_answer(part).kind == error.kind);
    if (ldap::parse_bind_answer(part).kind != ldap::BindAnswer::Kind::incomplete)
      require(ldap::parse_bind_answer(part).kind == bound.kind);
    if (ssl3::judge_answer(part) != ssl3::Answer::incomplete) require(ssl3::judge_answer(part) == record);
  }
  return 0;
}
