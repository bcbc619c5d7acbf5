// Heads: the start line, the fields, the empty line.
//
// One walk does all: it stores slices as it goes, and when the bytes end before the head does, it says so and remembers
// the first line that it has not seen whole. The next call only looks on from there, and when the empty line has come,
// the walk is made once more from the beginning, storing. A head that arrives in one piece, as nearly all do, is walked
// once. Every rule looks at one line alone, so that a head means the same however it was cut.
#include <algorithm>
#include <cstring>

#include "proto/http1/codec.h"
#include "proto/http1/host.h"
#include "proto/http1/scan.h"

namespace weir::proto::http1 {
namespace {

using http::Head;
using http::Violation;
using Kind = HeadResult::Kind;

/// What a head begins with; `none`: its fields, as a CGI answer does.
enum class Start : std::uint8_t { request, status, none };

/// What a step of the walk came to.
enum class Step : std::uint8_t { done, more, bad };

class Walk {
 public:
  Walk(std::span<char> bytes, const HeadOptions& options, Head& out)
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()), options_(options), out_(out) {}

  HeadResult from_start(std::size_t& scanned, Start start);
  /// Looks for the end only: stores nothing, writes nothing.
  Step on_from(std::size_t& scanned);
  [[nodiscard]] HeadResult result(Step step) const;

 private:
  Step skip_empty_lines();
  Step request_line();
  Step target();
  Step version();
  Step odd_version(std::string_view text);
  Step status_line();
  Step status_code();
  Step line_end();
  template <bool storing>
  Step fields();
  void usual_fields();
  template <bool storing>
  Step field();
  Step odd_name();
  template <bool storing>
  Step value();
  Step value_bytes();

  Step bad(Violation violation) {
    violation_ = violation;
    return Step::bad;
  }
  void skip_spaces() {
    while (at_ != end_ && *at_ == ' ') ++at_;
  }

  char* begin_;
  char* at_;
  char* end_;
  const HeadOptions& options_;
  Head& out_;
  std::size_t good_ = 0;     // where the first line begins that was not seen whole; 0 until a field was
  std::uint32_t lines_ = 1;  // the start line is one of max_fields
  Violation violation_ = Violation::none;
  std::string_view value_;
  bool complete_ = false;  // HTTP/0.9 has no fields
};

Step Walk::skip_empty_lines() {
  // RFC 9112 2.2: at least one empty line before a request is ignored.
  while (at_ != end_) {
    if (*at_ == '\n') {
      ++at_;
    } else if (*at_ == '\r') {
      if (end_ - at_ == 1) return Step::more;
      if (at_[1] != '\n') return bad(Violation::bad_line);
      at_ += 2;
    } else {
      return Step::done;
    }
  }
  return Step::more;
}

Step Walk::line_end() {
  if (at_ == end_) return Step::more;
  if (*at_ == '\n') {
    ++at_;
    return Step::done;
  }
  if (*at_ != '\r') return bad(Violation::bad_line);
  if (end_ - at_ == 1) return Step::more;
  if (at_[1] != '\n') return bad(Violation::bad_line);  // RFC 9112 2.2: a bare CR
  at_ += 2;
  return Step::done;
}

Step Walk::target() {
  const char* from = at_;
  const char* stop = find_target_end(at_, end_);
  // COMPAT: accept-unsafe-violations lets bytes above 127 pass, never controls nor 127 itself.
  while (options_.accept_unsafe && stop != end_ && static_cast<unsigned char>(*stop) > 0x7f) {
    stop = find_target_end(stop + 1, end_);
  }
  at_ += stop - from;
  out_.target = {from, static_cast<std::size_t>(stop - from)};
  if (at_ != end_ && *at_ != ' ' && *at_ != '\r' && *at_ != '\n') return bad(Violation::bad_target);
  return at_ == end_ ? Step::more : Step::done;
}

/// Other names and numbers than HTTP/1.x: only with accept-unsafe-violations, and then HTTP/1.0 in all but name.
Step Walk::odd_version(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::size_t dot = std::min(text.find('.'), text.size());
  const auto digits = [&](std::size_t from, std::size_t to) {
    return to > from && to - from <= 3 && std::ranges::all_of(text.substr(from, to - from), http::is_digit);
  };
  if (slash == 0 || slash > 16 || dot < slash || dot == text.size()) return bad(Violation::bad_version);
  if (!std::ranges::all_of(text.substr(0, slash), [](char c) { return c >= 'A' && c <= 'Z'; }) ||
      !digits(slash + 1, dot) || !digits(dot + 1, text.size())) {
    return bad(Violation::bad_version);
  }
  out_.version = http::Version::http10;
  out_.odd_version = text;
  at_ += text.size();
  return Step::done;
}

/// Whether `text` is HTTP/x.y, or with `whole` false the beginning of it.
bool is_version(std::string_view text, bool whole) {
  constexpr std::string_view kForm = "HTTP/0.0";
  if (text.size() > kForm.size() || (whole && text.size() != kForm.size())) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kForm[i] == '0' ? !http::is_digit(text[i]) : text[i] != kForm[i]) return false;
  }
  return true;
}

