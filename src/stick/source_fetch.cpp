// The fetches that look the client's address up in a table: each is "src" and the converter of the same name in one
// word. Manual: 7.3.3, src_*.
#include <algorithm>

#include "stick/config.h"
#include "stick/convert.h"
#include "stick/lookup.h"

namespace weir::stick {
namespace {

using sample::ArgKind;
using sample::Args;
using sample::Context;
using sample::Facts;
using sample::Fetch;
using sample::FetchStatus;
using sample::Sample;

FetchStatus status(bool given) { return given ? FetchStatus::ok : FetchStatus::absent; }

/// The client's address as the table would have it; nullopt when it has none.
std::optional<std::string_view> source_key(const StickTable& table, Context& context) {
  if (context.client->source == nullptr || !context.client->source->is_inet()) return std::nullopt;
  return table_key(table.config(), Sample::address(*context.client->source), context.arena);
}

FetchStatus read(StickTable* table, const Wanted& wanted, Context& context, Sample& out) {
  if (table == nullptr) return FetchStatus::absent;
  const auto key = source_key(*table, context);
  return status(key && give(*table, key, wanted, context.now, out));
}

template <DataType type, std::uint32_t divisor = 1>
FetchStatus read_column(const Args& args, Context& context, Sample& out) {
  return read(table_of(args, 0), {.type = type, .divisor = divisor}, context, out);
}
template <DataType type>
FetchStatus read_element(const Args& args, Context& context, Sample& out) {
  return read(table_of(args, 1), {.type = type, .index = static_cast<std::uint32_t>(args[0].integer)}, context, out);
}

template <DataType counter, DataType rate, Change what>
FetchStatus change_counter(const Args& args, Context& context, Sample& out) {
  StickTable* table = table_of(args, 0);
  if (table == nullptr) return FetchStatus::absent;
  const Counter wanted{.counter = counter, .rate = rate};
  return status(change(*table, source_key(*table, context), wanted, what, context.now, out));
}
template <Change what>
FetchStatus change_element(const Args& args, Context& context, Sample& out) {
  StickTable* table = table_of(args, 1);
  if (table == nullptr) return FetchStatus::absent;
  const Counter wanted{.index = static_cast<std::uint32_t>(args[0].integer)};
  return status(change(*table, source_key(*table, context), wanted, what, context.now, out));
}

FetchStatus updt_conn_cnt(const Args& args, Context& context, Sample& out) {
  StickTable* table = table_of(args, 0);
  if (table == nullptr || !table->stores(DataType::conn_cnt)) return FetchStatus::absent;
  const auto key = source_key(*table, context);
  if (!key) return FetchStatus::absent;
  const auto pin = table->obtain(*key, context.now);
  const auto count = pin ? table->add_and_get(pin, DataType::conn_cnt, 1, context.now) : std::nullopt;
  if (!count) return FetchStatus::absent;
  out = Sample::integer(static_cast<std::int64_t>(*count));
  return FetchStatus::ok;
}

Result<std::shared_ptr<const void>> check_index(const Args& args) {
  if (args[0].integer < 0 || args[0].integer >= kMaxArray) return fail("the index must be a number from 0 to 99");
  return nullptr;
}

constexpr sample::ArgSpec kTable = sample::args(0, {ArgKind::table});
constexpr sample::ArgSpec kIndexAndTable = sample::args(1, {ArgKind::integer, ArgKind::table});

// The examples' tables: "clients" knows the client's address, its columns count up from 1; "marks" has gpc(3),
// gpc_rate(3,10s), gpt(3) of it.
constexpr Fetch kRows[] = {
    {.name = "src_bytes_in_rate",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::bytes_in_rate>,
     .doc = "Bytes from the client per period, of the client's address in the table.",
     .examples = {{{"src_bytes_in_rate(clients)", "15"}}}},
    {.name = "src_bytes_out_rate",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::bytes_out_rate>,
     .doc = "Bytes to the client per period, of the client's address in the table.",
     .examples = {{{"src_bytes_out_rate(clients)", "17"}}}},
    {.name = "src_clr_gpc",
     .args = kIndexAndTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = change_element<Change::clear>,
     .prepare = check_index,
     .doc = "Sets the general purpose counter of that index to zero and gives the value before, of the client's "
            "address in the table; makes the entry when there is none.",
     .examples = {{{"src_clr_gpc(1,marks)", "11"}}}},
    {.name = "src_clr_gpc0",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = change_counter<DataType::gpc0, DataType::gpc0_rate, Change::clear>,
     .doc = "Sets the first general purpose counter to zero and gives the value before, of the client's address in the "
            "table; makes the entry when there is none.",
     .examples = {{{"src_clr_gpc0(clients)", "3"}}}},
    {.name = "src_clr_gpc1",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = change_counter<DataType::gpc1, DataType::gpc1_rate, Change::clear>,
     .doc = "Sets the second general purpose counter to zero and gives the value before, of the client's address in "
            "the table; makes the entry when there is none.",
     .examples = {{{"src_clr_gpc1(clients)", "18"}}}},
    {.name = "src_conn_cnt",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::conn_cnt>,
     .doc = "Connections received, of the client's address in the table.",
     .examples = {{{"src_conn_cnt(clients)", "5"}}}},
    {.name = "src_conn_cur",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::conn_cur>,
     .doc = "Connections open now, of the client's address in the table.",
     .examples = {{{"src_conn_cur(clients)", "7"}}}},
    {.name = "src_conn_rate",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::conn_rate>,
     .doc = "Connections per period, of the client's address in the table.",
     .examples = {{{"src_conn_rate(clients)", "6"}}}},
    {.name = "src_get_gpc",
     .args = kIndexAndTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_element<DataType::gpc>,
     .prepare = check_index,
     .doc = "The general purpose counter of that index, of the client's address in the table.",
     .examples = {{{"src_get_gpc(1,marks)", "11"}}}},
    {.name = "src_get_gpc0",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::gpc0>,
     .doc = "The first general purpose counter, of the client's address in the table.",
     .examples = {{{"src_get_gpc0(clients)", "3"}}}},
    {.name = "src_get_gpc1",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::gpc1>,
     .doc = "The second general purpose counter, of the client's address in the table.",
     .examples = {{{"src_get_gpc1(clients)", "18"}}}},
    {.name = "src_get_gpt",
     .args = kIndexAndTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_element<DataType::gpt>,
     .prepare = check_index,
     .doc = "The general purpose tag of that index, of the client's address in the table.",
     .examples = {{{"src_get_gpt(1,marks)", "21"}}}},
    {.name = "src_get_gpt0",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::gpt0>,
     .doc = "The first general purpose tag, of the client's address in the table.",
     .examples = {{{"src_get_gpt0(clients)", "2"}}}},
    {.name = "src_glitch_cnt",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::glitch_cnt>,
     .doc = "Protocol oddities seen, of the client's address in the table.",
     .examples = {{{"src_glitch_cnt(clients)", "26"}}}},
    {.name = "src_glitch_rate",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::glitch_rate>,
     .doc = "Protocol oddities per period, of the client's address in the table.",
     .examples = {{{"src_glitch_rate(clients)", "27"}}}},
    {.name = "src_gpc0_rate",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::gpc0_rate>,
     .doc = "How often per period the first general purpose counter grew, of the client's address in the table.",
     .examples = {{{"src_gpc0_rate(clients)", "4"}}}},
    {.name = "src_gpc1_rate",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::gpc1_rate>,
     .doc = "How often per period the second general purpose counter grew, of the client's address in the table.",
     .examples = {{{"src_gpc1_rate(clients)", "19"}}}},
    {.name = "src_gpc_rate",
     .args = kIndexAndTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_element<DataType::gpc_rate>,
     .prepare = check_index,
     .doc =
         "How often per period the general purpose counter of that index grew, of the client's address in the table.",
     .examples = {{{"src_gpc_rate(1,marks)", "31"}}}},
    {.name = "src_http_err_cnt",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::http_err_cnt>,
     .doc = "HTTP errors the client caused, of the client's address in the table.",
     .examples = {{{"src_http_err_cnt(clients)", "12"}}}},
    {.name = "src_http_err_rate",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::http_err_rate>,
     .doc = "HTTP errors the client caused, per period, of the client's address in the table.",
     .examples = {{{"src_http_err_rate(clients)", "13"}}}},
    {.name = "src_http_fail_cnt",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::http_fail_cnt>,
     .doc = "HTTP failures servers caused, of the client's address in the table.",
     .examples = {{{"src_http_fail_cnt(clients)", "21"}}}},
    {.name = "src_http_fail_rate",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::http_fail_rate>,
     .doc = "HTTP failures servers caused, per period, of the client's address in the table.",
     .examples = {{{"src_http_fail_rate(clients)", "22"}}}},
    {.name = "src_http_req_cnt",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::http_req_cnt>,
     .doc = "HTTP requests received, of the client's address in the table.",
     .examples = {{{"src_http_req_cnt(clients)", "10"}}}},
    {.name = "src_http_req_rate",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::http_req_rate>,
     .doc = "HTTP requests per period, of the client's address in the table.",
     .examples = {{{"src_http_req_rate(clients)", "11"}}}},
    {.name = "src_inc_gpc",
     .args = kIndexAndTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = change_element<Change::increase>,
     .prepare = check_index,
     .doc = "Adds one to the general purpose counter of that index and gives the new value, of the client's address in "
            "the table; makes the entry when there is none.",
     .examples = {{{"src_inc_gpc(1,marks)", "12"}}}},
    {.name = "src_inc_gpc0",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = change_counter<DataType::gpc0, DataType::gpc0_rate, Change::increase>,
     .doc = "Adds one to the first general purpose counter and gives the new value, of the client's address in the "
            "table; makes the entry when there is none.",
     .examples = {{{"src_inc_gpc0(clients)", "4"}}}},
    {.name = "src_inc_gpc1",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = change_counter<DataType::gpc1, DataType::gpc1_rate, Change::increase>,
     .doc = "Adds one to the second general purpose counter and gives the new value, of the client's address in the "
            "table; makes the entry when there is none.",
     .examples = {{{"src_inc_gpc1(clients)", "19"}}}},
    {.name = "src_kbytes_in",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::bytes_in_cnt, 1024>,
     .doc = "Kilobytes from the client, of the client's address in the table.",
     .examples = {{{"src_kbytes_in(clients)", "0"}}}},
    {.name = "src_kbytes_out",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::bytes_out_cnt, 1024>,
     .doc = "Kilobytes to the client, of the client's address in the table.",
     .examples = {{{"src_kbytes_out(clients)", "0"}}}},
    {.name = "src_sess_cnt",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::sess_cnt>,
     .doc = "Sessions accepted, of the client's address in the table.",
     .examples = {{{"src_sess_cnt(clients)", "8"}}}},
    {.name = "src_sess_rate",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = read_column<DataType::sess_rate>,
     .doc = "Sessions per period, of the client's address in the table.",
     .examples = {{{"src_sess_rate(clients)", "9"}}}},
    {.name = "src_updt_conn_cnt",
     .args = kTable,
     .needs = Facts::client,
     .out = sample::Type::integer,
     .fetch = updt_conn_cnt,
     .doc = "Counts a connection of the client's address in the table and gives the new number; makes the entry when "
            "there is none.",
     .examples = {{{"src_updt_conn_cnt(clients)", "6"}}}},
};
static_assert(sample::well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace

constinit const std::span<const Fetch> source_fetches{kRows};

}  // namespace weir::stick
