// What stands in the way of a message's body: an encoder, bandwidth limits, or both in the order of the filters' lines;
// or records of FastCGI, on either side.
//
// Most bodies have none, and move_body() asks one null pointer. Manual 9.
#pragma once

#include "proxy/filter/encoder_pool.h"

namespace weir::proxy {

struct BodyFilter {
  LentEncoder encoder;   // empty: the bytes stay as they are
  bool limited = false;  // the session's BandwidthLimits of this direction apply
  bool records = false;  // what goes out is STDIN of a FastCGI application
  bool encoded = false;  // the last of it has been made, and maybe not sent yet
};

}  // namespace weir::proxy
