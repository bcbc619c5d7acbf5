// One question to a source: is there another content than the one that is known?
//
// A server is asked with what it said of itself the last time (RFC 9110 13); a file by its facts, and a file that has
// just changed is looked at twice, so that whoever writes it in place is not read in the middle.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "httpclient/client.h"
#include "io/aside.h"
#include "io/task.h"
#include "update/config.h"

namespace weir::update {

struct FileFacts {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t seconds = 0, nanoseconds = 0;  // of its last change
  friend bool operator==(const FileFacts&, const FileFacts&) = default;
};

/// What the source said of the content that the list has.
struct Known {
  std::string etag;
  std::string last_modified;
  FileFacts file;
  std::uint64_t hash = 0;
};

struct Got {
  std::shared_ptr<const std::string> content;  // null: it is what is known
  Known known;
};

struct Problem {
  std::string message;
  bool passing = false;  // another try may do better
};

/// `known` may be null: anything is news then. `aside` does what blocks, `names` looks names up.
io::Task<Result<Got, Problem>> ask(io::Worker& worker, io::Aside& aside, io::Aside& names, const UpdateConfig& update,
                                   const Known* known);

}  // namespace weir::update
