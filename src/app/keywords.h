// Every word of the language that this program knows, named once.
#pragma once

#include "config/keyword_table.h"
#include "sample/registry.h"

namespace weir::app {

/// Built at the first call; stops the process when two rows bear one name. Any thread afterwards.
const config::KeywordTable& keyword_table();
const sample::Registry& sample_registry();

/// -dK: the listing of these comma-separated classes ("all", "help", "cfg", "smp", "cnv", "acl", "log"); empty when a
/// class is unknown.
std::string list_keywords(std::string_view classes);

}  // namespace weir::app
