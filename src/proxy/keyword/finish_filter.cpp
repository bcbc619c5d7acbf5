#include "proxy/keyword/finish_filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/keyword/build.h"
#include "proxy/rule/bandwidth.h"

namespace weir::proxy {

namespace {

// What the rules of a proxy say about its filters.
void check_rules(const ProxyConfig& proxy, const std::vector<Rule>& rules, Diagnostics& diagnostics) {
  for (const Rule& rule : rules) {
    if (rule.action->name != "set-bandwidth-limit" || rule.argument == nullptr) continue;
    const auto& wanted = *static_cast<const BandwidthArgument*>(rule.argument.get());
    const auto found = std::ranges::find(proxy.bandwidth_filters, wanted.name, &BandwidthFilter::name);
    if (found == proxy.bandwidth_filters.end()) {
      std::vector<std::string_view> names;
      for (const BandwidthFilter& filter : proxy.bandwidth_filters) names.push_back(filter.name);
      const auto near = nearest_word(wanted.name, names);
      diagnostics.error(wanted.at, fmt::format("{} has no filter '{}'", title(proxy), wanted.name)).hint =
          near.empty() ? "'filter bwlim-in' and 'filter bwlim-out' lines of the same section name them"
                       : fmt::format("did you mean '{}'?", near);
    } else if (found->shared && wanted.changes_limits()) {
      diagnostics.error(wanted.at, fmt::format("filter '{}' is shared: its limit is the same for all", wanted.name));
    }
  }
}

// The order of filters says whether limits count bytes before or after compression: nobody may have to guess it.
void check_compression(const ProxyConfig& proxy, Diagnostics& diagnostics) {
  if (proxy.settings.mode != Mode::http) {
    if (proxy.compression_filter.written())
      diagnostics.warning(proxy.at, fmt::format("{} compresses nothing: it is in TCP mode", title(proxy)));
    return;
  }
  const CompressionSettings* settings = proxy.settings.http.compression.get();
  if (settings == nullptr) return;
  const bool codes = !settings->response_codings.empty() || settings->request_coding;
  if (codes && !proxy.bandwidth_filters.empty() && !proxy.compression_filter.written()) {
    diagnostics
        .error(proxy.bandwidth_filters.front().at,
               fmt::format("{} has 'compression' and other filters: a 'filter' line says in which order they work",
                           title(proxy)))
        .hint = "write 'filter comp-res' or 'filter comp-req' before or behind this line";
  }
  const bool requests = proxy.compression_filter.written() && !proxy.compression_filter.old
                            ? proxy.compression_filter.requests.has_value()
                            : settings->requests;
  if (settings->request_coding && !requests)
    diagnostics
        .warning(proxy.at, fmt::format("{} has 'compression algo-req', but does not compress requests", title(proxy)))
        .hint = "'filter comp-req' or 'compression direction both' says that it should";
}

}  // namespace

void finish_filters(const ProxyConfig& proxy, const std::function<const stick::TableConfig*(std::string_view)>& find,
                    Diagnostics& diagnostics) {
  check_rules(proxy, proxy.content_rules, diagnostics);
  check_rules(proxy, proxy.response_rules, diagnostics);
  check_rules(proxy, proxy.http_request_rules, diagnostics);
  check_rules(proxy, proxy.http_response_rules, diagnostics);
  check_compression(proxy, diagnostics);
  for (const BandwidthFilter& filter : proxy.bandwidth_filters) {
    if (!filter.shared) continue;
    const SourcePosition at = filter.table.empty() ? filter.at : filter.table_at;
    const stick::TableConfig* table = find(filter.table.empty() ? std::string_view(proxy.name) : filter.table);
    const std::string_view rate = filter.incoming ? "bytes_in_rate" : "bytes_out_rate";
    if (table == nullptr) {
      diagnostics
          .error(at, filter.table.empty()
                         ? fmt::format("filter '{}' is shared, and '{}' has no stick table", filter.name, proxy.name)
                         : fmt::format("there is no stick table '{}'", filter.table))
          .example = fmt::format("stick-table type ip size 100k expire 1h store {}(1s)", rate);
      continue;
    }
    const auto column =
        stick::find_column(*table, filter.incoming ? stick::DataType::bytes_in_rate : stick::DataType::bytes_out_rate);
    if (column == nullptr)
      diagnostics.error(at, fmt::format("filter '{}': table '{}' does not store {}", filter.name, table->name, rate))
          .example = fmt::format("stick-table type ip size 100k expire 1h store {}(1s)", rate);
    if (!stick::key_fits(*table, filter.key.type()))
      diagnostics.error(filter.at, fmt::format("filter '{}': '{}' cannot be a key of table '{}'", filter.name,
                                               filter.key.text(), table->name));
  }
}

}  // namespace weir::proxy