Step Walk::version() {
  constexpr std::string_view kUsual = "HTTP/1.1";
  if (end_ - at_ > 8 && std::memcmp(at_, kUsual.data(), 8) == 0 && (at_[8] == '\r' || at_[8] == ' ')) {
    out_.version = http::Version::http11;
    at_ += 8;
    return Step::done;
  }
  const char* stop = find_target_end(at_, end_);
  const std::string_view text(at_, static_cast<std::size_t>(stop - at_));
  if (stop == end_) {
    const bool possible = options_.accept_unsafe ? text.size() <= 24 : is_version(text, false);
    return possible ? Step::more : bad(Violation::bad_version);
  }
  if (!is_version(text, true)) return options_.accept_unsafe ? odd_version(text) : bad(Violation::bad_version);
  if (text[5] != '1') return options_.accept_unsafe ? odd_version(text) : bad(Violation::unsupported_version);
  // RFC 9110 2.5: a higher minor version is read as the highest one we know.
  out_.version = text[7] == '0' ? http::Version::http10 : http::Version::http11;
  at_ += text.size();
  return Step::done;
}

Step Walk::request_line() {
  const char* from = at_;
  const char* stop = find_name_end(at_, end_);
  at_ += stop - from;
  out_.method_text = {from, static_cast<std::size_t>(stop - from)};
  if (at_ == end_) return Step::more;
  if (*at_ != ' ' || out_.method_text.empty()) return bad(Violation::bad_method);
  out_.method = http::method_of(out_.method_text);
  // COMPAT: several spaces between the words are taken for one, and written as one. RFC 9112 3.
  skip_spaces();
  if (const Step step = target(); step != Step::done) return step;
  if (out_.target.empty()) return bad(Violation::bad_target);
  if (const Violation wrong = check_target(out_, options_.accept_unsafe); wrong != Violation::none) return bad(wrong);
  skip_spaces();
  if (at_ == end_) return Step::more;
  if (*at_ == '\r' || *at_ == '\n') {
    // RFC 1945 4.1: only GET has a form without a version, and it is one line.
    if (!options_.accept_unsafe || out_.method != http::Method::get) return bad(Violation::bad_version);
    out_.version = http::Version::http10;
    complete_ = true;
    return line_end();
  }
  if (const Step step = version(); step != Step::done) return step;
  return line_end();
}

Step Walk::status_code() {
  const char* from = at_;
  std::uint32_t status = 0;
  while (at_ != end_ && http::is_digit(*at_)) {
    status = status * 10 + static_cast<std::uint32_t>(*at_ - '0');
    if (status > 0xffff) return bad(Violation::bad_status);
    ++at_;
  }
  const auto digits = at_ - from;
  if (digits > 3 && (!options_.accept_unsafe || digits > 5)) return bad(Violation::bad_status);
  if (at_ == end_) return Step::more;
  const bool good = digits >= 3 && status >= 100 && (*at_ == ' ' || *at_ == '\r' || *at_ == '\n');
  out_.status = static_cast<std::uint16_t>(status);
  return good ? Step::done : bad(Violation::bad_status);
}

