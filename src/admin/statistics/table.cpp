#include "admin/statistics/table.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <iterator>
#include <mutex>

#include "admin/statistics/action.h"
#include "admin/statistics/markup.h"

namespace weir::admin {
namespace {

// One figure: a column of `show stat`, or a sum of some.
struct Value {
  std::string_view before;  // what stands before it, in a small line
  Figure kind = Figure::count;
  std::array<StatColumn, 3> columns{};
  std::size_t count = 0;
  bool alarms = false;  // it is red unless 0
};
constexpr Value figure(StatColumn column, Figure kind = Figure::count, std::string_view before = {}) {
  return {.before = before, .kind = kind, .columns = {column}, .count = 1};
}
constexpr Value alarm(StatColumn a) { return {.columns = {a}, .count = 1, .alarms = true}; }
constexpr Value sum(StatColumn a, StatColumn b) { return {.before = "denied", .columns = {a, b}, .count = 2}; }
constexpr Value alarm(StatColumn a, StatColumn b, StatColumn c) {
  return {.columns = {a, b, c}, .count = 3, .alarms = true};
}

struct Column {
  std::string_view label;
  std::string_view css;  // its class, for its width
  std::string_view help;
  Value main;
  std::array<Value, 2> small{};
  bool left = false;
};

using enum Figure;
constexpr Column kColumns[] = {
    {"Status", "status", "how it is, and since when", figure(k_status, text), {figure(k_lastchg, seconds)}, true},
    {"Check",
     "check",
     "what the last check found, and how long it took",
     figure(k_check_status, text),
     {figure(k_check_duration, milliseconds)},
     true},
    {"Weight", "weight", "its share of new sessions; of a backend, that of all usable servers", figure(k_weight)},
    {"Queue",
     "queue",
     "requests that wait for a server now, and the most there were",
     figure(k_qcur),
     {figure(k_qmax, count, "max")}},
    {"Sessions",
     "sessions",
     "sessions now, the most there were, the limit",
     figure(k_scur),
     {figure(k_smax, count, "max"), figure(k_slim, count, "of")}},
    {"Per second",
     "rate",
     "new sessions in the last second, and the most of any second",
     figure(k_rate),
     {figure(k_rate_max, count, "max")}},
    {"Total",
     "total",
     "sessions since the start, and HTTP requests",
     figure(k_stot),
     {figure(k_req_tot, count, "req")}},
    {"Bytes out", "bytes", "bytes to clients, and from them", figure(k_bout, bytes), {figure(k_bin, bytes, "in")}},
    {"Errors",
     "errors",
     "bad requests, connections and answers that failed; requests and answers that rules denied",
     alarm(k_ereq, k_econ, k_eresp),
     {sum(k_dreq, k_dresp)}},
    {"Retries",
     "retries",
     "connections tried again, and moved to another server",
     figure(k_wretr),
     {figure(k_wredis, count, "moved")}},
    {"5xx",
     "answers",
     "answers with a status of 500 and more, and of 400 and more",
     alarm(k_hrsp_5xx),
     {figure(k_hrsp_4xx, count, "4xx")}},
    {"Time",
     "time",
     "the mean of the last 1024 sessions, and of what it took to connect",
     figure(k_ttime, milliseconds),
     {figure(k_ctime, milliseconds, "connect")}},
    {"Failures",
     "failures",
     "how often it went down, and for how long in all",
     figure(k_chkdown),
     {figure(k_downtime, seconds)}},
};

bool is_http(const proxy::ProxyPlan& proxy) { return proxy.config().settings.mode == proxy::Mode::http; }

bool has_servers(const proxy::ProxyPlan& proxy) {
  if (!proxy.backend) return false;
  const std::scoped_lock guard(proxy.backend->state->lock);
  return !proxy.backend->state->servers.empty();
}

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// As data-v has it: a text, or the sum of what is there; empty when nothing is.
std::string plain(const Value& value, const Fields& fields) {
  bool any = false;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < value.count; i++) {
    if (!fields.present(value.columns[i])) continue;
    if (value.kind == text) return fields.value(value.columns[i]);
    any = true;
    total += number(fields.value(value.columns[i]));
  }
  return any ? fmt::to_string(total) : std::string();
}

void write_value(std::string& out, const Value& value, const Fields& fields, std::string_view css = {}) {
  const std::string told = plain(value, fields);
  out += "<span";
  std::string classes(css);
  if (told == "0") classes += classes.empty() ? "zero" : " zero";
  if (!classes.empty()) fmt::format_to(std::back_inserter(out), " class=\"{}\"", classes);
  out += " data-f=\"";
  for (std::size_t i = 0; i < value.count; i++) {
    if (i != 0) out += '+';
    out += stat_rows()[value.columns[i]].name;
  }
  out += '"';
  if (const auto kind = figure_word(value.kind); !kind.empty())
    fmt::format_to(std::back_inserter(out), " data-k=\"{}\"", kind);
  if (value.alarms) out += " data-hot";
  out += " data-v=\"";
  append_escaped(out, told);
  out += "\">";
  if (value.kind == text)
    append_escaped(out, told);
  else if (!told.empty())
    out += written(value.kind, number(told));
  out += "</span>";
}

bool is_told(const Value& value, const Fields& fields) { return !plain(value, fields).empty(); }

// What the check's code means, and what it met.
void write_check_title(std::string& out, const Fields& fields) {
  out += " data-title=\"check_desc+last_chk\" title=\"";
  append_escaped(out, fields.value(k_check_desc));
  if (fields.present(k_last_chk)) append_escaped(out, ": " + fields.value(k_last_chk));
  out += '"';
}

void write_cell(std::string& out, const Column& column, const Fields& fields) {
  const bool hot = column.main.alarms && is_told(column.main, fields) && plain(column.main, fields) != "0";
  const std::string_view css = column.left ? " class=\"l\"" : hot ? " class=\"hot\"" : "";
  fmt::format_to(std::back_inserter(out), "<td{}", css);
  if (column.main.columns[0] == k_check_status) write_check_title(out, fields);
  out += '>';
  const bool state = column.main.columns[0] == k_status;
  write_value(out, column.main, fields, state ? "state" : "");
  bool open = false;
  for (const Value& value : column.small) {
    if (value.count == 0 || !is_told(value, fields)) continue;
    out += open ? " " : "<small>";
    open = true;
    if (!value.before.empty()) out.append(value.before).append(" ");
    write_value(out, value, fields);
  }
  if (open) out += "</small>";
  out += "</td>";
}

// stats show-legends: id, address, cookie.
void write_legend(std::string& out, const StatRow& row) {
  out += "<small>";
  fmt::format_to(std::back_inserter(out), "<span>id {}</span>", row.server ? row.owner.id : row.owner.proxy);
  if (row.server) {
    write_value(out, figure(k_addr, text), row.fields);
    std::string cookie;
    {
      const std::scoped_lock guard(row.server->backend.lock);
      cookie = row.server->config->cookie;
    }
    if (!cookie.empty()) fmt::format_to(std::back_inserter(out), "<span>cookie {}</span>", escaped(cookie));
  }
  out += "</small>";
}

void write_name(std::string& out, const StatRow& row, const TableLook& look) {
  out += "<th scope=\"row\" class=\"l\"><span class=\"name\">";
  if (row.server)
    append_escaped(out, row.server->name);
  else
    out += row.owner.letter == 'F' ? "Frontend" : "Backend";
  out += "</span>";
  if (row.server && row.fields.value(k_bck) == "1") out += "<span class=\"tag\">backup</span>";
  if (row.fields.present(k_tracked))
    fmt::format_to(std::back_inserter(out), "<span class=\"tag\">follows {}</span>",
                   escaped(row.fields.value(k_tracked)));
  if (look.stats->show_legends) write_legend(out, row);
  out += "</th>";
}

// stats show-modules: what stands behind the columns of every proxy.
void write_modules(std::string& out, const Fields& fields) {
  out += "<td><details><summary>counters</summary><dl>";
  for (std::size_t i = k_end_of_static + 1; i < fields.rows().size(); i++) {
    if (!fields.present(i)) continue;
    fmt::format_to(std::back_inserter(out), "<dt>{}</dt><dd>", fields.rows()[i].name);
    write_value(out, figure(static_cast<StatColumn>(i)), fields);
    out += "</dd>";
  }
  out += "</dl></details></td>";
}

void write_pick(std::string& out, const StatRow& row, bool form) {
  if (!row.server || !form) {
    out += "<td class=\"pick\"></td>";
    return;
  }
  const std::string name = escaped(row.server->name);
  fmt::format_to(std::back_inserter(out),
                 R"(<td class="pick"><input type="checkbox" name="s" value="{0}" aria-label="Choose {0}"></td>)", name);
}

void write_actions(std::string& out, const proxy::ProxyPlan& proxy) {
  fmt::format_to(std::back_inserter(out), R"(<div class="actions"><input type="hidden" name="b" value="{}"><label>)",
                 escaped(proxy.name()));
  out += R"(With the chosen servers <select name="action" required><option value="">do nothing yet</option>)";
  for (const ServerAction& action : server_actions())
    if (!action.label.empty())
      fmt::format_to(std::back_inserter(out), R"(<option value="{}">{}</option>)", action.word, action.label);
  out += "</select></label><button>Apply</button></div></form>\n";
}

std::string_view sides(const proxy::ProxyPlan& proxy) {
  if (proxy.frontend && proxy.backend) return "listen";
  return proxy.frontend ? "frontend" : "backend";
}

}  // namespace

