// The words and sentences of check results.
#include "check/status.h"

#include <algorithm>

#include "base/assert.h"

namespace weir::check {
namespace {

struct Row {
  Status status;
  std::string_view word;
  std::string_view description;
};

constexpr Row kRows[] = {
    {Status::unk, "UNK", "Unknown"},
    {Status::ini, "INI", "Initializing"},
    {Status::hana, "HANA", "Health analyze"},
    {Status::checked, "CHECKED", "No status change"},
    {Status::sockerr, "SOCKERR", "Socket error"},
    {Status::l4ok, "L4OK", "Layer4 check passed"},
    {Status::l4tout, "L4TOUT", "Layer4 timeout"},
    {Status::l4con, "L4CON", "Layer4 connection problem"},
    {Status::l6ok, "L6OK", "Layer6 check passed"},
    {Status::l6tout, "L6TOUT", "Layer6 timeout"},
    {Status::l6rsp, "L6RSP", "Layer6 invalid response"},
    {Status::l7tout, "L7TOUT", "Layer7 timeout"},
    {Status::l7rsp, "L7RSP", "Layer7 invalid response"},
    {Status::l7ok, "L7OK", "Layer7 check passed"},
    {Status::l7okc, "L7OKC", "Layer7 check conditionally passed"},
    {Status::l7sts, "L7STS", "Layer7 wrong status"},
    {Status::procerr, "PROCERR", "External check error"},
    {Status::proctout, "PROCTOUT", "External check timeout"},
    {Status::procok, "PROCOK", "External check passed"},
};

const Row& row(Status status) {
  for (const Row& candidate : kRows)
    if (candidate.status == status) return candidate;
  WEIR_ASSERT(false && "every status has a row");
  return kRows[0];
}

}  // namespace

std::string_view status_word(Status status) { return row(status).word; }
std::string_view status_description(Status status) { return row(status).description; }

std::optional<Status> status_from_number(unsigned number) {
  for (const Row& candidate : kRows)
    if (static_cast<unsigned>(candidate.status) == number) return candidate.status;
  return std::nullopt;
}

std::optional<Status> status_from_word(std::string_view word) {
  for (const Row& candidate : kRows)
    if (candidate.word == word) return candidate.status;
  return std::nullopt;
}

bool passed(Status status) {
  return status == Status::l4ok || status == Status::l6ok || status == Status::l7ok || status == Status::l7okc ||
         status == Status::procok;
}

bool conclusive(Status status) { return status != Status::unk && status != Status::ini && status != Status::checked; }

std::string printable(std::string_view text) {
  constexpr std::size_t kMost = 200;
  std::string out;
  for (const char c : text.substr(0, std::min(text.find_first_of(std::string_view("\r\n\0", 3)), kMost)))
    out += c >= ' ' && c < 0x7f && c != '"' ? c : '.';
  return out;
}

}  // namespace weir::check
