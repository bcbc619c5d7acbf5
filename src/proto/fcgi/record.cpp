#include "proto/fcgi/record.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "proto/byte_reader.h"

namespace weir::proto::fcgi {
namespace {

using Kind = RecordReader::Piece::Kind;

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kEndSize = 8;  // END_REQUEST, BEGIN_REQUEST and UNKNOWN_TYPE have eight bytes
constexpr std::uint16_t kRoleResponder = 1;
constexpr std::uint8_t kKeepConnection = 1;  // of BEGIN_REQUEST's flags
constexpr std::size_t kShortLength = 127;    // longer ones take four bytes
constexpr std::uint16_t kNoRequest = 0;      // management records
constexpr std::string_view kMaxReqs = "FCGI_MAX_REQS";
constexpr std::string_view kMpxsConns = "FCGI_MPXS_CONNS";

bool is_short(Type type) { return type != Type::out && type != Type::err; }

void put16(char* out, std::size_t value) {
  out[0] = static_cast<char>(value >> 8U);
  out[1] = static_cast<char>(value);
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

const char* fault_text(Fault fault) {
  switch (fault) {
    case Fault::none: return "";
    case Fault::bad_version: return "a record of an unknown version";
    case Fault::bad_type: return "a record of a type that no application sends";
    case Fault::bad_request: return "a record of another request";
    case Fault::bad_length: return "a record of the wrong length";
  }
  return "";
}

Fault RecordReader::read_header(std::string_view header) {
  ByteReader in(header);
  if (in.u8() != kVersion) return Fault::bad_version;
  const std::uint8_t type = in.u8();
  const std::uint16_t request = in.u16();
  rest_ = in.u16();
  padding_ = in.u8();
  type_ = static_cast<Type>(type);
  told_ = false;
  switch (type_) {
    case Type::out:
    case Type::err: return request == request_ ? Fault::none : Fault::bad_request;
    case Type::end_request:
      if (request != request_) return Fault::bad_request;
      return rest_ == kEndSize ? Fault::none : Fault::bad_length;
    case Type::get_values_result:
      if (request != kNoRequest) return Fault::bad_request;
      return rest_ <= kMostValues ? Fault::none : Fault::bad_length;
    case Type::unknown_type:
      if (request != kNoRequest) return Fault::bad_request;
      return rest_ == kEndSize ? Fault::none : Fault::bad_length;
    default: return Fault::bad_type;
  }
}

RecordReader::Piece RecordReader::read_short(std::string_view content) const {
  if (type_ == Type::get_values_result) return {.kind = Kind::values, .data = content};
  if (type_ == Type::unknown_type) return {.kind = Kind::unknown};
  ByteReader in(content);
  Piece piece{.kind = Kind::end};
  piece.application = in.number(4);
  piece.protocol = in.u8();
  return piece;
}

RecordReader::Piece RecordReader::next(std::string_view bytes) {
  std::size_t at = 0;
  for (;;) {
    if (!in_record_) {
      if (bytes.size() - at < kHeader) return {.consumed = at};
      if (const Fault fault = read_header(bytes.substr(at, kHeader)); fault != Fault::none)
        return {.kind = Kind::violation, .consumed = at, .fault = fault};
      in_record_ = true;
      at += kHeader;
    }
    const std::size_t there = bytes.size() - at;
    if (is_short(type_) && !told_) {
      if (there < rest_) return {.consumed = at};
      Piece piece = read_short(bytes.substr(at, rest_));
      piece.consumed = at + rest_;
      rest_ = 0;
      told_ = true;
      return piece;
    }
    if (rest_ != 0) {
      const std::size_t size = std::min<std::size_t>(rest_, there);
      if (size == 0) return {.consumed = at};
      rest_ = static_cast<std::uint16_t>(rest_ - size);
      return {
          .kind = type_ == Type::out ? Kind::out : Kind::err, .consumed = at + size, .data = bytes.substr(at, size)};
    }
    const std::size_t padding = std::min<std::size_t>(padding_, there);
    padding_ = static_cast<std::uint8_t>(padding_ - padding);
    at += padding;
    if (padding_ != 0) return {.consumed = at};
    in_record_ = false;
  }
}

std::optional<std::size_t> PairReader::length() {
  if (rest_.empty()) return std::nullopt;
  const auto first = static_cast<unsigned char>(rest_[0]);
  ByteReader in(rest_);
  const std::size_t bytes = first > kShortLength ? 4 : 1;
  const std::size_t value = in.number(bytes) & 0x7fffffffU;
  if (in.failed()) return std::nullopt;
  rest_.remove_prefix(bytes);
  return value;
}

std::optional<PairReader::Pair> PairReader::next() {
  if (rest_.empty() || broken_) return std::nullopt;
  const auto name = length();
  const auto value = name ? length() : std::nullopt;
  if (!value || *name > rest_.size() || *value > rest_.size() - *name) {
    broken_ = true;
    return std::nullopt;
  }
  const Pair pair{.name = rest_.substr(0, *name), .value = rest_.substr(*name, *value)};
  rest_.remove_prefix(*name + *value);
  return pair;
}

std::optional<Values> read_values(std::string_view content) {
  Values values;
  PairReader pairs(content);
  while (const auto pair = pairs.next()) {
    if (pair->name != kMaxReqs && pair->name != kMpxsConns) continue;
    const auto told = number(pair->value);
    if (!told) return std::nullopt;
    if (pair->name == kMaxReqs) {
      if (*told == 0) return std::nullopt;  // it takes no request at all
      values.most_requests = *told;
    } else {
      if (*told > 1) return std::nullopt;
      values.multiplexes = *told == 1;
    }
  }
  if (pairs.broken()) return std::nullopt;
  return values;
}

void write_header(char* out, Type type, std::uint16_t request, std::size_t content, std::size_t padding) {
  out[0] = static_cast<char>(kVersion);
  out[1] = static_cast<char>(type);
  put16(out + 2, request);
  put16(out + 4, content);
  out[6] = static_cast<char>(padding);
  out[7] = 0;
}

char* RecordWriter::take(std::size_t size) {
  if (failed_ || size > out_.size() - size_) {
    failed_ = true;
    return nullptr;
  }
  char* const at = out_.data() + size_;
  size_ += size;
  return at;
}

void RecordWriter::bytes(std::string_view content) {
  if (content.empty()) return;
  if (char* const at = take(content.size())) std::memcpy(at, content.data(), content.size());
}

void RecordWriter::begin_request(std::uint16_t request, bool keep) {
  char* const at = take(kHeader + kEndSize);
  if (at == nullptr) return;
  write_header(at, Type::begin_request, request, kEndSize);
  std::memset(at + kHeader, 0, kEndSize);
  put16(at + kHeader, kRoleResponder);
  at[kHeader + 2] = static_cast<char>(keep ? kKeepConnection : 0);
}

void RecordWriter::get_values() {
  request_ = kNoRequest;
  params_ = size_;
  if (take(kHeader) == nullptr) return;
  param(kMaxReqs, {});
  param(kMpxsConns, {});
  if (!failed_) write_header(out_.data() + params_, Type::get_values, kNoRequest, size_ - params_ - kHeader);
}

void RecordWriter::empty(Type type, std::uint16_t request) {
  if (char* const at = take(kHeader)) write_header(at, type, request, 0);
}

void RecordWriter::begin_params(std::uint16_t request) {
  request_ = request;
  params_ = size_;
  take(kHeader);
}

void RecordWriter::length(std::size_t size) {
  if (size > kShortLength) {
    if (char* const at = take(4)) {
      put16(at, size >> 16U | 0x8000U);
      put16(at + 2, size);
    }
  } else if (char* const at = take(1)) {
    *at = static_cast<char>(size);
  }
}

void RecordWriter::param(std::string_view prefix, std::string_view name, std::string_view value) {
  param_name(prefix, name, value.size());
  bytes(value);
}

void RecordWriter::param_name(std::string_view prefix, std::string_view name, std::size_t value_size) {
  length(prefix.size() + name.size());
  length(value_size);
  bytes(prefix);
  if (char* const at = take(name.size())) std::ranges::transform(name, at, parameter_byte);
}

void RecordWriter::end_params() {
  if (failed_) return;
  const std::size_t content = size_ - params_ - kHeader;
  const std::size_t padding = padding_of(content);
  char* const at = take(padding);
  if (at == nullptr || content > kMostContent) {
    failed_ = true;
    return;
  }
  std::memset(at, 0, padding);
  write_header(out_.data() + params_, Type::params, request_, content, padding);
  empty(Type::params, request_);
}

}  // namespace weir::proto::fcgi
