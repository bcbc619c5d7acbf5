#include "admin/statistics/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <span>

#include "admin/statistics/action.h"
#include "admin/statistics/markup.h"
#include "admin/statistics/table.h"
#include "proxy/process_state.h"
#include "proxy/worker_context.h"
#include "tls/digest.h"

namespace weir::admin {

// Files of page/, as they are.
extern const std::string_view embedded_page_html;
extern const std::string_view embedded_page_css;
extern const std::string_view embedded_page_js;

namespace {

// What the tiles count; the script counts the same from the rows.
struct Overview {
  std::uint64_t sessions = 0, rate = 0, waiting = 0, up = 0, down = 0, rest = 0, all = 0;
};

void count_servers(Overview& seen, const proxy::BackendState& backend) {
  const std::scoped_lock guard(backend.lock);
  seen.waiting += backend.queued.value();
  for (const auto& server : backend.servers) {
    seen.all++;
    seen.waiting += server->queued.value();
    const check::Health& health = server->health;
    if (health.in_maintenance() || (health.draining() && health.up()))
      seen.rest++;
    else if (health.up())
      seen.up++;
    else
      seen.down++;
  }
}

Overview overview(const StatWalk& walk, std::uint64_t now_ms) {
  Overview seen;
  for (const proxy::ProxyPlan& proxy : walk.plan().proxies) {
    if (!walk.shows(proxy)) continue;
    if (proxy.frontend) {
      seen.sessions += proxy.frontend->state->sessions.value();
      seen.rate += proxy.frontend->state->session_rate.value(now_ms);
    }
    if (proxy.backend) count_servers(seen, *proxy.backend->state);
  }
  return seen;
}

class HtmlBody final : public proxy::ServedBody {
 public:
  HtmlBody(HtmlPage page, StatWalk walk) : page_(std::move(page)), walk_(std::move(walk)) {
    look_ = {.stats = page_.page->settings.http.stats.get(), .changes = page_.changes};
  }
  bool more(std::string& out) override {
    while (out.size() < proxy::kServedPiece) {
      if (in_rows_)
        write_rows(out);
      else if (!write_frame(out))
        return false;
    }
    return true;
  }

 private:
  struct Slot {
    std::string_view name;
    void (HtmlBody::*write)(std::string& out);
  };
  [[nodiscard]] static std::span<const Slot> slots();

  // The frame up to its next slot, and what belongs there. False: that was its end.
  bool write_frame(std::string& out) {
    const std::size_t slot = std::min(frame_.find("{{"), frame_.size());
    out += frame_.substr(0, slot);
    frame_.remove_prefix(slot);
    if (frame_.empty()) return false;
    const std::size_t end = frame_.find("}}");
    const std::string_view name = frame_.substr(2, end - 2);
    frame_.remove_prefix(end + 2);
    for (const Slot& one : slots())
      if (one.name == name) (this->*one.write)(out);
    return true;
  }

  void write_rows(std::string& out) {
    const StatContext context = stat_context(page_.worker, walk_.plan(), look_.stats->show_legends);
    const auto row = walk_.next(context);
    const proxy::ProxyPlan* proxy = row ? row->proxy : nullptr;
    if (proxy != open_ && open_ != nullptr) close_proxy(out, *open_, look_);
    if (proxy != open_ && proxy != nullptr) open_proxy(out, *proxy, look_);
    open_ = proxy;
    if (row)
      write_row(out, *row, look_);
    else
      in_rows_ = false;
  }

  [[nodiscard]] std::string address(PageAddress wanted) const { return write_address(look_.stats->uri, wanted); }
  [[nodiscard]] std::string node() const {
    if (!look_.stats->show_node) return {};
    return look_.stats->node.empty() ? walk_.plan().global->node : look_.stats->node;
  }

  void style(std::string& out) { out += embedded_page_css; }
  void script(std::string& out) { out += embedded_page_js; }
  void begin_proxies(std::string&) { in_rows_ = true; }

  // Only for browsers that run no script: the script refreshes the figures, and what was typed stays.
  void refresh(std::string& out) {
    if (look_.stats->refresh == 0 || !page_.address.refreshes) return;
    fmt::format_to(std::back_inserter(out), "<noscript><meta http-equiv=\"refresh\" content=\"{}\"></noscript>\n",
                   look_.stats->refresh);
  }

  void title(std::string& out) {
    out += "Statistics";
    if (const std::string name = node(); !name.empty()) out.append(" of ").append(escaped(name));
  }

  void data(std::string& out) {
    PageAddress csv = page_.address;
    csv.form = PageForm::csv;
    csv.refreshes = false;
    fmt::format_to(std::back_inserter(out), " data-csv=\"{}\"", escaped(address(csv)));
    if (look_.stats->refresh != 0)
      fmt::format_to(std::back_inserter(out), " data-refresh=\"{}\"", look_.stats->refresh);
    if (!page_.address.refreshes) out += " data-still";
  }

