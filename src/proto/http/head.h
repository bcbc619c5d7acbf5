// An HTTP message's head, whatever version carried it: the start line and the fields, as slices.
//
// Nothing is copied: names and values point into the receive buffer, or, once a rule has edited them, into memory of
// the exchange. Fields keep their order; a removed one stays in its place, marked, so that positions stay good while
// rules walk. The common names are recognised once, when the field is added, and compared as ids from then on.
// HTTP/2 and HTTP/3 fill the same table (their pseudo-fields become method, target and Host), so rules, logs and
// balancing never ask for the version. Spec: RFC 9110 5, 6. Owned by its exchange; one worker.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weir::proto::http {

enum class Version : std::uint8_t { http10, http11, http2, http3 };
[[nodiscard]] std::string_view version_text(Version version);  // "HTTP/1.1"

enum class Method : std::uint8_t { other, options, get, head, post, put, delete_, trace, connect, patch };
/// Exact: methods are case-sensitive.
[[nodiscard]] Method method_of(std::string_view text);

/// The names that the engine itself or many rules ask for; everything else is `other` and compared as text.
enum class FieldId : std::uint8_t {
  other,
  accept_encoding,
  authorization,
  cache_control,
  connection,
  content_encoding,
  content_length,
  content_type,
  cookie,
  date,
  expect,
  forwarded,
  host,
  keep_alive,
  location,
  origin,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  referer,
  sec_websocket_key,
  sec_websocket_accept,
  set_cookie,
  strict_transport_security,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  vary,
  www_authenticate,
  x_forwarded_for,
};
/// Case-insensitive.
[[nodiscard]] FieldId field_id(std::string_view name);
/// ASCII, case-insensitive.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);

struct Field {
  std::string_view name;   // as received; never empty
  std::string_view value;  // without white space around it
  FieldId id = FieldId::other;
  bool removed = false;
};

/// A name to look for, its id found once: `FieldName(FieldId::host)` is "host".
struct FieldName {
  explicit FieldName(std::string_view text) : name(text), id(field_id(text)) {}
  std::string_view name;
  FieldId id;
};

class Head {
 public:
  /// `storage` is the exchange's: as many fields as a message may have, and those that rules may add.
  explicit Head(std::span<Field> storage) : storage_(storage) {}

  bool is_request = true;
  Version version = Version::http11;
  Method method = Method::other;  // requests
  std::uint16_t status = 0;       // responses: 100 to 999
  std::string_view method_text;   // requests
  std::string_view target;        // requests: origin, absolute, authority form or "*", as received
  std::string_view reason;        // responses; may be empty
  std::string_view odd_version;   // as received, where accept-unsafe-violations let one pass: "RTSP/1.0"; mostly empty

  /// Forgets everything, keeps the storage.
  void clear();
  /// False when there is no room.
  bool add(std::string_view name, std::string_view value);
  bool add(std::string_view name, FieldId id, std::string_view value) {
    if (count_ == storage_.size()) return false;
    storage_[count_++] = Field{.name = name, .value = value, .id = id, .removed = false};
    return true;
  }
  /// All that were ever added, removed ones too: skip those.
  [[nodiscard]] std::span<Field> fields() { return storage_.first(count_); }
  [[nodiscard]] std::span<const Field> fields() const { return storage_.first(count_); }
  /// For a parser that fills them itself: where the next fields go, and how many it added.
  [[nodiscard]] std::span<Field> unused() { return storage_.subspan(count_); }
  void added(std::size_t count) { count_ += static_cast<std::uint32_t>(count); }
  [[nodiscard]] std::size_t capacity() const { return storage_.size(); }

  /// The next live field of that name at or after `from`; null when there is none. `next` is where to go on.
  Field* find(FieldName name, std::size_t from = 0);
  [[nodiscard]] const Field* find(FieldName name, std::size_t from = 0) const;
  Field* find(FieldId id, std::size_t from = 0);
  [[nodiscard]] const Field* find(FieldId id, std::size_t from = 0) const;
  [[nodiscard]] std::size_t index_of(const Field* field) const {
    return static_cast<std::size_t>(field - storage_.data());
  }
  void remove_all(FieldName name);
  void remove_all(FieldId id);
  /// The first field's value of this name, or nothing.
  [[nodiscard]] std::optional<std::string_view> value(FieldId id) const;

 private:
  std::span<Field> storage_;
  std::uint32_t count_ = 0;
};

}  // namespace weir::proto::http
