// What a server line says about the PROXY protocol towards the server. Manual 5.2: send-proxy*, proxy-v2-options,
// set-proxy-v2-tlv-fmt.
//
// A value of the configuration. Each word is a bit, so that `no-send-proxy` of a server takes back exactly what the
// defaults said. Without a subject (no TLS towards the client) the TLS facts are sent as "none": see proxy_header.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sample/log_format.h"

namespace weir::proxy {

struct SendProxy {
  enum Word : std::uint8_t {
    v1 = 1,
    v2 = 2,
    ssl = 4,  // any word about TLS facts brings the TLV that holds them
    authority = 8,
    crc32c = 16,
    unique_id = 32,
  };
  struct Tlv {
    std::uint8_t type = 0;
    std::shared_ptr<const sample::LogFormat> format;
    std::string text;  // as written, for comparing
  };
  std::uint8_t words = 0;
  bool checks = false;  // check-send-proxy: although the checks go elsewhere, or nothing else has a header
  std::vector<Tlv> tlvs;

  [[nodiscard]] bool has(Word word) const { return (words & word) != 0; }
  /// 0: no header.
  [[nodiscard]] unsigned version() const { return has(v2) ? 2 : has(v1) ? 1 : 0; }
};

}  // namespace weir::proxy
