#include "check/http_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "check/probe.h"
#include "proto/fcgi/response.h"
#include "proto/http1/codec.h"
#include "sample/pattern.h"

namespace weir::check {
namespace {

using namespace proto;
using Move = ProbeMove::Kind;

ProbeMove done(Status status, int code, std::string_view info) {
  return {.kind = Move::done, .bytes = {}, .status = status, .code = code, .info = printable(info)};
}

bool status_is(const HttpExpect& expect, std::uint16_t status) {
  if (expect.what == HttpExpect::What::rstatus) return expect.regex->matches(std::to_string(status));
  return std::ranges::any_of(expect.statuses,
                             [status](const auto& range) { return status >= range.first && status <= range.second; });
}

struct Answer {
  std::uint16_t status = 0;
  std::string reason;
  std::string body;
  bool whole = false;  // no more of the body will come
  enum class State : std::uint8_t { incomplete, broken, there } state = State::incomplete;
};

// The body without its framing, as far as it is there.
void read_body(std::string_view bytes, const http::Framing& framing, bool ended, Answer& out) {
  http1::BodyReader reader(framing);
  using Piece = http1::BodyReader::Piece;
  for (;;) {
    const Piece piece = reader.next(bytes);
    bytes.remove_prefix(piece.consumed);
    if (piece.kind == Piece::Kind::data) {
      out.body += piece.data;
    } else if (piece.kind != Piece::Kind::trailers) {
      out.whole = ended || piece.kind == Piece::Kind::end || piece.kind == Piece::Kind::violation;
      return;
    }
  }
}

// The final head of `bytes`, which it borrows from, and where the body begins.
struct Found {
  Answer::State state = Answer::State::incomplete;
  std::size_t size = 0;
};

Found find_head(std::string& bytes, http::Head& head) {
  Found found;
  for (;;) {
    std::size_t scanned = 0;
    const auto parsed =
        http1::parse_response(std::span(bytes).subspan(found.size), scanned, {.accept_unsafe = true}, head);
    if (parsed.kind == http1::HeadResult::Kind::need_more) return found;
    found.state = Answer::State::broken;
    if (parsed.kind == http1::HeadResult::Kind::violation) return found;
    found.size += parsed.size;
    found.state = Answer::State::there;
    if (head.status >= 200) return found;
    found.state = Answer::State::incomplete;  // an interim answer: the next one counts
  }
}

Found find_application_head(std::string& output, http::Head& head) {
  std::size_t scanned = 0;
  const auto parsed = fcgi::parse_answer(output, scanned, {.accept_unsafe = true}, head);
  if (parsed.kind == http1::HeadResult::Kind::need_more) return {};
  const bool complete = parsed.kind == http1::HeadResult::Kind::complete;
  return {.state = complete ? Answer::State::there : Answer::State::broken, .size = parsed.size};
}

Answer read_answer(const ProbeInput& in) {
  const bool application = in.words.http.fcgi.has_value();
  FcgiAnswer records;
  if (application) records = fcgi_answer(in.received);
  std::string copy = application ? std::move(records.output) : std::string(in.received);
  constexpr std::size_t kFields = 101;
  std::array<http::Field, kFields> storage;
  http::Head head(storage);
  Answer answer;
  const Found found = application ? find_application_head(copy, head) : find_head(copy, head);
  answer.state = found.state;
  const bool ended = in.ended || records.over;
  if (found.state == Answer::State::incomplete && (records.over || records.broken))
    answer.state = Answer::State::broken;
  if (found.state != Answer::State::there) return answer;
  answer.status = head.status;
  answer.reason = head.reason;
  answer.state = Answer::State::broken;
  const http::Method method = http::method_of(in.words.http.method);
  const http::Framing framing = http::frame_response(head, method, {.accept_unsafe = true});
  if (framing.violation != http::Violation::none) return answer;
  answer.state = Answer::State::there;
  read_body(std::string_view(copy).substr(found.size), framing, ended, answer);
  return answer;
}

// nullopt: the body may still decide otherwise.
std::optional<ProbeMove> judge(const HttpExpect& expect, const Answer& answer) {
  if (expect.what == HttpExpect::What::status || expect.what == HttpExpect::What::rstatus) {
    if (status_is(expect, answer.status) != expect.negated) return ProbeMove{.kind = Move::wait};  // it holds
    return done(Status::l7sts, answer.status, answer.reason);
  }
  const bool found =
      expect.what == HttpExpect::What::string ? answer.body.contains(expect.text) : expect.regex->matches(answer.body);
  if (!found && !answer.whole) return std::nullopt;
  if (found != expect.negated) return ProbeMove{.kind = Move::wait};
  return done(Status::l7rsp, CheckResult::kNoCode,
              expect.negated ? "HTTP check matched unwanted content" : "HTTP content check did not match");
}

ProbeMove judge_all(const HttpWords& words, const Answer& answer) {
  if (words.disable_on_404 && answer.status == 404) return done(Status::l7okc, 404, "");
  if (words.expects.empty() && (answer.status < 200 || answer.status >= 400))
    return done(Status::l7sts, answer.status, answer.reason);
  for (const HttpExpect& expect : words.expects) {
    const auto verdict = judge(expect, answer);
    if (!verdict) return {};  // wait
    if (verdict->kind == Move::done) return *verdict;
  }
  return done(Status::l7ok, answer.status, "");
}

}  // namespace

std::string http_request(const HttpWords& words) {
  std::string out = fmt::format("{} {} {}\r\n", words.method, words.uri, words.version);
  bool has_length = false;
  for (const auto& [name, value] : words.fields) {
    out += fmt::format("{}: {}\r\n", name, value);
    has_length |= name == "content-length";
  }
  if (!words.body.empty() && !has_length) out += fmt::format("content-length: {}\r\n", words.body.size());
  if (words.version != "HTTP/1.0") out += "connection: close\r\n";
  return out + "\r\n" + words.body;
}

ProbeMove http_probe(const ProbeInput& in) {
  const HttpWords& words = in.words.http;
  if (in.phase == 0)
    return {.kind = Move::send, .bytes = words.fcgi ? fcgi_request(words, in.server) : http_request(words)};
  const Answer answer = read_answer(in);
  switch (answer.state) {
    case Answer::State::incomplete: return in.ended ? done(Status::l7rsp, CheckResult::kNoCode, "") : ProbeMove{};
    case Answer::State::broken: return done(Status::l7rsp, CheckResult::kNoCode, "");
    case Answer::State::there: break;
  }
  return judge_all(in.words.http, answer);
}

}  // namespace weir::check
