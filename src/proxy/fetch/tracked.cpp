// What the session's rules track, read and changed by expressions. Manual: 7.3.3, sc*.
//
// With a table among the arguments the tracked key is looked up there instead; it makes no entry there.
// COMPAT: observed on 2.6: a table whose keys are of another type knows none of them.
#include "proxy/fetch/tracked.h"

#include "proxy/tcp/tracks.h"
#include "stick/config.h"
#include "stick/lookup.h"

namespace weir::proxy {
namespace {

using namespace sample::vocabulary;
using stick::Change;
using stick::DataType;

constexpr int kNamed = -1;  // the counter is an argument

FetchStatus status(bool given) { return given ? FetchStatus::ok : FetchStatus::absent; }

/// What the arguments speak of. They are [index,] [counter,] [table].
struct Subject {
  const stick::StickTable::Pin* pin = nullptr;  // null: the counter tracks nothing
  stick::StickTable* other = nullptr;           // looked up there instead
};
template <int counter, bool indexed = false>
Subject subject(const Args& args, const Context& context) {
  constexpr std::size_t kFirst = indexed ? 1 : 0;
  constexpr std::size_t kTable = kFirst + (counter == kNamed ? 1 : 0);
  if (context.session == nullptr) return {};
  const auto number = counter == kNamed ? static_cast<unsigned>(args[kFirst].integer) : static_cast<unsigned>(counter);
  return {tracked(*context.session, number), stick::table_of(args, kTable)};
}

std::optional<std::string_view> key_for(const stick::StickTable& other, const stick::StickTable::Pin& pin) {
  const stick::StickTable& own = *pin.table();
  if (own.config().type != other.config().type) return std::nullopt;
  return own.key(pin);
}

FetchStatus read(const Subject& from, const stick::Wanted& wanted, const Context& context, Sample& out) {
  if (from.pin == nullptr) return FetchStatus::absent;
  if (from.other != nullptr)
    return status(stick::give(*from.other, key_for(*from.other, *from.pin), wanted, context.now, out));
  return status(stick::give(*from.pin->table(), *from.pin, wanted, context.now, out));
}

FetchStatus change(const Subject& of, const stick::Counter& counter, Change what, const Context& context, Sample& out) {
  if (of.pin == nullptr) return FetchStatus::absent;
  if (of.other == nullptr) return status(stick::change(*of.pin->table(), *of.pin, counter, what, context.now, out));
  const auto key = key_for(*of.other, *of.pin);
  const auto there = key ? of.other->find(*key, context.now) : stick::StickTable::Pin();
  if (there) return status(stick::change(*of.other, there, counter, what, context.now, out));
  out = Sample::integer(0);
  return FetchStatus::ok;
}

template <int counter, DataType type, std::uint32_t divisor = 1>
FetchStatus read_column(const Args& args, Context& context, Sample& out) {
  return read(subject<counter>(args, context), {.type = type, .divisor = divisor}, context, out);
}
template <int counter, DataType type>
FetchStatus read_element(const Args& args, Context& context, Sample& out) {
  const auto index = static_cast<std::uint32_t>(args[0].integer);
  return read(subject<counter, true>(args, context), {.type = type, .index = index}, context, out);
}
template <int counter, DataType type, DataType rate, Change what>
FetchStatus change_counter(const Args& args, Context& context, Sample& out) {
  return change(subject<counter>(args, context), {.counter = type, .rate = rate}, what, context, out);
}
template <int counter, Change what>
FetchStatus change_element(const Args& args, Context& context, Sample& out) {
  const auto index = static_cast<std::uint32_t>(args[0].integer);
  return change(subject<counter, true>(args, context), {.index = index}, what, context, out);
}

template <int counter>
FetchStatus is_tracked(const Args& args, Context& context, Sample& out) {
  out = Sample::boolean(subject<counter>(args, context).pin != nullptr);
  return FetchStatus::ok;
}

template <int counter>
FetchStatus trackers(const Args& args, Context& context, Sample& out) {
  const Subject of = subject<counter>(args, context);
  if (of.pin == nullptr) return FetchStatus::absent;
  std::uint32_t uses = 0;
  if (of.other == nullptr) {
    uses = of.pin->table()->uses(*of.pin);
  } else if (const auto key = key_for(*of.other, *of.pin)) {
    uses = of.other->uses_of(*key, context.now);
  }
  out = Sample::integer(uses);
  return FetchStatus::ok;
}

template <int counter>
FetchStatus tracked_key(const Args& args, Context& context, Sample& out) {
  const Subject of = subject<counter>(args, context);
  if (of.pin == nullptr) return FetchStatus::absent;
  out = stick::key_sample(of.pin->table()->config(), of.pin->table()->key(*of.pin));
  return FetchStatus::ok;
}

template <std::size_t at>
bool counter_is_good(const Args& args) {
  return args[at].integer >= 0 && args[at].integer < static_cast<std::int64_t>(kMaxStickCounters);
}
Result<std::shared_ptr<const void>> check_counter(const Args& args) {
  if (!counter_is_good<0>(args)) return fail("the counter must be a number from 0 to 99");
  return nullptr;
}
Result<std::shared_ptr<const void>> check_index(const Args& args) {
  if (args[0].integer < 0 || args[0].integer >= stick::kMaxArray)
    return fail("the index must be a number from 0 to 99");
  if (args.has(1) && args[1].kind == ArgKind::integer && !counter_is_good<1>(args))
    return fail("the counter must be a number from 0 to 99");
  return nullptr;
}

constexpr sample::ArgSpec kNothing{};
constexpr sample::ArgSpec kKey = sample::args(1, {ArgKind::integer});
constexpr sample::ArgSpec kOwn = without_own_object(sample::args(0, {ArgKind::table}));
constexpr sample::ArgSpec kCounter = without_own_object(sample::args(1, {ArgKind::integer, ArgKind::table}));
constexpr sample::ArgSpec kIndexAndTable = without_own_object(sample::args(1, {ArgKind::integer, ArgKind::table}));
constexpr sample::ArgSpec kElement =
    without_own_object(sample::args(2, {ArgKind::integer, ArgKind::integer, ArgKind::table}));

using Function = FetchStatus (*)(const Args& args, Context& context, Sample& out);

constexpr Fetch row(std::string_view name, const sample::ArgSpec& arguments, sample::Type out, Function fetch,
                    std::string_view doc, const sample::Examples& examples, sample::Prepare prepare) {
  return {.name = name,
          .args = arguments,
          .needs = Facts::session,
          .out = out,
          .fetch = fetch,
          .prepare = prepare,
          .doc = doc,
          .examples = examples};
}
constexpr Fetch number(std::string_view name, const sample::ArgSpec& arguments, Function fetch, std::string_view doc,
                       const sample::Examples& examples, sample::Prepare prepare = nullptr) {
  return row(name, arguments, sample::Type::integer, fetch, doc, examples, prepare);
}
constexpr Fetch fact(std::string_view name, const sample::ArgSpec& arguments, Function fetch, std::string_view doc,
                     const sample::Examples& examples, sample::Prepare prepare = nullptr) {
  return row(name, arguments, sample::Type::boolean, fetch, doc, examples, prepare);
}
constexpr Fetch value(std::string_view name, const sample::ArgSpec& arguments, Function fetch, std::string_view doc,
                      const sample::Examples& examples, sample::Prepare prepare = nullptr) {
  return row(name, arguments, sample::Type::any, fetch, doc, examples, prepare);
}

// The examples' session tracks "bob" of the table "users" with its first three counters; the columns count up from 1.
// The table "arrays" knows "bob" too and has gpc(3), gpc_rate(3,10s), gpt(3).
constexpr Fetch kRows[] = {
    number("sc0_bytes_in_rate", kOwn, read_column<0, DataType::bytes_in_rate>,
           "Bytes from the client per period, under the key of the first counter.", {{{"sc0_bytes_in_rate", "15"}}}),
    number("sc0_bytes_out_rate", kOwn, read_column<0, DataType::bytes_out_rate>,
           "Bytes to the client per period, under the key of the first counter.", {{{"sc0_bytes_out_rate", "17"}}}),
    number("sc0_clr_gpc0", kOwn, change_counter<0, DataType::gpc0, DataType::gpc0_rate, Change::clear>,
           "Sets the first general purpose counter to zero and gives the value before, under the key of the first "
           "counter.",
           {{{"sc0_clr_gpc0", "3"}}}),
    number("sc0_clr_gpc1", kOwn, change_counter<0, DataType::gpc1, DataType::gpc1_rate, Change::clear>,
           "Sets the second general purpose counter to zero and gives the value before, under the key of the first "
           "counter.",
           {{{"sc0_clr_gpc1", "18"}}}),
    number("sc0_conn_cnt", kOwn, read_column<0, DataType::conn_cnt>,
           "Connections received, under the key of the first counter.", {{{"sc0_conn_cnt", "5"}}}),
    number("sc0_conn_cur", kOwn, read_column<0, DataType::conn_cur>,
           "Connections open now, under the key of the first counter.", {{{"sc0_conn_cur", "7"}}}),
    number("sc0_conn_rate", kOwn, read_column<0, DataType::conn_rate>,
           "Connections per period, under the key of the first counter.", {{{"sc0_conn_rate", "6"}}}),
    number("sc0_get_gpc0", kOwn, read_column<0, DataType::gpc0>,
           "The first general purpose counter, under the key of the first counter.", {{{"sc0_get_gpc0", "3"}}}),
    number("sc0_get_gpc1", kOwn, read_column<0, DataType::gpc1>,
           "The second general purpose counter, under the key of the first counter.", {{{"sc0_get_gpc1", "18"}}}),
    number("sc0_get_gpt0", kOwn, read_column<0, DataType::gpt0>,
           "The first general purpose tag, under the key of the first counter.", {{{"sc0_get_gpt0", "2"}}}),
    number("sc0_glitch_cnt", kOwn, read_column<0, DataType::glitch_cnt>,
           "Protocol oddities seen, under the key of the first counter.", {{{"sc0_glitch_cnt", "26"}}}),
    number("sc0_glitch_rate", kOwn, read_column<0, DataType::glitch_rate>,
           "Protocol oddities per period, under the key of the first counter.", {{{"sc0_glitch_rate", "27"}}}),
    number("sc0_gpc0_rate", kOwn, read_column<0, DataType::gpc0_rate>,
           "How often per period the first general purpose counter grew, under the key of the first counter.",
           {{{"sc0_gpc0_rate", "4"}}}),
    number("sc0_gpc1_rate", kOwn, read_column<0, DataType::gpc1_rate>,
           "How often per period the second general purpose counter grew, under the key of the first counter.",
           {{{"sc0_gpc1_rate", "19"}}}),
    number("sc0_http_err_cnt", kOwn, read_column<0, DataType::http_err_cnt>,
           "HTTP errors the client caused, under the key of the first counter.", {{{"sc0_http_err_cnt", "12"}}}),
    number("sc0_http_err_rate", kOwn, read_column<0, DataType::http_err_rate>,
           "HTTP errors the client caused, per period, under the key of the first counter.",
           {{{"sc0_http_err_rate", "13"}}}),
    number("sc0_http_fail_cnt", kOwn, read_column<0, DataType::http_fail_cnt>,
           "HTTP failures servers caused, under the key of the first counter.", {{{"sc0_http_fail_cnt", "21"}}}),
    number("sc0_http_fail_rate", kOwn, read_column<0, DataType::http_fail_rate>,
           "HTTP failures servers caused, per period, under the key of the first counter.",
           {{{"sc0_http_fail_rate", "22"}}}),
    number("sc0_http_req_cnt", kOwn, read_column<0, DataType::http_req_cnt>,
           "HTTP requests received, under the key of the first counter.", {{{"sc0_http_req_cnt", "10"}}}),
    number("sc0_http_req_rate", kOwn, read_column<0, DataType::http_req_rate>,
           "HTTP requests per period, under the key of the first counter.", {{{"sc0_http_req_rate", "11"}}}),
    number("sc0_inc_gpc0", kOwn, change_counter<0, DataType::gpc0, DataType::gpc0_rate, Change::increase>,
           "Adds one to the first general purpose counter and gives the new value, under the key of the first counter.",
           {{{"sc0_inc_gpc0", "4"}}}),
    number(
        "sc0_inc_gpc1", kOwn, change_counter<0, DataType::gpc1, DataType::gpc1_rate, Change::increase>,
        "Adds one to the second general purpose counter and gives the new value, under the key of the first counter.",
        {{{"sc0_inc_gpc1", "19"}}}),
    number("sc0_kbytes_in", kOwn, read_column<0, DataType::bytes_in_cnt, 1024>,
           "Kilobytes from the client, under the key of the first counter.", {{{"sc0_kbytes_in", "0"}}}),
    number("sc0_kbytes_out", kOwn, read_column<0, DataType::bytes_out_cnt, 1024>,
           "Kilobytes to the client, under the key of the first counter.", {{{"sc0_kbytes_out", "0"}}}),
    value("sc0_key", kNothing, tracked_key<0>, "The key that the first counter tracks.", {{{"sc0_key", "bob"}}}),
    number("sc0_sess_cnt", kOwn, read_column<0, DataType::sess_cnt>,
           "Sessions accepted, under the key of the first counter.", {{{"sc0_sess_cnt", "8"}}}),
    number("sc0_sess_rate", kOwn, read_column<0, DataType::sess_rate>,
           "Sessions per period, under the key of the first counter.", {{{"sc0_sess_rate", "9"}}}),
    fact("sc0_tracked", kOwn, is_tracked<0>, "Whether the first counter tracks anything.", {{{"sc0_tracked", "1"}}}),
    number("sc0_trackers", kOwn, trackers<0>, "Connections that track now what the first counter tracks.",
           {{{"sc0_trackers", "3"}}}),
    number("sc1_bytes_in_rate", kOwn, read_column<1, DataType::bytes_in_rate>,
           "Bytes from the client per period, under the key of the second counter.", {{{"sc1_bytes_in_rate", "15"}}}),
    number("sc1_bytes_out_rate", kOwn, read_column<1, DataType::bytes_out_rate>,
           "Bytes to the client per period, under the key of the second counter.", {{{"sc1_bytes_out_rate", "17"}}}),
    number("sc1_clr_gpc", kIndexAndTable, change_element<1, Change::clear>,
           "Sets the general purpose counter of that index to zero and gives the value before, under the key of the "
           "second counter.",
           {{{"sc1_clr_gpc(1,arrays)", "11"}}}, check_index),
    number("sc1_clr_gpc0", kOwn, change_counter<1, DataType::gpc0, DataType::gpc0_rate, Change::clear>,
           "Sets the first general purpose counter to zero and gives the value before, under the key of the second "
           "counter.",
           {{{"sc1_clr_gpc0", "3"}}}),
    number("sc1_clr_gpc1", kOwn, change_counter<1, DataType::gpc1, DataType::gpc1_rate, Change::clear>,
           "Sets the second general purpose counter to zero and gives the value before, under the key of the second "
           "counter.",
           {{{"sc1_clr_gpc1", "18"}}}),
    number("sc1_conn_cnt", kOwn, read_column<1, DataType::conn_cnt>,
           "Connections received, under the key of the second counter.", {{{"sc1_conn_cnt", "5"}}}),
    number("sc1_conn_cur", kOwn, read_column<1, DataType::conn_cur>,
           "Connections open now, under the key of the second counter.", {{{"sc1_conn_cur", "7"}}}),
    number("sc1_conn_rate", kOwn, read_column<1, DataType::conn_rate>,
           "Connections per period, under the key of the second counter.", {{{"sc1_conn_rate", "6"}}}),
    number("sc1_get_gpc0", kOwn, read_column<1, DataType::gpc0>,
           "The first general purpose counter, under the key of the second counter.", {{{"sc1_get_gpc0", "3"}}}),
    number("sc1_get_gpc1", kOwn, read_column<1, DataType::gpc1>,
           "The second general purpose counter, under the key of the second counter.", {{{"sc1_get_gpc1", "18"}}}),
    number("sc1_get_gpt0", kOwn, read_column<1, DataType::gpt0>,
           "The first general purpose tag, under the key of the second counter.", {{{"sc1_get_gpt0", "2"}}}),
    number("sc1_glitch_cnt", kOwn, read_column<1, DataType::glitch_cnt>,
           "Protocol oddities seen, under the key of the second counter.", {{{"sc1_glitch_cnt", "26"}}}),
    number("sc1_glitch_rate", kOwn, read_column<1, DataType::glitch_rate>,
           "Protocol oddities per period, under the key of the second counter.", {{{"sc1_glitch_rate", "27"}}}),
    number("sc1_gpc0_rate", kOwn, read_column<1, DataType::gpc0_rate>,
           "How often per period the first general purpose counter grew, under the key of the second counter.",
           {{{"sc1_gpc0_rate", "4"}}}),
    number("sc1_gpc1_rate", kOwn, read_column<1, DataType::gpc1_rate>,
           "How often per period the second general purpose counter grew, under the key of the second counter.",
           {{{"sc1_gpc1_rate", "19"}}}),
    number("sc1_http_err_cnt", kOwn, read_column<1, DataType::http_err_cnt>,
           "HTTP errors the client caused, under the key of the second counter.", {{{"sc1_http_err_cnt", "12"}}}),
    number("sc1_http_err_rate", kOwn, read_column<1, DataType::http_err_rate>,
           "HTTP errors the client caused, per period, under the key of the second counter.",
           {{{"sc1_http_err_rate", "13"}}}),
    number("sc1_http_fail_cnt", kOwn, read_column<1, DataType::http_fail_cnt>,
           "HTTP failures servers caused, under the key of the second counter.", {{{"sc1_http_fail_cnt", "21"}}}),
    number("sc1_http_fail_rate", kOwn, read_column<1, DataType::http_fail_rate>,
           "HTTP failures servers caused, per period, under the key of the second counter.",
           {{{"sc1_http_fail_rate", "22"}}}),
    number("sc1_http_req_cnt", kOwn, read_column<1, DataType::http_req_cnt>,
           "HTTP requests received, under the key of the second counter.", {{{"sc1_http_req_cnt", "10"}}}),
    number("sc1_http_req_rate", kOwn, read_column<1, DataType::http_req_rate>,
           "HTTP requests per period, under the key of the second counter.", {{{"sc1_http_req_rate", "11"}}}),
    number(
        "sc1_inc_gpc0", kOwn, change_counter<1, DataType::gpc0, DataType::gpc0_rate, Change::increase>,
        "Adds one to the first general purpose counter and gives the new value, under the key of the second counter.",
        {{{"sc1_inc_gpc0", "4"}}}),
    number(
        "sc1_inc_gpc1", kOwn, change_counter<1, DataType::gpc1, DataType::gpc1_rate, Change::increase>,
        "Adds one to the second general purpose counter and gives the new value, under the key of the second counter.",
        {{{"sc1_inc_gpc1", "19"}}}),
    number("sc1_kbytes_in", kOwn, read_column<1, DataType::bytes_in_cnt, 1024>,
           "Kilobytes from the client, under the key of the second counter.", {{{"sc1_kbytes_in", "0"}}}),
    number("sc1_kbytes_out", kOwn, read_column<1, DataType::bytes_out_cnt, 1024>,
           "Kilobytes to the client, under the key of the second counter.", {{{"sc1_kbytes_out", "0"}}}),
    value("sc1_key", kNothing, tracked_key<1>, "The key that the second counter tracks.", {{{"sc1_key", "bob"}}}),
    number("sc1_sess_cnt", kOwn, read_column<1, DataType::sess_cnt>,
           "Sessions accepted, under the key of the second counter.", {{{"sc1_sess_cnt", "8"}}}),
    number("sc1_sess_rate", kOwn, read_column<1, DataType::sess_rate>,
           "Sessions per period, under the key of the second counter.", {{{"sc1_sess_rate", "9"}}}),
    fact("sc1_tracked", kOwn, is_tracked<1>, "Whether the second counter tracks anything.", {{{"sc1_tracked", "1"}}}),
    number("sc1_trackers", kOwn, trackers<1>, "Connections that track now what the second counter tracks.",
           {{{"sc1_trackers", "3"}}}),
    number("sc2_bytes_in_rate", kOwn, read_column<2, DataType::bytes_in_rate>,
           "Bytes from the client per period, under the key of the third counter.", {{{"sc2_bytes_in_rate", "15"}}}),
    number("sc2_bytes_out_rate", kOwn, read_column<2, DataType::bytes_out_rate>,
           "Bytes to the client per period, under the key of the third counter.", {{{"sc2_bytes_out_rate", "17"}}}),
    number("sc2_clr_gpc0", kOwn, change_counter<2, DataType::gpc0, DataType::gpc0_rate, Change::clear>,
           "Sets the first general purpose counter to zero and gives the value before, under the key of the third "
           "counter.",
           {{{"sc2_clr_gpc0", "3"}}}),
    number("sc2_clr_gpc1", kOwn, change_counter<2, DataType::gpc1, DataType::gpc1_rate, Change::clear>,
           "Sets the second general purpose counter to zero and gives the value before, under the key of the third "
           "counter.",
           {{{"sc2_clr_gpc1", "18"}}}),
    number("sc2_conn_cnt", kOwn, read_column<2, DataType::conn_cnt>,
           "Connections received, under the key of the third counter.", {{{"sc2_conn_cnt", "5"}}}),
    number("sc2_conn_cur", kOwn, read_column<2, DataType::conn_cur>,
           "Connections open now, under the key of the third counter.", {{{"sc2_conn_cur", "7"}}}),
    number("sc2_conn_rate", kOwn, read_column<2, DataType::conn_rate>,
           "Connections per period, under the key of the third counter.", {{{"sc2_conn_rate", "6"}}}),
    number("sc2_get_gpc0", kOwn, read_column<2, DataType::gpc0>,
           "The first general purpose counter, under the key of the third counter.", {{{"sc2_get_gpc0", "3"}}}),
    number("sc2_get_gpc1", kOwn, read_column<2, DataType::gpc1>,
           "The second general purpose counter, under the key of the third counter.", {{{"sc2_get_gpc1", "18"}}}),
    number("sc2_get_gpt0", kOwn, read_column<2, DataType::gpt0>,
           "The first general purpose tag, under the key of the third counter.", {{{"sc2_get_gpt0", "2"}}}),
    number("sc2_glitch_cnt", kOwn, read_column<2, DataType::glitch_cnt>,
           "Protocol oddities seen, under the key of the third counter.", {{{"sc2_glitch_cnt", "26"}}}),
    number("sc2_glitch_rate", kOwn, read_column<2, DataType::glitch_rate>,
           "Protocol oddities per period, under the key of the third counter.", {{{"sc2_glitch_rate", "27"}}}),
    number("sc2_gpc0_rate", kOwn, read_column<2, DataType::gpc0_rate>,
           "How often per period the first general purpose counter grew, under the key of the third counter.",
           {{{"sc2_gpc0_rate", "4"}}}),
    number("sc2_gpc1_rate", kOwn, read_column<2, DataType::gpc1_rate>,
           "How often per period the second general purpose counter grew, under the key of the third counter.",
           {{{"sc2_gpc1_rate", "19"}}}),
    number("sc2_http_err_cnt", kOwn, read_column<2, DataType::http_err_cnt>,
           "HTTP errors the client caused, under the key of the third counter.", {{{"sc2_http_err_cnt", "12"}}}),
    number("sc2_http_err_rate", kOwn, read_column<2, DataType::http_err_rate>,
           "HTTP errors the client caused, per period, under the key of the third counter.",
           {{{"sc2_http_err_rate", "13"}}}),
    number("sc2_http_fail_cnt", kOwn, read_column<2, DataType::http_fail_cnt>,
           "HTTP failures servers caused, under the key of the third counter.", {{{"sc2_http_fail_cnt", "21"}}}),
    number("sc2_http_fail_rate", kOwn, read_column<2, DataType::http_fail_rate>,
           "HTTP failures servers caused, per period, under the key of the third counter.",
           {{{"sc2_http_fail_rate", "22"}}}),
    number("sc2_http_req_cnt", kOwn, read_column<2, DataType::http_req_cnt>,
           "HTTP requests received, under the key of the third counter.", {{{"sc2_http_req_cnt", "10"}}}),
    number("sc2_http_req_rate", kOwn, read_column<2, DataType::http_req_rate>,
           "HTTP requests per period, under the key of the third counter.", {{{"sc2_http_req_rate", "11"}}}),
    number("sc2_inc_gpc0", kOwn, change_counter<2, DataType::gpc0, DataType::gpc0_rate, Change::increase>,
           "Adds one to the first general purpose counter and gives the new value, under the key of the third counter.",
           {{{"sc2_inc_gpc0", "4"}}}),
    number(
        "sc2_inc_gpc1", kOwn, change_counter<2, DataType::gpc1, DataType::gpc1_rate, Change::increase>,
        "Adds one to the second general purpose counter and gives the new value, under the key of the third counter.",
        {{{"sc2_inc_gpc1", "19"}}}),
    number("sc2_kbytes_in", kOwn, read_column<2, DataType::bytes_in_cnt, 1024>,
           "Kilobytes from the client, under the key of the third counter.", {{{"sc2_kbytes_in", "0"}}}),
    number("sc2_kbytes_out", kOwn, read_column<2, DataType::bytes_out_cnt, 1024>,
           "Kilobytes to the client, under the key of the third counter.", {{{"sc2_kbytes_out", "0"}}}),
    value("sc2_key", kNothing, tracked_key<2>, "The key that the third counter tracks.", {{{"sc2_key", "bob"}}}),
    number("sc2_sess_cnt", kOwn, read_column<2, DataType::sess_cnt>,
           "Sessions accepted, under the key of the third counter.", {{{"sc2_sess_cnt", "8"}}}),
    number("sc2_sess_rate", kOwn, read_column<2, DataType::sess_rate>,
           "Sessions per period, under the key of the third counter.", {{{"sc2_sess_rate", "9"}}}),
    fact("sc2_tracked", kOwn, is_tracked<2>, "Whether the third counter tracks anything.", {{{"sc2_tracked", "1"}}}),
    number("sc2_trackers", kOwn, trackers<2>, "Connections that track now what the third counter tracks.",
           {{{"sc2_trackers", "3"}}}),
    number("sc_bytes_in_rate", kCounter, read_column<kNamed, DataType::bytes_in_rate>,
           "Bytes from the client per period, under the key of that counter.", {{{"sc_bytes_in_rate(0)", "15"}}},
           check_counter),
    number("sc_bytes_out_rate", kCounter, read_column<kNamed, DataType::bytes_out_rate>,
           "Bytes to the client per period, under the key of that counter.", {{{"sc_bytes_out_rate(0)", "17"}}},
           check_counter),
    number("sc_clr_gpc", kElement, change_element<kNamed, Change::clear>,
           "Sets the general purpose counter of that index to zero and gives the value before, under the key of that "
           "counter.",
           {{{"sc_clr_gpc(1,0,arrays)", "11"}}}, check_index),
    number("sc_clr_gpc0", kCounter, change_counter<kNamed, DataType::gpc0, DataType::gpc0_rate, Change::clear>,
           "Sets the first general purpose counter to zero and gives the value before, under the key of that counter.",
           {{{"sc_clr_gpc0(0)", "3"}}}, check_counter),
    number("sc_clr_gpc1", kCounter, change_counter<kNamed, DataType::gpc1, DataType::gpc1_rate, Change::clear>,
           "Sets the second general purpose counter to zero and gives the value before, under the key of that counter.",
           {{{"sc_clr_gpc1(0)", "18"}}}, check_counter),
    number("sc_conn_cnt", kCounter, read_column<kNamed, DataType::conn_cnt>,
           "Connections received, under the key of that counter.",
           {{{"sc_conn_cnt(0)", "5"}, {"sc_conn_cnt(0,arrays)", "", true}, {"sc_conn_cnt(3)", "", true}}},
           check_counter),
    number("sc_conn_cur", kCounter, read_column<kNamed, DataType::conn_cur>,
           "Connections open now, under the key of that counter.", {{{"sc_conn_cur(0)", "7"}}}, check_counter),
    number("sc_conn_rate", kCounter, read_column<kNamed, DataType::conn_rate>,
           "Connections per period, under the key of that counter.", {{{"sc_conn_rate(0)", "6"}}}, check_counter),
    number("sc_get_gpc", kElement, read_element<kNamed, DataType::gpc>,
           "The general purpose counter of that index, under the key of that counter.",
           {{{"sc_get_gpc(1,0,arrays)", "11"}, {"sc_get_gpc(9,0,arrays)", "0"}}}, check_index),
    number("sc_get_gpc0", kCounter, read_column<kNamed, DataType::gpc0>,
           "The first general purpose counter, under the key of that counter.", {{{"sc_get_gpc0(0)", "3"}}},
           check_counter),
    number("sc_get_gpc1", kCounter, read_column<kNamed, DataType::gpc1>,
           "The second general purpose counter, under the key of that counter.", {{{"sc_get_gpc1(0)", "18"}}},
           check_counter),
    number("sc_get_gpt", kElement, read_element<kNamed, DataType::gpt>,
           "The general purpose tag of that index, under the key of that counter.",
           {{{"sc_get_gpt(1,0,arrays)", "21"}}}, check_index),
    number("sc_get_gpt0", kCounter, read_column<kNamed, DataType::gpt0>,
           "The first general purpose tag, under the key of that counter.", {{{"sc_get_gpt0(0)", "2"}}}, check_counter),
    number("sc_glitch_cnt", kCounter, read_column<kNamed, DataType::glitch_cnt>,
           "Protocol oddities seen, under the key of that counter.", {{{"sc_glitch_cnt(0)", "26"}}}, check_counter),
    number("sc_glitch_rate", kCounter, read_column<kNamed, DataType::glitch_rate>,
           "Protocol oddities per period, under the key of that counter.", {{{"sc_glitch_rate(0)", "27"}}},
           check_counter),
    number("sc_gpc0_rate", kCounter, read_column<kNamed, DataType::gpc0_rate>,
           "How often per period the first general purpose counter grew, under the key of that counter.",
           {{{"sc_gpc0_rate(0)", "4"}}}, check_counter),
    number("sc_gpc1_rate", kCounter, read_column<kNamed, DataType::gpc1_rate>,
           "How often per period the second general purpose counter grew, under the key of that counter.",
           {{{"sc_gpc1_rate(0)", "19"}}}, check_counter),
    number("sc_gpc_rate", kElement, read_element<kNamed, DataType::gpc_rate>,
           "How often per period the general purpose counter of that index grew, under the key of that counter.",
           {{{"sc_gpc_rate(1,0,arrays)", "31"}}}, check_index),
    number("sc_http_err_cnt", kCounter, read_column<kNamed, DataType::http_err_cnt>,
           "HTTP errors the client caused, under the key of that counter.", {{{"sc_http_err_cnt(0)", "12"}}},
           check_counter),
    number("sc_http_err_rate", kCounter, read_column<kNamed, DataType::http_err_rate>,
           "HTTP errors the client caused, per period, under the key of that counter.",
           {{{"sc_http_err_rate(0)", "13"}}}, check_counter),
    number("sc_http_fail_cnt", kCounter, read_column<kNamed, DataType::http_fail_cnt>,
           "HTTP failures servers caused, under the key of that counter.", {{{"sc_http_fail_cnt(0)", "21"}}},
           check_counter),
    number("sc_http_fail_rate", kCounter, read_column<kNamed, DataType::http_fail_rate>,
           "HTTP failures servers caused, per period, under the key of that counter.",
           {{{"sc_http_fail_rate(0)", "22"}}}, check_counter),
    number("sc_http_req_cnt", kCounter, read_column<kNamed, DataType::http_req_cnt>,
           "HTTP requests received, under the key of that counter.", {{{"sc_http_req_cnt(0)", "10"}}}, check_counter),
    number("sc_http_req_rate", kCounter, read_column<kNamed, DataType::http_req_rate>,
           "HTTP requests per period, under the key of that counter.", {{{"sc_http_req_rate(0)", "11"}}},
           check_counter),
    number(
        "sc_inc_gpc", kElement, change_element<kNamed, Change::increase>,
        "Adds one to the general purpose counter of that index and gives the new value, under the key of that counter.",
        {{{"sc_inc_gpc(1,0,arrays)", "12"}}}, check_index),
    number("sc_inc_gpc0", kCounter, change_counter<kNamed, DataType::gpc0, DataType::gpc0_rate, Change::increase>,
           "Adds one to the first general purpose counter and gives the new value, under the key of that counter.",
           {{{"sc_inc_gpc0(0)", "4"}}}, check_counter),
    number("sc_inc_gpc1", kCounter, change_counter<kNamed, DataType::gpc1, DataType::gpc1_rate, Change::increase>,
           "Adds one to the second general purpose counter and gives the new value, under the key of that counter.",
           {{{"sc_inc_gpc1(0)", "19"}}}, check_counter),
    number("sc_kbytes_in", kCounter, read_column<kNamed, DataType::bytes_in_cnt, 1024>,
           "Kilobytes from the client, under the key of that counter.", {{{"sc_kbytes_in(0)", "0"}}}, check_counter),
    number("sc_kbytes_out", kCounter, read_column<kNamed, DataType::bytes_out_cnt, 1024>,
           "Kilobytes to the client, under the key of that counter.", {{{"sc_kbytes_out(0)", "0"}}}, check_counter),
    value("sc_key", kKey, tracked_key<kNamed>, "The key that that counter tracks.", {{{"sc_key(0)", "bob"}}},
          check_counter),
    number("sc_sess_cnt", kCounter, read_column<kNamed, DataType::sess_cnt>,
           "Sessions accepted, under the key of that counter.", {{{"sc_sess_cnt(0)", "8"}}}, check_counter),
    number("sc_sess_rate", kCounter, read_column<kNamed, DataType::sess_rate>,
           "Sessions per period, under the key of that counter.", {{{"sc_sess_rate(0)", "9"}}}, check_counter),
    fact("sc_tracked", kCounter, is_tracked<kNamed>, "Whether that counter tracks anything.",
         {{{"sc_tracked(0)", "1"}, {"sc_tracked(3)", "0"}}}, check_counter),
    number("sc_trackers", kCounter, trackers<kNamed>, "Connections that track now what that counter tracks.",
           {{{"sc_trackers(0)", "3"}}}, check_counter),
};
static_assert(sample::well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace

constinit const std::span<const Fetch> tracked_fetches{kRows};

}  // namespace weir::proxy
