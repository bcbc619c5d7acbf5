// A proxy on the page: its heading, a table with a row for each of its parts, and the form that changes its servers.
//
// What stands in a cell is a row of a table of columns: the figures of `show stat` it shows, large and small. Each
// figure says its column and its plain value (data-f, data-v), by which the script sorts and refreshes.
#pragma once

#include <string>

#include "admin/stat_walk.h"
#include "proxy/http/stats_config.h"

namespace weir::admin {

struct TableLook {
  const proxy::StatsConfig* stats = nullptr;
  bool changes = false;  // the visitor may change servers
  bool form = false;     // the open proxy has some
};

void open_proxy(std::string& out, const proxy::ProxyPlan& proxy, TableLook& look);
void write_row(std::string& out, const StatRow& row, const TableLook& look);
void close_proxy(std::string& out, const proxy::ProxyPlan& proxy, const TableLook& look);

}  // namespace weir::admin
