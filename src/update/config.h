// `update` lines: which list is kept fresh from where, as a checked value.
//
// A line stands in the global section or in a `dynamic-update` section; the caller provides one UpdateSections to the
// parser, and completes it once the lists of the configuration are known. Manual: docs/dynamic-update.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/time.h"
#include "config/keyword.h"
#include "config/section.h"
#include "proto/http/url.h"
#include "sample/reference_book.h"
#include "tls/client.h"

namespace weir::update {

struct UpdateConfig {
  enum class Wants : std::uint8_t { any, map, acl };

  std::string list;  // its name, or "#<id>"
  std::string from;  // as written
  bool local = false;
  std::string path;      // of a local file
  proto::http::Url url;  // of all others
  Milliseconds delay{300'000};
  Milliseconds timeout{10'000};
  std::uint32_t retries = 3;
  std::uint32_t jitter = 10;  // percent of the delay, more or less
  std::uint64_t most = std::uint64_t{64} << 20;
  Wants wants = Wants::any;
  std::string ca_file;
  bool verify = true;
  SourcePosition at;
  SourcePosition list_at;
  SourcePosition ca_at;

  // What complete() found.
  std::uint32_t id = 0;  // of the list
  std::shared_ptr<sample::PatternReference> target;
  std::vector<sample::ViewKind> kinds;  // how it is asked
  std::shared_ptr<const tls::ClientContext> tls;

  /// The same words: what was learnt from the source counts for this one too.
  friend bool operator==(const UpdateConfig& a, const UpdateConfig& b);
};

struct UpdateSections {
  std::vector<UpdateConfig> updates;
  std::string directory;  // update-state-dir; empty: nothing is kept
  SourcePosition directory_at;
};

/// Finds the lists, reads what is trusted, looks for the directory. `ca_base`: where a relative ca-file lies.
void complete(UpdateSections& sections, const sample::ReferenceBook& lists, const std::string& ca_base,
              Diagnostics& diagnostics);

extern const std::span<const config::SectionRow> update_sections;
extern const std::span<const config::KeywordRow> update_keywords;

}  // namespace weir::update
