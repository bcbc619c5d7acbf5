// Converters and fetches over stick tables. Each converter is its row and one instance of a template: what to read, or
// which counter to change (lookup.h).
#include "stick/convert.h"

#include <algorithm>

#include "stick/config.h"
#include "stick/lookup.h"

namespace weir::stick {
namespace {

using namespace sample::vocabulary;

/// The key's bytes; nullopt when the sample has no form that the table could hold.
std::optional<std::string_view> key_in(const StickTable& table, const Sample& sample, Context& context) {
  return table_key(table.config(), sample, context.arena);
}

bool in_table(const Args& args, Context& context, Sample& sample) {
  StickTable* table = table_of(args, 0);
  if (table == nullptr) return false;
  const auto key = key_in(*table, sample, context);
  using State = StickTable::Reading::State;
  sample = Sample::boolean(key && table->read(*key, DataType::conn_cnt, context.now).state != State::no_entry);
  return true;
}

bool read(StickTable* table, const Wanted& wanted, Context& context, Sample& sample) {
  if (table == nullptr) return false;
  return give(*table, key_in(*table, sample, context), wanted, context.now, sample);
}

template <DataType type, std::uint32_t divisor = 1>
bool read_column(const Args& args, Context& context, Sample& sample) {
  return read(table_of(args, 0), {.type = type, .divisor = divisor}, context, sample);
}
template <DataType type>
bool read_element(const Args& args, Context& context, Sample& sample) {
  return read(table_of(args, 1), {.type = type, .index = static_cast<std::uint32_t>(args[0].integer)}, context, sample);
}

template <DataType counter, DataType rate, Change what>
bool change_column(const Args& args, Context& context, Sample& sample) {
  StickTable* table = table_of(args, 0);
  if (table == nullptr) return false;
  return change(*table, key_in(*table, sample, context), {.counter = counter, .rate = rate}, what, context.now, sample);
}
template <Change what>
bool change_element(const Args& args, Context& context, Sample& sample) {
  StickTable* table = table_of(args, 1);
  if (table == nullptr) return false;
  const Counter counter{.index = static_cast<std::uint32_t>(args[0].integer)};
  return change(*table, key_in(*table, sample, context), counter, what, context.now, sample);
}

enum class Time : std::uint8_t { expire, idle };
template <Time what>
bool read_time(const Args& args, Context& context, Sample& sample) {
  StickTable* table = table_of(args, 0);
  if (table == nullptr) return false;
  const auto key = key_in(*table, sample, context);
  const auto view = key ? table->view_of(*key, context.now) : std::nullopt;
  if (!view && !args.has(1)) return false;
  std::int64_t result = args.integer_or(1, 0);
  if (view) {
    result = view->expires_in.count();
    if (what == Time::idle) result = table->config().expire.value_or(Milliseconds(0)).count() - result;
  }
  sample = Sample::integer(result);
  return true;
}

bool trackers(const Args& args, Context& context, Sample& sample) {
  StickTable* table = table_of(args, 0);
  if (table == nullptr) return false;
  const auto key = key_in(*table, sample, context);
  sample = Sample::integer(key ? table->uses_of(*key, context.now) : 0);
  return true;
}

Result<std::shared_ptr<const void>> check_index(const Args& args) {
  if (args[0].integer < 0 || args[0].integer >= kMaxArray) return fail("the index must be a number from 0 to 99");
  return nullptr;
}

FetchStatus table_cnt(const Args& args, Context&, Sample& out) {
  const StickTable* table = table_of(args, 0);
  if (table == nullptr) return FetchStatus::absent;
  out = Sample::integer(static_cast<std::int64_t>(table->used()));
  return FetchStatus::ok;
}
FetchStatus table_avl(const Args& args, Context&, Sample& out) {
  const StickTable* table = table_of(args, 0);
  if (table == nullptr) return FetchStatus::absent;
  const std::uint64_t used = table->used();
  const std::uint64_t size = table->config().size;
  out = Sample::integer(static_cast<std::int64_t>(size > used ? size - used : 0));
  return FetchStatus::ok;
}

constexpr sample::ArgSpec kTable = sample::args(0, {ArgKind::table});
constexpr sample::ArgSpec kTableAndDefault = sample::args(0, {ArgKind::table, ArgKind::integer});
constexpr sample::ArgSpec kIndexAndTable = sample::args(1, {ArgKind::integer, ArgKind::table});

// The examples' tables: "users" holds "bob", whose columns count up from 1; "arrays" has gpc(3), gpc_rate(3,10s),
// gpt(3).
constexpr Converter kRows[] = {
    {.name = "in_table",
     .args = kTable,
     .out = sample::Type::boolean,
     .apply = in_table,
     .doc = "Whether the table has an entry of this key.",
     .examples = {{{"str(bob),in_table(users)", "1"}, {"str(eve),in_table(users)", "0"}}}},
    {.name = "table_bytes_in_rate",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::bytes_in_rate>,
     .doc = "Bytes from the client per period, of this key in the table.",
     .examples = {{{"str(bob),table_bytes_in_rate(users)", "15"}}}},
    {.name = "table_bytes_out_rate",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::bytes_out_rate>,
     .doc = "Bytes to the client per period, of this key in the table.",
     .examples = {{{"str(bob),table_bytes_out_rate(users)", "17"}}}},
    {.name = "table_clr_gpc",
     .args = kIndexAndTable,
     .out = sample::Type::integer,
     .apply = change_element<Change::clear>,
     .prepare = check_index,
     .doc = "Sets to zero and gives the value before; makes the entry when there is none: the general purpose counter "
            "of that index.",
     .examples = {{{"str(new),table_clr_gpc(2,arrays)", "0"}}}},
    {.name = "table_clr_gpc0",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = change_column<DataType::gpc0, DataType::gpc0_rate, Change::clear>,
     .doc = "Sets to zero and gives the value before; makes the entry when there is none: the first general purpose "
            "counter.",
     .examples = {{{"str(new),table_clr_gpc0(users)", "0"}}}},
    {.name = "table_clr_gpc1",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = change_column<DataType::gpc1, DataType::gpc1_rate, Change::clear>,
     .doc = "Sets to zero and gives the value before; makes the entry when there is none: the second general purpose "
            "counter.",
     .examples = {{{"str(new),table_clr_gpc1(users)", "0"}}}},
    {.name = "table_conn_cnt",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::conn_cnt>,
     .doc = "Connections received, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_conn_cnt(users)", "5"}, {"str(eve),table_conn_cnt(users)", "0"}}}},
    {.name = "table_conn_cur",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::conn_cur>,
     .doc = "Connections open now, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_conn_cur(users)", "7"}, {"str(eve),table_conn_cur(users)", "0"}}}},
    {.name = "table_conn_rate",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::conn_rate>,
     .doc = "Connections per period, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_conn_rate(users)", "6"}, {"str(eve),table_conn_rate(users)", "0"}}}},
    {.name = "table_expire",
     .args = kTableAndDefault,
     .out = sample::Type::integer,
     .apply = read_time<Time::expire>,
     .doc = "Milliseconds until the entry expires; without an entry the second argument, or nothing.",
     .examples = {{{"str(bob),table_expire(users)", "60000"},
                   {"str(eve),table_expire(users,7)", "7"},
                   {"str(eve),table_expire(users)", "", true}}}},
    {.name = "table_glitch_cnt",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::glitch_cnt>,
     .doc = "Protocol oddities, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_glitch_cnt(users)", "26"}, {"str(eve),table_glitch_cnt(users)", "0"}}}},
    {.name = "table_glitch_rate",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::glitch_rate>,
     .doc = "Protocol oddities per period, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_glitch_rate(users)", "27"}, {"str(eve),table_glitch_rate(users)", "0"}}}},
    {.name = "table_gpc",
     .args = kIndexAndTable,
     .out = sample::Type::integer,
     .apply = read_element<DataType::gpc>,
     .prepare = check_index,
     .doc = "The general purpose counter of that index, of this key in the table.",
     .examples = {{{"str(bob),table_gpc(1,arrays)", "11"}, {"str(bob),table_gpc(9,arrays)", "0"}}}},
    {.name = "table_gpc0",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::gpc0>,
     .doc = "The first general purpose counter, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_gpc0(users)", "3"}, {"str(eve),table_gpc0(users)", "0"}}}},
    {.name = "table_gpc0_rate",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::gpc0_rate>,
     .doc = "How often it grew per period: the first general purpose counter, of this key in the table; 0 when the "
            "table does not know it.",
     .examples = {{{"str(bob),table_gpc0_rate(users)", "4"}, {"str(eve),table_gpc0_rate(users)", "0"}}}},
    {.name = "table_gpc1",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::gpc1>,
     .doc = "The second general purpose counter, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_gpc1(users)", "18"}, {"str(eve),table_gpc1(users)", "0"}}}},
    {.name = "table_gpc1_rate",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::gpc1_rate>,
     .doc = "How often it grew per period: the second general purpose counter, of this key in the table; 0 when the "
            "table does not know it.",
     .examples = {{{"str(bob),table_gpc1_rate(users)", "19"}, {"str(eve),table_gpc1_rate(users)", "0"}}}},
    {.name = "table_gpc_rate",
     .args = kIndexAndTable,
     .out = sample::Type::integer,
     .apply = read_element<DataType::gpc_rate>,
     .prepare = check_index,
     .doc = "How often per period it grew: the general purpose counter of that index, of this key in the table.",
     .examples = {{{"str(bob),table_gpc_rate(1,arrays)", "31"}, {"str(bob),table_gpc_rate(9,arrays)", "0"}}}},
    {.name = "table_gpt",
     .args = kIndexAndTable,
     .out = sample::Type::integer,
     .apply = read_element<DataType::gpt>,
     .prepare = check_index,
     .doc = "The general purpose tag of that index, of this key in the table.",
     .examples = {{{"str(bob),table_gpt(1,arrays)", "21"}, {"str(bob),table_gpt(9,arrays)", "0"}}}},
    {.name = "table_gpt0",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::gpt0>,
     .doc = "The first general purpose tag, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_gpt0(users)", "2"}, {"str(eve),table_gpt0(users)", "0"}}}},
    {.name = "table_http_err_cnt",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::http_err_cnt>,
     .doc = "HTTP errors of the client, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_http_err_cnt(users)", "12"}, {"str(eve),table_http_err_cnt(users)", "0"}}}},
    {.name = "table_http_err_rate",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::http_err_rate>,
     .doc = "HTTP errors of the client per period, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_http_err_rate(users)", "13"}, {"str(eve),table_http_err_rate(users)", "0"}}}},
    {.name = "table_http_fail_cnt",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::http_fail_cnt>,
     .doc = "HTTP failures of servers, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_http_fail_cnt(users)", "21"}, {"str(eve),table_http_fail_cnt(users)", "0"}}}},
    {.name = "table_http_fail_rate",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::http_fail_rate>,
     .doc = "HTTP failures of servers per period, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_http_fail_rate(users)", "22"}, {"str(eve),table_http_fail_rate(users)", "0"}}}},
    {.name = "table_http_req_cnt",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::http_req_cnt>,
     .doc = "HTTP requests, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_http_req_cnt(users)", "10"}, {"str(eve),table_http_req_cnt(users)", "0"}}}},
    {.name = "table_http_req_rate",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::http_req_rate>,
     .doc = "HTTP requests per period, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_http_req_rate(users)", "11"}, {"str(eve),table_http_req_rate(users)", "0"}}}},
    {.name = "table_idle",
     .args = kTableAndDefault,
     .out = sample::Type::integer,
     .apply = read_time<Time::idle>,
     .doc = "Milliseconds since the entry was last updated; without an entry the second argument, or nothing.",
     .examples = {{{"str(bob),table_idle(users)", "0"},
                   {"str(eve),table_idle(users,7)", "7"},
                   {"str(eve),table_idle(users)", "", true}}}},
    {.name = "table_inc_gpc",
     .args = kIndexAndTable,
     .out = sample::Type::integer,
     .apply = change_element<Change::increase>,
     .prepare = check_index,
     .doc = "Adds one and gives the new value; makes the entry when there is none: the general purpose counter of that "
            "index.",
     .examples = {{{"str(new),table_inc_gpc(2,arrays)", "1"}}}},
    {.name = "table_inc_gpc0",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = change_column<DataType::gpc0, DataType::gpc0_rate, Change::increase>,
     .doc = "Adds one and gives the new value; makes the entry when there is none: the first general purpose counter.",
     .examples = {{{"str(new),table_inc_gpc0(users)", "1"}}}},
    {.name = "table_inc_gpc1",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = change_column<DataType::gpc1, DataType::gpc1_rate, Change::increase>,
     .doc = "Adds one and gives the new value; makes the entry when there is none: the second general purpose counter.",
     .examples = {{{"str(new),table_inc_gpc1(users)", "1"}}}},
    {.name = "table_kbytes_in",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::bytes_in_cnt, 1024>,
     .doc = "Kilobytes from the client, of this key in the table.",
     .examples = {{{"str(bob),table_kbytes_in(users)", "0"}}}},
    {.name = "table_kbytes_out",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::bytes_out_cnt, 1024>,
     .doc = "Kilobytes to the client, of this key in the table.",
     .examples = {{{"str(bob),table_kbytes_out(users)", "0"}}}},
    {.name = "table_server_id",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::server_id>,
     .doc = "The id of the server the key sticks to, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_server_id(users)", "1"}, {"str(eve),table_server_id(users)", "0"}}}},
    {.name = "table_sess_cnt",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::sess_cnt>,
     .doc = "Sessions accepted, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_sess_cnt(users)", "8"}, {"str(eve),table_sess_cnt(users)", "0"}}}},
    {.name = "table_sess_rate",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = read_column<DataType::sess_rate>,
     .doc = "Sessions accepted per period, of this key in the table; 0 when the table does not know it.",
     .examples = {{{"str(bob),table_sess_rate(users)", "9"}, {"str(eve),table_sess_rate(users)", "0"}}}},
    {.name = "table_trackers",
     .args = kTable,
     .out = sample::Type::integer,
     .apply = trackers,
     .doc = "Connections that track this key in the table now.",
     .examples = {{{"str(bob),table_trackers(users)", "0"}}}},
};
static_assert(sample::well_formed(kRows), "rows are sorted by name, documented and exemplified");