Step Walk::status_line() {
  if (const Step step = version(); step != Step::done) return step;
  if (*at_ != ' ') return bad(Violation::bad_version);
  skip_spaces();
  if (const Step step = status_code(); step != Step::done) return step;
  if (*at_ == ' ') ++at_;
  if (const Step step = value_bytes(); step != Step::done) return step;
  out_.reason = value_;
  return line_end();
}

/// Up to the end of the line: no NUL, no control byte but the tab. Sets value_, and at_ to where it ends.
Step Walk::value_bytes() {
  const char* from = at_;
  const char* stop = find_value_end(at_, end_);
  while (options_.accept_unsafe && stop != end_ && *stop != '\r' && *stop != '\n')
    stop = find_value_end(stop + 1, end_);
  at_ += stop - from;
  if (at_ == end_) return Step::more;
  if (*at_ != '\r' && *at_ != '\n') return bad(Violation::bad_value);
  value_ = {from, static_cast<std::size_t>(stop - from)};
  return Step::done;
}

/// The value after the colon, with the lines that continue it. RFC 9112 5.2: each fold becomes spaces.
template <bool storing>
Step Walk::value() {
  while (at_ != end_ && http::is_blank(*at_)) ++at_;
  char* const from = at_;
  while (true) {
    if (const Step step = value_bytes(); step != Step::done) return step;
    char* const stop = at_;
    if (const Step step = line_end(); step != Step::done) return step;
    good_ = static_cast<std::size_t>(at_ - begin_);
    if (at_ == end_) return Step::more;
    if (!http::is_blank(*at_)) {
      if constexpr (storing) value_ = http::trimmed({from, static_cast<std::size_t>(stop - from)});
      return Step::done;
    }
    if constexpr (storing) std::fill(stop, at_, ' ');
  }
}

/// A name with bytes that no name has. accept-unsafe-violations drops the field, and keeps the message.
Step Walk::odd_name() {
  if (*at_ == '\r' || *at_ == '\n') return bad(Violation::bad_line);  // no colon
  if (!options_.accept_unsafe || *at_ == ':') return bad(Violation::bad_name);
  while (at_ != end_ && *at_ != ':' && *at_ != '\r' && *at_ != '\n') ++at_;
  if (at_ == end_) return Step::more;
  return *at_ == ':' ? Step::done : bad(Violation::bad_line);
}

template <bool storing>
Step Walk::field() {
  const char* from = at_;
  const char* stop = find_name_end(at_, end_);
  at_ += stop - from;
  if (at_ == end_) return Step::more;
  const bool dropped = *at_ != ':' || stop == from;
  if (dropped) {
    if (const Step step = odd_name(); step != Step::done) return step;
  }
  ++at_;  // the colon
  const Step step = value<storing>();
  if (step != Step::done) return step;
  if constexpr (storing) {
    const std::string_view name(from, static_cast<std::size_t>(stop - from));
    if (++lines_ > options_.max_fields || (!dropped && !out_.add(name, value_))) return bad(Violation::too_many_fields);
  }
  return Step::done;
}

