// FastCGI on the wire: records to events, and events to records.
//
// Sans-I/O. A connection is a row of records: eight bytes that say what comes, the content, padding. What an
// application answers is read piece by piece, its output as slices of what was received, so that a record need not be
// there whole; only the short records of the protocol itself are waited for. Everything that an application has no
// business to say, another request's records among them, is a violation. Name-value pairs are how parameters and
// variables travel. Spec: FastCGI specification 1.0, 3 to 5 and 8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "proto/http/text.h"

namespace weir::proto::fcgi {

enum class Type : std::uint8_t {
  begin_request = 1,
  abort_request = 2,
  end_request = 3,
  params = 4,
  in = 5,   // STDIN
  out = 6,  // STDOUT
  err = 7,  // STDERR
  data = 8,
  get_values = 9,
  get_values_result = 10,
  unknown_type = 11,
};

inline constexpr std::size_t kHeader = 8;
/// The id of the request that a connection of ours carries: one at a time.
inline constexpr std::uint16_t kRequest = 1;
inline constexpr std::size_t kMostContent = 65'535;
inline constexpr std::size_t kMostValues = 1024;  // of a GET_VALUES_RESULT: three short variables are known
/// Contents are padded to this, so that the next record's begin is aligned (3.3 recommends it).
inline constexpr std::size_t kAlignment = 8;
constexpr std::size_t padding_of(std::size_t content) { return (kAlignment - content % kAlignment) % kAlignment; }

/// As it stands in a parameter's name: letters become capitals, what is no letter or digit an underscore.
constexpr char parameter_byte(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 'A');
  return http::is_letter(c) || http::is_digit(c) ? c : '_';
}

/// How the protocol itself ended a request.
enum class ProtocolStatus : std::uint8_t {
  request_complete = 0,
  cannot_multiplex = 1,  // a second request on a connection that carries one
  overloaded = 2,
  unknown_role = 3,
};

enum class Fault : std::uint8_t {
  none,
  bad_version,
  bad_type,     // nothing an application says, or nothing at all
  bad_request,  // of a request that is not on this connection
  bad_length,   // of a record whose length is given
};
[[nodiscard]] const char* fault_text(Fault fault);

/// Walks what an application says on a connection that carries one request at a time. Copied freely.
class RecordReader {
 public:
  RecordReader() = default;
  explicit RecordReader(std::uint16_t request) : request_(request) {}

  struct Piece {
    enum class Kind : std::uint8_t {
      need_more,  // all bytes were consumed, but those of a header or a short record that is not whole yet
      out,        // `data` is output
      err,        // `data` is what it wrote to STDERR
      values,     // `data` is the content of a GET_VALUES_RESULT
      unknown,    // it does not know the management record that it was sent
      end,        // the request is over: `protocol` and `application` say how
      violation,
    } kind = Kind::need_more;
    std::size_t consumed = 0;  // of the bytes given: the caller drops them before it asks again
    std::string_view data;     // never empty in out and err
    std::uint32_t application = 0;
    std::uint8_t protocol = 0;
    Fault fault = Fault::none;
  };
  /// The next piece of `bytes`, which begin where the last piece ended.
  [[nodiscard]] Piece next(std::string_view bytes);
  /// No record has begun that is not over, its padding included.
  [[nodiscard]] bool between_records() const { return !in_record_; }

 private:
  Fault read_header(std::string_view header);
  Piece read_short(std::string_view content) const;

  std::uint16_t request_ = 1;
  std::uint16_t rest_ = 0;  // of the content
  std::uint8_t padding_ = 0;
  Type type_ = Type::out;
  bool in_record_ = false;
  bool told_ = false;  // a short record has been given
};

/// "Name, value" after "name, value". Both borrow from the content.
class PairReader {
 public:
  struct Pair {
    std::string_view name;
    std::string_view value;
  };
  explicit PairReader(std::string_view content) : rest_(content) {}
  /// Nothing at the end, and where the content is broken.
  [[nodiscard]] std::optional<Pair> next();
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  std::optional<std::size_t> length();
  std::string_view rest_;
  bool broken_ = false;
};

/// What an application tells about itself. Variables that it did not name are absent. Spec 4.1.
struct Values {
  std::optional<std::uint32_t> most_requests;  // FCGI_MAX_REQS
  std::optional<bool> multiplexes;             // FCGI_MPXS_CONNS
};
/// Nothing when the content is broken, or a variable is no number of its kind.
[[nodiscard]] std::optional<Values> read_values(std::string_view content);

/// A record's first eight bytes; `out` has room for them.
void write_header(char* out, Type type, std::uint16_t request, std::size_t content, std::size_t padding = 0);

/// Puts records into memory one after the other. Once one does not fit, none does and size() is 0.
class RecordWriter {
 public:
  explicit RecordWriter(std::span<char> out) : out_(out) {}
  /// In the role of a responder. `keep`: the application leaves the connection open after its answer.
  void begin_request(std::uint16_t request, bool keep);
  void abort_request(std::uint16_t request) { empty(Type::abort_request, request); }
  /// Asks for FCGI_MAX_REQS and FCGI_MPXS_CONNS.
  void get_values();
  /// The end of a stream, or a record that says all by its type.
  void empty(Type type, std::uint16_t request);
  /// Parameters: one record, open until end_params(). As the manual has it, they all go into one.
  void begin_params(std::uint16_t request);
  void param(std::string_view name, std::string_view value) { param({}, name, value); }
  /// `prefix` and `name` are the name, which parameter_byte() spells.
  void param(std::string_view prefix, std::string_view name, std::string_view value);
  /// The beginning of one: bytes() that are `value_size` together follow.
  void param_name(std::string_view prefix, std::string_view name, std::size_t value_size);
  void end_params();
  void bytes(std::string_view content);

  [[nodiscard]] std::size_t size() const { return failed_ ? 0 : size_; }

 private:
  char* take(std::size_t size);
  void length(std::size_t size);
  std::span<char> out_;
  std::size_t size_ = 0;
  std::size_t params_ = 0;  // where their record begins
  std::uint16_t request_ = 0;
  bool failed_ = false;
};

}  // namespace weir::proto::fcgi
