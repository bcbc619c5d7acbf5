// The fetches that look the client's address up in a table: each is "src" and the converter of the same name in one
// word. Manual: 7.3.3, src_*.
#include <algorithm>

#include "stick/config.h"
#include "stick/convert.h"
#include "stick/lookup.h"

namespace weir::stick {
namespace {

using namespace sample::vocabulary;

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

using Function = FetchStatus (*)(const Args& args, Context& context, Sample& out);

constexpr Fetch number(std::string_view name, const sample::ArgSpec& arguments, Function fetch, std::string_view doc,
                       const sample::Examples& examples, sample::Prepare prepare = nullptr) {
  return {.name = name,
          .args = arguments,
          .needs = Facts::client,
          .out = sample::Type::integer,
          .fetch = fetch,
          .prepare = prepare,
          .doc = doc,
          .examples = examples};
}

// The examples' tables: "clients" knows the client's address, its columns count up from 1; "marks" has gpc(3),
// gpc_rate(3,10s), gpt(3) of it.
constexpr Fetch kRows[] = {
    number("src_bytes_in_rate", kTable, read_column<DataType::bytes_in_rate>,
           "Bytes from the client per period, of the client's address in the table.",
           {{{"src_bytes_in_rate(clients)", "15"}}}),
    number("src_bytes_out_rate", kTable, read_column<DataType::bytes_out_rate>,
           "Bytes to the client per period, of the client's address in the table.",
           {{{"src_bytes_out_rate(clients)", "17"}}}),
    number("src_clr_gpc", kIndexAndTable, change_element<Change::clear>,
           "Sets the general purpose counter of that index to zero and gives the value before, of the client's address "
           "in the table; makes the entry when there is none.",
           {{{"src_clr_gpc(1,marks)", "11"}}}, check_index),
    number("src_clr_gpc0", kTable, change_counter<DataType::gpc0, DataType::gpc0_rate, Change::clear>,
           "Sets the first general purpose counter to zero and gives the value before, of the client's address in the "
           "table; makes the entry when there is none.",
           {{{"src_clr_gpc0(clients)", "3"}}}),
    number("src_clr_gpc1", kTable, change_counter<DataType::gpc1, DataType::gpc1_rate, Change::clear>,
           "Sets the second general purpose counter to zero and gives the value before, of the client's address in the "
           "table; makes the entry when there is none.",
           {{{"src_clr_gpc1(clients)", "18"}}}),
    number("src_conn_cnt", kTable, read_column<DataType::conn_cnt>,
           "Connections received, of the client's address in the table.", {{{"src_conn_cnt(clients)", "5"}}}),
    number("src_conn_cur", kTable, read_column<DataType::conn_cur>,
           "Connections open now, of the client's address in the table.", {{{"src_conn_cur(clients)", "7"}}}),
    number("src_conn_rate", kTable, read_column<DataType::conn_rate>,
           "Connections per period, of the client's address in the table.", {{{"src_conn_rate(clients)", "6"}}}),
    number("src_get_gpc", kIndexAndTable, read_element<DataType::gpc>,
           "The general purpose counter of that index, of the client's address in the table.",
           {{{"src_get_gpc(1,marks)", "11"}}}, check_index),
    number("src_get_gpc0", kTable, read_column<DataType::gpc0>,
           "The first general purpose counter, of the client's address in the table.",
           {{{"src_get_gpc0(clients)", "3"}}}),
    number("src_get_gpc1", kTable, read_column<DataType::gpc1>,
           "The second general purpose counter, of the client's address in the table.",
           {{{"src_get_gpc1(clients)", "18"}}}),
    number("src_get_gpt", kIndexAndTable, read_element<DataType::gpt>,
           "The general purpose tag of that index, of the client's address in the table.",
           {{{"src_get_gpt(1,marks)", "21"}}}, check_index),
    number("src_get_gpt0", kTable, read_column<DataType::gpt0>,
           "The first general purpose tag, of the client's address in the table.", {{{"src_get_gpt0(clients)", "2"}}}),
    number("src_glitch_cnt", kTable, read_column<DataType::glitch_cnt>,
           "Protocol oddities seen, of the client's address in the table.", {{{"src_glitch_cnt(clients)", "26"}}}),
    number("src_glitch_rate", kTable, read_column<DataType::glitch_rate>,
           "Protocol oddities per period, of the client's address in the table.",
           {{{"src_glitch_rate(clients)", "27"}}}),
    number("src_gpc0_rate", kTable, read_column<DataType::gpc0_rate>,
           "How often per period the first general purpose counter grew, of the client's address in the table.",
           {{{"src_gpc0_rate(clients)", "4"}}}),
    number("src_gpc1_rate", kTable, read_column<DataType::gpc1_rate>,
           "How often per period the second general purpose counter grew, of the client's address in the table.",
           {{{"src_gpc1_rate(clients)", "19"}}}),
    number("src_gpc_rate", kIndexAndTable, read_element<DataType::gpc_rate>,
           "How often per period the general purpose counter of that index grew, of the client's address in the table.",
           {{{"src_gpc_rate(1,marks)", "31"}}}, check_index),
    number("src_http_err_cnt", kTable, read_column<DataType::http_err_cnt>,
           "HTTP errors the client caused, of the client's address in the table.",
           {{{"src_http_err_cnt(clients)", "12"}}}),
    number("src_http_err_rate", kTable, read_column<DataType::http_err_rate>,
           "HTTP errors the client caused, per period, of the client's address in the table.",
           {{{"src_http_err_rate(clients)", "13"}}}),
    number("src_http_fail_cnt", kTable, read_column<DataType::http_fail_cnt>,
           "HTTP failures servers caused, of the client's address in the table.",
           {{{"src_http_fail_cnt(clients)", "21"}}}),
    number("src_http_fail_rate", kTable, read_column<DataType::http_fail_rate>,
           "HTTP failures servers caused, per period, of the client's address in the table.",
           {{{"src_http_fail_rate(clients)", "22"}}}),
    number("src_http_req_cnt", kTable, read_column<DataType::http_req_cnt>,
           "HTTP requests received, of the client's address in the table.", {{{"src_http_req_cnt(clients)", "10"}}}),
    number("src_http_req_rate", kTable, read_column<DataType::http_req_rate>,
           "HTTP requests per period, of the client's address in the table.", {{{"src_http_req_rate(clients)", "11"}}}),
    number("src_inc_gpc", kIndexAndTable, change_element<Change::increase>,
           "Adds one to the general purpose counter of that index and gives the new value, of the client's address in "
           "the table; makes the entry when there is none.",
           {{{"src_inc_gpc(1,marks)", "12"}}}, check_index),
    number("src_inc_gpc0", kTable, change_counter<DataType::gpc0, DataType::gpc0_rate, Change::increase>,
           "Adds one to the first general purpose counter and gives the new value, of the client's address in the "
           "table; makes the entry when there is none.",
           {{{"src_inc_gpc0(clients)", "4"}}}),
    number("src_inc_gpc1", kTable, change_counter<DataType::gpc1, DataType::gpc1_rate, Change::increase>,
           "Adds one to the second general purpose counter and gives the new value, of the client's address in the "
           "table; makes the entry when there is none.",
           {{{"src_inc_gpc1(clients)", "19"}}}),
    number("src_kbytes_in", kTable, read_column<DataType::bytes_in_cnt, 1024>,
           "Kilobytes from the client, of the client's address in the table.", {{{"src_kbytes_in(clients)", "0"}}}),
    number("src_kbytes_out", kTable, read_column<DataType::bytes_out_cnt, 1024>,
           "Kilobytes to the client, of the client's address in the table.", {{{"src_kbytes_out(clients)", "0"}}}),
    number("src_sess_cnt", kTable, read_column<DataType::sess_cnt>,
           "Sessions accepted, of the client's address in the table.", {{{"src_sess_cnt(clients)", "8"}}}),
    number("src_sess_rate", kTable, read_column<DataType::sess_rate>,
           "Sessions per period, of the client's address in the table.", {{{"src_sess_rate(clients)", "9"}}}),
    number("src_updt_conn_cnt", kTable, updt_conn_cnt,
           "Counts a connection of the client's address in the table and gives the new number; makes the entry when "
           "there is none.",
           {{{"src_updt_conn_cnt(clients)", "6"}}}),
};
static_assert(sample::well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace

constinit const std::span<const Fetch> source_fetches{kRows};

}  // namespace weir::stick