constexpr Fetch kFetches[] = {
    {.name = "table_avl",
     .args = kTable,
     .out = sample::Type::integer,
     .fetch = table_avl,
     .doc = "How many more entries the table has room for.",
     .examples = {{{"table_avl(users)", "99"}}}},
    {.name = "table_cnt",
     .args = kTable,
     .out = sample::Type::integer,
     .fetch = table_cnt,
     .doc = "How many entries the table holds.",
     .examples = {{{"table_cnt(users)", "1"}}}},
};
static_assert(sample::well_formed(kFetches), "rows are sorted by name, documented and exemplified");

}  // namespace

constinit const std::span<const Converter> table_converters{kRows};
constinit const std::span<const Fetch> table_fetches{kFetches};

std::span<const std::span<const Converter>> stick_converters() {
  static const std::span<const Converter> tables[] = {table_converters};
  return tables;
}
std::span<const std::span<const Fetch>> stick_fetches() {
  static const std::span<const Fetch> tables[] = {table_fetches, source_fetches};
  return tables;
}

TableRef* TableRefs::ref(std::string_view name) {
  const auto found = std::ranges::find(refs_, name, &TableRef::name);
  if (found != refs_.end()) return &*found;
  return &refs_.emplace_back(TableRef{.name = std::string(name)});
}

std::vector<std::string> TableRefs::bind(const TableRegistry& tables) {
  std::vector<std::string> missing;
  for (TableRef& ref : refs_) {
    ref.table = tables.find(ref.name);
    if (ref.table == nullptr) missing.push_back(ref.name);
  }
  return missing;
}

const void* resolve_table(const TableScope& scope, std::string_view name) {
  return scope.refs->ref(name.empty() ? scope.own : name);
}
const void* resolve_table_name(const void* self, ArgKind kind, std::string_view name, SourcePosition) {
  return kind == ArgKind::table ? resolve_table(*static_cast<const TableScope*>(self), name) : nullptr;
}

}  // namespace weir::stick
