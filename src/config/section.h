// Sections are rows too: how a section is named, who opens its object, who closes it.
//
// The parser knows no section by name. It needs to know only the shape of the header line: whether there is a name,
// whether `from <defaults>` may follow, and whether the section itself is something others may take settings from.
// Manual: 2.1, 4 (names, defaults, from).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/diagnostics.h"
#include "config/lexer.h"

namespace weir::config {

class ParseContext;

/// The kinds of sections of the language. A keyword row lists the kinds it belongs to as a SectionSet. Others may be
/// added at the end, up to 32.
enum class SectionKind : std::uint8_t {
  global,
  defaults,
  frontend,
  backend,
  listen,
  peers,
  userlist,
  ring,
  resolvers,
  mailers,
  cache,
  program,
  http_errors,
  fcgi_app,
  log_forward,
  log_profile,
  crt_store,
  traces,
  acme,
  dynamic_update,
  none = 31,
};

using SectionSet = std::uint32_t;
constexpr SectionSet set_of(SectionKind kind) { return SectionSet{1} << static_cast<unsigned>(kind); }

/// Short names for the `sections` member of rows: `in::frontend | in::listen`, `in::proxies`.
namespace in {
constexpr SectionSet global = set_of(SectionKind::global), defaults = set_of(SectionKind::defaults),
                     frontend = set_of(SectionKind::frontend), backend = set_of(SectionKind::backend),
                     listen = set_of(SectionKind::listen), peers = set_of(SectionKind::peers),
                     userlist = set_of(SectionKind::userlist), ring = set_of(SectionKind::ring),
                     resolvers = set_of(SectionKind::resolvers), mailers = set_of(SectionKind::mailers),
                     cache = set_of(SectionKind::cache), program = set_of(SectionKind::program),
                     http_errors = set_of(SectionKind::http_errors), fcgi_app = set_of(SectionKind::fcgi_app),
                     log_forward = set_of(SectionKind::log_forward), log_profile = set_of(SectionKind::log_profile),
                     crt_store = set_of(SectionKind::crt_store), traces = set_of(SectionKind::traces),
                     acme = set_of(SectionKind::acme), dynamic_update = set_of(SectionKind::dynamic_update);
constexpr SectionSet frontends = frontend | listen, backends = backend | listen;
constexpr SectionSet proxies = defaults | frontend | backend | listen;
constexpr SectionSet any_frontend = defaults | frontends, any_backend = defaults | backends;
}  // namespace in

/// A pointer that remembers its type: what a section's open function hands to the section's keyword functions, and what
/// upper layers provide to them. Asking for another type stops the process: it is a bug of a row, not of the input.
class Target {
 public:
  constexpr Target() = default;
  template <class T>
  static Target of(T& object) {
    return Target(&object, &tag<T>);
  }
  [[nodiscard]] explicit operator bool() const { return object_ != nullptr; }
  template <class T>
  [[nodiscard]] T* get() const {
    return tag_ == &tag<T> ? static_cast<T*>(object_) : nullptr;
  }
  [[nodiscard]] const void* type() const { return tag_; }
  template <class T>
  static const void* type_of() {
    return &tag<T>;
  }

 private:
  template <class T>
  static constexpr inline char tag = 0;
  Target(void* object, const void* type_tag) : object_(object), tag_(type_tag) {}
  void* object_ = nullptr;
  const void* tag_ = nullptr;
};

enum class Naming : std::uint8_t {
  none,      // "global"
  optional,  // "defaults [name]": anything goes until somebody says `from` it
  required,  // "frontend name": letters, digits and - _ . :
};

struct SectionRow {
  std::string_view name;
  SectionKind kind = SectionKind::none;
  Naming naming = Naming::none;
  bool takes_from = false;           // "from <defaults>" may follow; without it, the latest defaults section applies
  bool is_defaults = false;          // others take settings from it
  int max_extra_words = 0;           // further words of the header line, for the open function: SectionHeader::rest
  std::string_view extra_hint = {};  // said when there are too many: "use 'bind' for listening addresses"
  /// Makes the section's object (owned by the caller, stable until the parse ends: a std::deque or unique_ptr). An
  /// empty Target after reporting an error: the section's lines are checked against the tables, but no function is
  /// called.
  Target (*open)(ParseContext&) = nullptr;
  /// Called at the section's end, when open gave a Target. May be null.
  void (*close)(ParseContext&) = nullptr;
  std::string_view doc = {};
  std::string_view example = {};
};

/// The section being parsed: ParseContext::section().
struct SectionHeader {
  const SectionRow* row = nullptr;  // null before the first section of a file
  std::string name;                 // empty when there is none
  SourcePosition at;                // the section word
  SourcePosition name_at;           // the name, or the section word when there is none
  std::span<const Word> rest;       // extra words; valid during open only
  /// The defaults section this one starts from: its number in order of appearance (0 is the first), or -1; and what its
  /// open function returned.
  int defaults_index = -1;
  Target defaults_target;
  bool defaults_explicit = false;  // by `from`, not by position
};

/// Letters, digits and - _ . : as all proxy names need. Returns the first bad character's offset, or npos.
std::size_t first_bad_name_character(std::string_view name);

/// Names that must be unique, for open functions: `if (!names.claim(name, at, "proxy", diagnostics)) return {};`
class UniqueNames {
 public:
  /// False, and reported with the place of the first one, when the name was taken.
  bool claim(std::string_view name, SourcePosition at, std::string_view what, Diagnostics& diagnostics);
  [[nodiscard]] const SourcePosition* find(std::string_view name) const;

 private:
  std::map<std::string, SourcePosition, std::less<>> taken_;
};

}  // namespace weir::config
