// The form of all JSON of the socket and of the statistics page, as a JSON schema.
#pragma once

#include <string>

namespace weir::admin {

void write_json_schema(std::string& out);

}  // namespace weir::admin