/// The fields that look as nearly all do: a name of up to 31 letters, one space, a value without tabs that ends in CR
/// LF and is not continued. Stops at the first line that does not, and near the end of the bytes: field() takes that
/// one. Most of a head's cost is here: codec_bench.
void Walk::usual_fields() {
#ifdef __SSE2__
  const char* at = at_;
  const char* const end = end_;
  const std::span<http::Field> room = out_.unused();
  const std::size_t most = std::min<std::size_t>(room.size(), std::max(options_.max_fields, lines_) - lines_);
  std::size_t count = 0;
  for (; count < most && end - at >= 20; ++count) {
    const UsualName name = usual_name(at, end);
    if (name.size == 0) break;
    const char* from = at + name.size + 1;
    from += *from == ' ' ? 1 : 0;
    const char* stop = usual_value_end(from, end);
    if (end - stop < 3 || std::memcmp(stop, "\r\n", 2) != 0 || http::is_blank(stop[2])) break;
    if (stop == from || *from == ' ' || stop[-1] == ' ') break;
    room[count] = {.name = {at, name.size}, .value = {from, static_cast<std::size_t>(stop - from)}, .id = name.id};
    at = stop + 2;
  }
  if (count == 0) return;
  out_.added(count);
  lines_ += static_cast<std::uint32_t>(count);
  good_ = static_cast<std::size_t>(at - begin_);
  at_ = begin_ + good_;
#endif
}

template <bool storing>
Step Walk::fields() {
  while (true) {
    if constexpr (storing) usual_fields();
    if (at_ == end_) return Step::more;
    if (*at_ == '\n' || *at_ == '\r') return line_end();
    if (const Step step = field<storing>(); step != Step::done) return step;
  }
}

HeadResult Walk::from_start(std::size_t& scanned, Start start) {
  const bool request = start == Start::request;
  out_.clear();
  out_.is_request = request;
  Step step = start == Start::none ? Step::done : skip_empty_lines();
  if (step == Step::done && start != Start::none) step = request ? request_line() : status_line();
  if (step == Step::done && !complete_) {
    step = fields<true>();
    if (step == Step::done && request) {
      if (const Violation wrong = check_host(out_, options_.accept_unsafe); wrong != Violation::none) step = bad(wrong);
    }
  }
  if (step == Step::more) scanned = good_;
  return result(step);
}

Step Walk::on_from(std::size_t& scanned) {
  good_ = scanned;
  at_ = begin_ + scanned;
  // The first of these lines may continue one that was seen: it holds bytes of a value then, as any line's end does.
  Step step = Step::done;
  if (at_ != end_ && http::is_blank(*at_)) step = value<false>();
  if (step == Step::done) step = fields<false>();
  scanned = good_;
  return step;
}

HeadResult Walk::result(Step step) const {
  const auto at = static_cast<std::size_t>(at_ - begin_);
  switch (step) {
    case Step::done: return {.kind = Kind::complete, .size = at};
    case Step::more: return {};
    case Step::bad: break;
  }
  return {.kind = Kind::violation, .violation = violation_, .at = at};
}

HeadResult parse(std::span<char> bytes, std::size_t& scanned, const HeadOptions& options, Head& out, Start start) {
  if (scanned != 0 && scanned <= bytes.size()) {
    Walk look(bytes, options, out);
    const Step step = look.on_from(scanned);
    if (step != Step::done) return look.result(step);
  }
  return Walk(bytes, options, out).from_start(scanned, start);
}

}  // namespace

HeadResult parse_request(std::span<char> bytes, std::size_t& scanned, const HeadOptions& options, Head& out) {
  return parse(bytes, scanned, options, out, Start::request);
}

HeadResult parse_response(std::span<char> bytes, std::size_t& scanned, const HeadOptions& options, Head& out) {
  return parse(bytes, scanned, options, out, Start::status);
}

HeadResult parse_fields(std::span<char> bytes, std::size_t& scanned, const HeadOptions& options, Head& out) {
  return parse(bytes, scanned, options, out, Start::none);
}

bool parse_trailers(std::string_view section, Head& out) {
  while (!section.empty()) {
    const std::size_t end = section.find('\n');
    const std::string_view line = section.substr(0, end);
    const std::size_t colon = line.find(':');
    section.remove_prefix(end == std::string_view::npos ? section.size() : end + 1);
    if (colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    if (value.ends_with('\r')) value.remove_suffix(1);
    if (!out.add(line.substr(0, colon), http::trimmed(value))) return false;
  }
  return true;
}

}  // namespace weir::proto::http1
