// The addresses and options of `bind` and `stats socket`.
#pragma once

#include <optional>

#include "config/arguments.h"
#include "proxy/model.h"

namespace weir::proxy {

/// Reads "<address>[,...] [options]". `cli`: the options of `stats socket`, which has a level. nullopt after errors.
std::optional<BindConfig> read_bind(config::ParseContext& context, const config::Line& line, bool cli);

const config::OptionTable<BindConfig>& bind_options();
/// Those of `stats socket`.
const config::OptionTable<BindConfig>& socket_options();

}  // namespace weir::proxy
