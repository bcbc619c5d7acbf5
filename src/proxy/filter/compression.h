// `compression`: which messages of a proxy are compressed, and how. Values of the configuration. Manual 4.2, 9.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/coding/encoder.h"

namespace weir::proxy {

struct CompressionSettings {
  std::vector<proto::coding::Coding> response_codings;  // algo, algo-res; as listed
  std::optional<proto::coding::Coding> request_coding;  // algo-req
  std::vector<std::string> response_types;              // type, type-res; none: all
  std::vector<std::string> request_types;
  std::optional<std::uint64_t> response_least, request_least;  // minsize-res, minsize-req
  bool offload = false;
  bool requests = false;  // compression direction
  bool responses = true;
};

/// The lines `filter comp-req`, `filter comp-res` and `filter compression` of one proxy: how many other filters stand
/// before them. Without any of them the words of CompressionSettings are enough.
struct CompressionFilter {
  std::optional<std::size_t> requests;
  std::optional<std::size_t> responses;
  bool old = false;  // filter compression: it is `compression direction` that says which of both
  [[nodiscard]] bool written() const { return requests || responses; }
};

/// Of the global section.
struct CompressionLimits {
  std::uint32_t rate = 0;          // maxcomprate, in kilobytes a second; 0: none
  std::uint32_t cpu = 100;         // maxcompcpuusage, percent; 100: none
  std::uint32_t megabytes = 0;     // maxzlibmem; 0: none
  std::uint32_t level = 1;         // tune.comp.maxlevel
  std::uint32_t window = 15;       // tune.zlib.windowsize
  std::uint32_t memory_level = 8;  // tune.zlib.memlevel
};

}  // namespace weir::proxy
