// docs/reference.md, from the rows: every word that this program knows, with its sentence and its example.
#pragma once

#include <string>

namespace weir::app {

std::string reference_text();

}  // namespace weir::app