void open_proxy(std::string& out, const proxy::ProxyPlan& proxy, TableLook& look) {
  look.form = look.changes && has_servers(proxy);
  const proxy::ProxyConfig& config = proxy.config();
  const std::string name = escaped(proxy.name());
  const auto end = std::back_inserter(out);
  fmt::format_to(end, R"(<section class="proxy" id="{0}" data-name="{0}" aria-label="{0}">)", name);
  if (look.form) out += R"(<form method="post">)";
  fmt::format_to(end, R"(<div class="about-proxy"><h2><a href="#{0}">{0}</a></h2><p class="about">{1}, {2})", name,
                 sides(proxy), is_http(proxy) ? "http" : "tcp");
  if (proxy.backend) fmt::format_to(end, ", {}", escaped(proxy.backend->config->settings.balance.algorithm));
  if (look.stats->show_legends) fmt::format_to(end, ", id {}", config.id);
  out += "</p>";
  if (!config.settings.description.empty())
    fmt::format_to(end, R"(<p class="about">{}</p>)", escaped(config.settings.description));
  out += "</div>\n<div class=\"scroll\"><table><thead><tr>";
  if (look.changes) out += look.form ? R"(<td class="pick all"></td>)" : R"(<td class="pick"></td>)";
  out += R"(<th scope="col" class="c-name l">Name</th>)";
  for (const Column& column : kColumns)
    fmt::format_to(end, R"(<th scope="col" class="c-{}{}" title="{}">{}</th>)", column.css, column.left ? " l" : "",
                   column.help, column.label);
  if (look.stats->show_modules) out += R"(<th scope="col" class="c-modules">Modules</th>)";
  out += "</tr></thead>\n<tbody>\n";
}

void write_row(std::string& out, const StatRow& row, const TableLook& look) {
  const std::string_view kind = row.server ? "server" : row.owner.letter == 'F' ? "front" : "back";
  fmt::format_to(std::back_inserter(out), R"(<tr class="{}" data-row="{}.{}.{}" data-svname="{}" data-tone="{}">)",
                 kind, row.fields.value(k_type), row.owner.proxy, row.owner.id, escaped(row.fields.value(k_svname)),
                 tone_of(row.fields.value(k_status)));
  if (look.changes) write_pick(out, row, look.form);
  write_name(out, row, look);
  for (const Column& column : kColumns) write_cell(out, column, row.fields);
  if (look.stats->show_modules) write_modules(out, row.fields);
  out += "</tr>\n";
}

void close_proxy(std::string& out, const proxy::ProxyPlan& proxy, const TableLook& look) {
  out += "</tbody></table></div>\n";
  if (look.form) write_actions(out, proxy);
  out += "</section>\n";
}

}  // namespace weir::admin
