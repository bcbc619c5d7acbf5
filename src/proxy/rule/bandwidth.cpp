// set-bandwidth-limit: switches a bandwidth filter of the same proxy on for the session. Manual 4.4, 9.7.
//
// The filter is looked up by its name when the rule is performed: once in a session's life, among a handful. That the
// name is one, and may be given these words, is checked when the whole proxy is known (keyword/finish_filter.cpp).
#include "proxy/rule/bandwidth.h"

#include <algorithm>

#include "proxy/http/exchange.h"
#include "proxy/keyword/build.h"
#include "proxy/rule/action.h"
#include "proxy/rule/tables.h"
#include "proxy/tcp/bandwidth.h"
#include "proxy/tcp/extras.h"
#include "proxy/worker_context.h"
#include "stick/config.h"

namespace weir::proxy {
namespace {

// "limit 10k", "limit src,map(...)": what begins with a digit is a number.
bool begins_with_digit(const config::Word& word) {
  return !word.text.empty() && word.text[0] >= '0' && word.text[0] <= '9';
}

bool parse_limit(ActionReader& reader, BandwidthArgument& out) {
  const config::Word* word = reader.args.peek();
  if (word == nullptr || !begins_with_digit(*word)) {
    auto expression = reader.expression("a size or an expression");
    if (!expression) return false;
    out.limit_expression = std::move(*expression);
    return true;
  }
  const auto size = reader.args.expect_size("the limit");
  if (size && *size == 0) return reader.error(word->at, "a limit of 0 lets nothing through");
  out.limit = size;
  return size.has_value();
}

bool parse_period(ActionReader& reader, BandwidthArgument& out) {
  const config::Word* word = reader.args.peek();
  if (word == nullptr || !begins_with_digit(*word)) {
    auto expression = reader.expression("a time or an expression");
    if (!expression) return false;
    out.period_expression = std::move(*expression);
    return true;
  }
  const auto time = reader.args.expect_time("the period");
  if (time && time->count() == 0) return reader.error(word->at, "a period of 0 is none");
  out.period = time;
  return time.has_value();
}

bool parse(ActionReader& reader) {
  // Manual: filters belong to one proxy, and a defaults section has none.
  if (is_defaults(reader.context))
    return reader.error(reader.args.here(), "'set-bandwidth-limit' names a filter, and defaults sections have none");
  const config::Word* name = reader.args.expect_name("the filter's name");
  if (name == nullptr) return false;
  auto argument = std::make_shared<BandwidthArgument>();
  argument->name = name->text;
  argument->at = name->at;
  while (const config::Word* word = reader.args.peek()) {
    if (word->text == "limit") {
      reader.args.next();
      if (!parse_limit(reader, *argument)) return false;
    } else if (word->text == "period") {
      reader.args.next();
      if (!parse_period(reader, *argument)) return false;
    } else {
      break;
    }
  }
  reader.out = std::move(argument);
  return true;
}

std::optional<std::int64_t> number(const sample::Expression& expression, sample::Context& context) {
  sample::Sample value;
  if (expression.empty() || expression.evaluate(context, value) != sample::FetchStatus::ok) return std::nullopt;
  if (!sample::cast(value, sample::Type::integer, context.arena) || value.as_integer() <= 0) return std::nullopt;
  return value.as_integer();
}

struct Found {
  const BandwidthFilter* filter = nullptr;
  std::shared_ptr<const ProxyConfig> config;
  std::size_t at = 0;  // among its filters
  std::shared_ptr<stick::StickTable> table;
  bool of_backend = false;
};

// Rules of the backend name the backend's filters; those of the frontend its own.
template <class Part>
Found find_in(const std::shared_ptr<const Part>& part, std::string_view name) {
  if (!part) return {};
  const auto& filters = part->config->bandwidth_filters;
  const auto found = std::ranges::find(filters, name, &BandwidthFilter::name);
  if (found == filters.end()) return {};
  const auto at = static_cast<std::size_t>(found - filters.begin());
  return {&*found, part->config, at, part->filter_tables[at], std::is_same_v<Part, BackendPlan>};
}

Found find_filter(const Session& session, std::string_view name, bool backend_first) {
  Found found = backend_first ? find_in(session.backend, name) : find_in(session.frontend, name);
  if (found.filter == nullptr) found = backend_first ? find_in(session.frontend, name) : find_in(session.backend, name);
  return found;
}

void bind_table(BandwidthLimit& limit, const Found& found, sample::Context& context) {
  limit.table = found.table;
  const stick::DataType type =
      limit.filter->incoming ? stick::DataType::bytes_in_rate : stick::DataType::bytes_out_rate;
  const stick::Column* column = limit.table ? stick::find_column(limit.table->config(), type) : nullptr;
  if (column == nullptr) return;
  limit.table_period = Milliseconds(column->period);
  limit.table_limit = limit.filter->limit;
  sample::Sample value;
  if (limit.filter->key.evaluate(context, value) != sample::FetchStatus::ok) return;
  const auto key = stick::table_key(limit.table->config(), value, context.arena);
  if (!key) return;
  limit.entry = limit.table->obtain(*key, context.now);
  limit.sharers = join_sharers(*limit.filter, limit.table.get(), *key);
}

bool asked_by_backend(const Session& session) {
  if (!session.is_http) return session.routed || session.phase == Phase::relaying;
  const HttpExchange& exchange = *session.http;
  if (exchange.response_begun) return exchange.response_stage < ResponseStage::front_http;
  return exchange.stage > RequestStage::choose;
}

// Manual 9.7: the line of the filter stands before or behind that of the compression. Of two sections, the one whose
// side the bytes come from is first.
void limit_body(HttpExchange& exchange, const Found& found, BandwidthLimit& limit) {
  BodyState& body = found.filter->incoming ? exchange.request_body : exchange.response_body;
  if (!body.filter) body.filter = std::make_unique<BodyFilter>();
  body.filter->limited = true;
  const auto& line =
      found.filter->incoming ? found.config->compression_filter.requests : found.config->compression_filter.responses;
  const bool behind = line ? found.at >= *line : found.filter->incoming == found.of_backend;
  limit.place = behind ? LimitPlace::behind_encoder : LimitPlace::before_encoder;
}

Verdict apply(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& wanted = *static_cast<const BandwidthArgument*>(given);
  const bool of_backend = asked_by_backend(session);
  Found found = find_filter(session, wanted.name, of_backend);
  if (found.filter == nullptr) return Verdict::next;  // refused when the configuration was read
  SessionExtras& more = extras(session);
  if (!more.bandwidth) more.bandwidth = std::make_unique<BandwidthLimits>();
  auto& limits = found.filter->incoming ? more.bandwidth->request : more.bandwidth->response;
  // Manual: the last one counts, and starts from the filter's own settings.
  std::erase_if(limits, [&](const BandwidthLimit& limit) { return limit.filter == found.filter; });
  BandwidthLimit limit;
  limit.filter = found.filter;
  limit.owner = found.config;
  std::uint64_t bytes = found.filter->limit;
  Milliseconds period = found.filter->period;
  if (found.filter->shared) {
    bind_table(limit, found, context);
    if (!limit.entry) return Verdict::next;  // no key, no limit
    period = limit.table_period;
  } else {
    bytes = wanted.limit.value_or(static_cast<std::uint64_t>(
        number(wanted.limit_expression, context).value_or(static_cast<std::int64_t>(bytes))));
    period = wanted.period.value_or(Milliseconds(number(wanted.period_expression, context).value_or(period.count())));
  }
  limit.bucket.set(bytes, period, found.filter->min_size, context.now);
  // What was read before there was a limit is forwarded on credit.
  const Flow& flow = found.filter->incoming ? session.request : session.response;
  if (session.phase == Phase::relaying && !session.is_http) limit.bucket.take(flow.end - flow.start, context.now);
  if (session.http != nullptr) limit_body(*session.http, found, limit);
  // Manual: limits are applied in the order of the filters' lines.
  const auto place = std::ranges::upper_bound(limits, found.filter, {}, &BandwidthLimit::filter);
  limits.insert(place, std::move(limit));
  return Verdict::next;
}

constexpr ActionRow kRows[] = {
    {.name = "set-bandwidth-limit",
     .sets = rules_of::content | rules_of::response | rules_of::http,
     .arguments = "<name> [limit <size>|<expression>] [period <time>|<expression>]",
     .parse = parse,
     .apply = apply,
     .doc = "Puts the session under a limit that a 'filter' line names; its own limits may be given others here.",
     .example = "tcp-request content set-bandwidth-limit slow limit 100k period 1s"},
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> bandwidth_actions{kRows};

}  // namespace weir::proxy
