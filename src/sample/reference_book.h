// The lists of patterns of one configuration: their ids, who uses them, and, while it is read, their making.
//
// A list outlives the configurations that name it: who reads another one brings the book of the running one, and a file
// whose content is what it was when it was read, a virtual list, an ACL line that stands where it stood, keep their
// list with all that was changed at run time. A file that is another one now is a new list. Manual 2.7.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/diagnostics.h"
#include "sample/pattern_reference.h"

namespace weir::sample {

/// How an expression asks a list; what `get map` shows a line for.
struct ReferenceUse {
  ViewKind kind;
  std::optional<MapOutput> output;  // nullopt: an ACL
  friend bool operator==(const ReferenceUse&, const ReferenceUse&) = default;
};

struct BookEntry {
  std::uint32_t id = 0;
  std::string key;  // what finds it again in the next configuration
  std::shared_ptr<PatternReference> list;
  std::string description;
  bool map = false;  // of two columns
  bool acl = false;
  std::vector<ReferenceUse> uses;
};

class ReferenceBook {
 public:
  ReferenceBook() = default;
  explicit ReferenceBook(std::vector<BookEntry> entries);
  [[nodiscard]] std::span<const BookEntry> entries() const { return entries_; }  // by id
  /// "#<id>" or the name of a file. nullptr: there is none.
  [[nodiscard]] const BookEntry* find(std::string_view name) const;
  [[nodiscard]] std::shared_ptr<PatternReference> list_of(std::string_view key) const;

 private:
  std::vector<BookEntry> entries_;
  std::map<std::string_view, std::size_t, std::less<>> by_key_;  // of files: the name
};

/// While a configuration is read on this thread: expressions, ACLs and rules find their lists here.
class ReferenceReading {
 public:
  /// `running`: the book of what runs, or nullptr. `diagnostics` knows the names of files.
  ReferenceReading(const ReferenceBook* running, const Diagnostics* diagnostics);
  ReferenceReading(const ReferenceReading&) = delete;
  ReferenceReading& operator=(const ReferenceReading&) = delete;
  ~ReferenceReading();
  /// The innermost one of this thread, or nullptr.
  static ReferenceReading* current();

  /// Where the word stands that is being read; unknown places are passed over.
  void stand_at(SourcePosition at) {
    if (at.line != 0) at_ = at;
  }

  struct Opened {
    std::shared_ptr<PatternReference> list;
    std::shared_ptr<const std::string> content;  // of the file, as it is now
  };
  enum class User : std::uint8_t { map, acl, rule };
  /// The list of that file, optional file or virtual name. The error names it.
  Result<Opened> open(std::string_view name, bool two_columns, User user);
  /// The list of an ACL line's own patterns. `owner` and `text` find it again. Wrong ids are errors.
  struct AclLine {
    std::string_view owner;
    std::string_view text;
    std::string_view criterion;       // "path", for the description
    std::optional<std::uint32_t> id;  // -u
    bool predefined = false;          // one for all uses of its owner
    std::vector<std::string> patterns;
  };
  Result<std::shared_ptr<PatternReference>> acl_line(AclLine line);
  /// Notes how `list` is asked.
  void note(const PatternReference& list, ReferenceUse use);

  /// The end: ids are given.
  [[nodiscard]] std::shared_ptr<const ReferenceBook> finish();

 private:
  struct Draft {
    BookEntry entry;
    std::shared_ptr<const std::string> content;
    std::optional<std::uint32_t> id;
    unsigned users = 0;  // that the description tells
  };
  [[nodiscard]] std::string place() const;
  Draft* find(std::string_view key);

  ReferenceReading* before_;
  const ReferenceBook* running_;
  const Diagnostics* diagnostics_;
  ReadingBeside beside_;
  SourcePosition at_{};
  std::vector<std::unique_ptr<Draft>> drafts_;
  std::map<std::string, Draft*, std::less<>> by_key_;
  std::unordered_map<const PatternReference*, Draft*> by_list_;
  std::map<std::string, unsigned, std::less<>> same_lines_;
};

/// The current reading, or one of its own for who reads a single expression.
class AnyReading {
 public:
  AnyReading() {
    if (ReferenceReading::current() == nullptr) own_.emplace(nullptr, nullptr);
  }
  ReferenceReading* operator->() { return ReferenceReading::current(); }

 private:
  std::optional<ReferenceReading> own_;
};

}  // namespace weir::sample