  void facts(std::string& out) {
    const proxy::StatsConfig& stats = *look_.stats;
    if (stats.show_description) {
      const std::string& text = stats.description.empty() ? walk_.plan().global->description : stats.description;
      if (!text.empty()) out.append(escaped(text)).append(" \u00b7 ");
    }
    const auto up = page_.worker.io->now() - page_.worker.process->started;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(up).count();
    out.append("up for ").append(
        written(Figure::seconds, static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0))));
    if (stats.show_version) fmt::format_to(std::back_inserter(out), " \u00b7 version {}", escaped(page_.version));
  }

  void link(std::string& out, std::string_view label, const PageAddress& to) const {
    fmt::format_to(std::back_inserter(out), "<a href=\"{}\">{}</a>\n", escaped(address(to)), label);
  }
  void links(std::string& out) {
    PageAddress to = page_.address;
    link(out, "Load again", to);
    to.only_up = !to.only_up;
    link(out, to.only_up ? "Hide servers that are down" : "Show servers that are down", to);
    to = page_.address;
    to.refreshes = !to.refreshes;
    if (look_.stats->refresh != 0) link(out, to.refreshes ? "Refresh" : "Do not refresh", to);
    to = page_.address;
    to.scope.clear();
    if (!page_.address.scope.empty()) link(out, "Show all proxies", to);
    to = page_.address;
    to.form = PageForm::csv;
    link(out, "CSV", to);
    to.form = PageForm::json;
    link(out, "JSON", to);
  }

  void notice(std::string& out) {
    if (page_.address.result.empty()) return;
    const ActionResult& result = action_result(page_.address.result);
    fmt::format_to(std::back_inserter(out),
                   "<div class=\"notice {}\" role=\"status\">{} <a href=\"{}\">Dismiss</a></div>\n", result.tone,
                   result.text, escaped(address(page_.address)));
  }

  static void tile(std::string& out, std::string_view label, std::string_view name, std::uint64_t value,
                   std::string_view more = {}, bool alarms = false) {
    fmt::format_to(std::back_inserter(out), "<div{}{}><dt>{}</dt><dd><span data-tile=\"{}\">{}</span>{}</dd></div>\n",
                   alarms ? fmt::format(" data-alarm=\"{}\"", name) : std::string(),
                   alarms && value != 0 ? " class=\"alarm\"" : "", label, name, written(Figure::count, value), more);
  }
  void tiles(std::string& out) {
    const StatContext context = stat_context(page_.worker, walk_.plan(), false);
    const Overview seen = overview(walk_, context.now_ms());
    tile(out, "Sessions now", "sessions", seen.sessions);
    tile(out, "New per second", "rate", seen.rate);
    tile(out, "Waiting", "waiting", seen.waiting);
    const std::string of =
        fmt::format(" <small>of <span data-tile=\"all\">{}</span></small>", written(Figure::count, seen.all));
    tile(out, "Servers up", "up", seen.up, of);
    tile(out, "Servers down", "down", seen.down, {}, true);
    tile(out, "Draining, maintenance", "rest", seen.rest);
  }

  HtmlPage page_;
  StatWalk walk_;
  TableLook look_;
  std::string_view frame_ = embedded_page_html;
  bool in_rows_ = false;
  const proxy::ProxyPlan* open_ = nullptr;
};

std::span<const HtmlBody::Slot> HtmlBody::slots() {
  static constexpr Slot kSlots[] = {
      {"data", &HtmlBody::data},     {"facts", &HtmlBody::facts},           {"links", &HtmlBody::links},
      {"notice", &HtmlBody::notice}, {"proxies", &HtmlBody::begin_proxies}, {"refresh", &HtmlBody::refresh},
      {"script", &HtmlBody::script}, {"style", &HtmlBody::style},           {"tiles", &HtmlBody::tiles},
      {"title", &HtmlBody::title},
  };
  return kSlots;
}

}  // namespace

StatContext stat_context(const proxy::WorkerContext& worker, const proxy::Plan& plan, bool shows_addresses) {
  return {.plan = &plan,
          .process_maxconn = worker.process->maxconn.load(std::memory_order_relaxed),
          .now = worker.io->now(),
          .shows_addresses = shows_addresses};
}

std::unique_ptr<proxy::ServedBody> make_html(HtmlPage page, StatWalk walk) {
  return std::make_unique<HtmlBody>(std::move(page), std::move(walk));
}

// Made once, by whichever worker comes first; what it is made of never changes.
const std::string& page_policy() {
  static const std::string policy = fmt::format(
      "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; img-src data:; "
      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      tls::sha256_base64(embedded_page_css), tls::sha256_base64(embedded_page_js));
  return policy;
}

}  // namespace weir::admin
