#include "admin/statistics/page.h"

#include <fmt/format.h>

#include "admin/command/schema.h"
#include "admin/stat_walk.h"
#include "admin/statistics/action.h"
#include "admin/statistics/address.h"
#include "admin/statistics/html.h"
#include "admin/statistics/scope.h"
#include "proto/http/uri.h"
#include "proxy/process_state.h"

namespace weir::admin {
namespace {

using proxy::ServedBody;
using proxy::ServiceAnswer;
using proxy::ServiceRequest;

StatSelection selection_of(const proxy::ProxyConfig& page, const PageAddress& address) {
  return {.only_up = address.only_up,
          .no_maintenance = address.no_maintenance,
          .names = scope_of(page),
          .part = address.scope};
}

// The rows for programs.
class RowsBody final : public ServedBody {
 public:
  RowsBody(proxy::WorkerContext& worker, StatWalk walk, StatWriter::Form form, bool shows_addresses)
      : worker_(worker), walk_(std::move(walk)), writer_(form, false), shows_addresses_(shows_addresses) {}

  bool more(std::string& out) override {
    if (!std::exchange(begun_, true)) writer_.begin(out);
    const StatContext context = stat_context(worker_, walk_.plan(), shows_addresses_);
    while (out.size() < proxy::kServedPiece) {
      const auto row = walk_.next(context);
      if (!row) {
        writer_.end(out);
        return false;
      }
      writer_.write(out, *row);
    }
    return true;
  }

 private:
  proxy::WorkerContext& worker_;
  StatWalk walk_;
  StatWriter writer_;
  bool shows_addresses_;
  bool begun_ = false;
};

class SchemaBody final : public ServedBody {
 public:
  bool more(std::string& out) override {
    write_json_schema(out);
    return false;
  }
};

StatWriter::Form writer_form(PageForm form) {
  switch (form) {
    case PageForm::typed: return StatWriter::Form::typed;
    case PageForm::json: return StatWriter::Form::json;
    default: return StatWriter::Form::csv;
  }
}

std::string_view content_type(PageForm form) {
  switch (form) {
    case PageForm::html: return "text/html; charset=utf-8";
    case PageForm::json:
    case PageForm::json_schema: return "application/json";
    case PageForm::csv:
    case PageForm::typed: return "text/plain";
  }
  return "text/plain";
}

class StatisticsPage final : public proxy::Service {
 public:
  explicit StatisticsPage(std::string version) : version_(std::move(version)) {}

  [[nodiscard]] ServiceAnswer serve(const ServiceRequest& request) const override {
    const proxy::StatsConfig& stats = *request.proxy->settings.http.stats;
    const std::string_view target = request.head.target;
    const std::string_view asked = target.starts_with('/') ? target : proto::http::split_target(target).path_query;
    const PageAddress address = read_address(asked, stats.uri);
    ServiceAnswer answer;
    answer.fields.emplace_back("cache-control", "no-cache");
    if (request.head.method == proto::http::Method::post)
      send_back(request, address, answer);
    else
      show(request, address, answer);
    return answer;
  }

 private:
  static void send_back(const ServiceRequest& request, PageAddress address, ServiceAnswer& answer) {
    answer.status = 303;
    answer.fields.emplace_back("content-type", "text/plain");
    address.form = PageForm::html;
    const std::string result = fmt::format(";st={}", apply_form(request));
    answer.fields.emplace_back("location", write_address(request.proxy->settings.http.stats->uri, address, result));
  }

  void show(const ServiceRequest& request, const PageAddress& address, ServiceAnswer& answer) const {
    const proxy::StatsConfig& stats = *request.proxy->settings.http.stats;
    answer.fields.emplace_back("content-type", content_type(address.form));
    answer.fields.emplace_back("x-content-type-options", "nosniff");
    StatWalk walk(request.plan, selection_of(*request.proxy, address));
    if (address.form == PageForm::html) {
      // Forms of a page without a referrer have no origin, and would be taken for another site's.
      answer.fields.emplace_back("referrer-policy", "same-origin");
      answer.fields.emplace_back("content-security-policy", page_policy());
      answer.body = make_html({.worker = request.worker,
                               .page = request.proxy,
                               .address = address,
                               .version = version_,
                               .changes = request.may_change},
                              std::move(walk));
      return;
    }
    if (stats.refresh != 0 && address.refreshes) answer.fields.emplace_back("refresh", std::to_string(stats.refresh));
    if (address.form == PageForm::json_schema)
      answer.body = std::make_unique<SchemaBody>();
    else
      answer.body =
          std::make_unique<RowsBody>(request.worker, std::move(walk), writer_form(address.form), stats.show_legends);
  }

  std::string version_;
};

}  // namespace

std::unique_ptr<proxy::Service> make_statistics_page(std::string version) {
  return std::make_unique<StatisticsPage>(std::move(version));
}

}  // namespace weir::admin
