// The families of actions of this folder.
#pragma once

#include <span>

#include "proxy/rule/rule.h"

namespace weir::proxy {

extern const std::span<const ActionRow> bandwidth_actions;      // bandwidth.cpp
extern const std::span<const ActionRow> expect_header_actions;  // expect_header.cpp
extern const std::span<const ActionRow> tracking_actions;       // tracking.cpp
extern const std::span<const ActionRow> verdict_actions;        // verdict.cpp

}  // namespace weir::proxy
