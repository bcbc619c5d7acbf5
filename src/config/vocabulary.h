// The names that every file of keyword rows speaks in: `using namespace config::vocabulary;` inside its own namespace.
#pragma once

#include "config/arguments.h"
#include "config/keyword.h"
#include "config/parser.h"

namespace weir::config::vocabulary {

using config::Arguments;
using config::KeywordRow;
using config::Line;
using config::OptionRow;
using config::ParseContext;
using config::Prefix;
using config::Word;
namespace accepts = config::accepts;
namespace in = config::in;

}  // namespace weir::config::vocabulary
