// LogFormat: "%ci:%cp [%t] %{+Q}[src,lower]" compiled into literals, aliases and expressions.
//
// Formatting writes into the caller's fixed buffer and stops at its end; it allocates nothing but arena bytes. What
// people send may hold anything, so every item passes through one escaping, chosen by use: logs show bytes outside
// 32..126 as #XX, header values as %XX, plain text keeps them. Immutable, shared by threads. Manual 8.2.6, 8.6.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "sample/expression.h"
#include "sample/format_encoding.h"

namespace weir::sample {

/// Where the text goes: decides escaping and what an absent value looks like ("-" in logs, nothing elsewhere).
enum class FormatUse : std::uint8_t { log, header, text };

struct FormatFlags {
  bool quote = false;                  // Q
  bool hex = false;                    // X
  bool escape = false;                 // E
  bool binary = false;                 // bin, for the whole format only
  Encoding encoding = Encoding::none;  // json, cbor
  friend bool operator==(const FormatFlags&, const FormatFlags&) = default;
};

/// What an alias writes to; applies quoting, escaping and the buffer's end.
class FormatOutput {
 public:
  FormatOutput(std::span<char> out, FormatUse use) : out_(out), use_(use) {}

  void text(std::string_view value);         // escaped, and quoted with +Q; absent when empty
  void expression(std::string_view value);   // the same, but a '"' within stays unless +Q
  void integer(std::int64_t value);          // decimal
  void hex_integer(std::int64_t value);      // decimal, or hexadecimal with +X: ports, %Ts, %rt, %pid
  void address(const SocketAddress& value);  // no port; hexadecimal with +X
  void absent();                             // "-" in logs, nothing elsewhere; with +Q in quotes
  void verbatim(std::string_view bytes);     // as it is, for parts made by us
  /// Before a number that will grow. An encoding has only the number.
  void incomplete() {
    if (flags_.encoding == Encoding::none) verbatim("+");
  }

  [[nodiscard]] const FormatFlags& flags() const { return flags_; }
  void set_flags(const FormatFlags& flags) { flags_ = flags; }
  [[nodiscard]] std::size_t size() const { return used_; }
  /// What was written, for an encoding: alone a number is one, what is absent has no value, the rest is text.
  [[nodiscard]] EncodedValue value() const;
  /// Something did not fit; the text is cut at the buffer's end.
  [[nodiscard]] bool truncated() const { return truncated_; }

 private:
  void put(char c) {
    if (used_ < out_.size())
      out_[used_++] = c;
    else
      truncated_ = true;
  }
  void escaped(std::string_view value, bool keep_quotes);

  std::span<char> out_;
  std::size_t used_ = 0;
  FormatUse use_;
  FormatFlags flags_;
  bool truncated_ = false;
  enum class Written : std::uint8_t { nothing, absent, number, text } written_ = Written::nothing;
  std::int64_t number_ = 0;
};

struct FormatOptions {
  FormatUse use = FormatUse::log;
  bool merge_spaces = true;  // log-format, log-format-sd, unique-id-format
  bool http = false;         // aliases of HTTP only are refused otherwise
};

class LogFormat {
 public:
  /// nullptr after errors in `diagnostics`.
  static std::shared_ptr<const LogFormat> compile(std::string_view text, const FormatOptions& options,
                                                  const Scope& scope, SourcePosition at, Diagnostics& diagnostics);

  /// Writes the text into `out`; returns its length. Longer text is cut.
  std::size_t format(Context& context, std::span<char> out) const;
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] Facts needs() const { return needs_; }
  /// Whether something in it is settled when the session ends only.
  [[nodiscard]] bool waits_for_end() const { return waits_for_end_; }
  /// Whether some expression begins with a fetch whose name begins so.
  [[nodiscard]] bool asks_for(std::string_view fetch_prefix) const;
  friend bool operator==(const LogFormat& a, const LogFormat& b) {
    return a.text_ == b.text_ && a.options_.use == b.options_.use;
  }

 private:
  struct Part {
    std::string literal;  // when neither alias nor expression
    const LogAlias* alias = nullptr;
    Expression expression;
    FormatFlags flags;
    std::string name;  // "%(name)ci"
    ItemType type = ItemType::own;
  };
  struct Reader;  // log_format.cpp
  std::size_t format_object(Context& context, std::span<char> out) const;
  EncodedValue value_of(const Part& part, Context& context) const;
  void write_encoded(const Part& part, Context& context, FormatOutput& output) const;

  std::string text_;
  FormatOptions options_;
  std::vector<Part> parts_;
  Facts needs_ = Facts::none;
  bool waits_for_end_ = false;
  Encoding encoding_ = Encoding::none;  // of the whole
  bool binary_ = false;
};

}  // namespace weir::sample
