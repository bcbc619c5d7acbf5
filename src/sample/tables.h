// The families of this layer, each defined at the bottom of its file under fetch/ and convert/.
#pragma once

#include <span>

#include "sample/rows.h"

namespace weir::sample {

extern const std::span<const Fetch> acl_fetches;
extern const std::span<const Fetch> constant_fetches;
extern const std::span<const Fetch> connection_fetches;
extern const std::span<const Fetch> frontend_connection_fetches;
extern const std::span<const Fetch> process_fetches;
extern const std::span<const Fetch> payload_fetches;
extern const std::span<const Fetch> rdp_fetches;
extern const std::span<const Fetch> tls_hello_fetches;
extern const std::span<const Fetch> variable_fetches;
extern const std::span<const Fetch> distcc_fetches;
extern const std::span<const Fetch> http_detection_fetches;
extern const std::span<const Fetch> http_field_fetches;
extern const std::span<const Fetch> http_cookie_fetches;
extern const std::span<const Fetch> http_target_fetches;
extern const std::span<const Fetch> http_message_fetches;

extern const std::span<const AclKeyword> http_acl_keywords;

extern const std::span<const Converter> string_converters;
extern const std::span<const Converter> integer_converters;
extern const std::span<const Converter> address_converters;
extern const std::span<const Converter> hash_converters;
extern const std::span<const Converter> rdp_converters;
extern const std::span<const Converter> variable_converters;
extern const std::span<const Converter> encoding_converters;
extern const std::span<const Converter> host_converters;
extern const std::span<const Converter> message_converters;
extern const std::span<const Converter> text_converters;
extern const std::span<const Converter> concat_converters;
extern const std::span<const Converter> json_converters;
extern const std::span<const Converter> language_converters;
extern const std::span<const Converter> forwarded_converters;
extern const std::span<const Converter> protobuf_converters;
extern const std::span<const Converter> map_converters;
extern const std::span<const Converter> packet_converters;
extern const std::span<const Converter> time_converters;

}  // namespace weir::sample
