#include "stick/data_type.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace weir::stick {
namespace {

constexpr std::array<DataTypeRow, kDataTypes> kRows{{
    {DataType::server_id, "server_id", DataForm::number, false, "The id of the server the key sticks to."},
    {DataType::gpt0, "gpt0", DataForm::number, false, "The first general purpose tag."},
    {DataType::gpc0, "gpc0", DataForm::number, false, "The first general purpose counter."},
    {DataType::gpc0_rate, "gpc0_rate", DataForm::rate, false, "How fast the first general purpose counter grows."},
    {DataType::conn_cnt, "conn_cnt", DataForm::number, false, "Connections received."},
    {DataType::conn_rate, "conn_rate", DataForm::rate, false, "Connections per period."},
    {DataType::conn_cur, "conn_cur", DataForm::number, false, "Connections open now."},
    {DataType::sess_cnt, "sess_cnt", DataForm::number, false, "Sessions accepted."},
    {DataType::sess_rate, "sess_rate", DataForm::rate, false, "Sessions per period."},
    {DataType::http_req_cnt, "http_req_cnt", DataForm::number, false, "HTTP requests received."},
    {DataType::http_req_rate, "http_req_rate", DataForm::rate, false, "HTTP requests per period."},
    {DataType::http_err_cnt, "http_err_cnt", DataForm::number, false, "HTTP errors the client caused."},
    {DataType::http_err_rate, "http_err_rate", DataForm::rate, false, "HTTP errors the client caused, per period."},
    {DataType::bytes_in_cnt, "bytes_in_cnt", DataForm::wide, false, "Bytes from the client."},
    {DataType::bytes_in_rate, "bytes_in_rate", DataForm::rate, false, "Bytes from the client per period."},
    {DataType::bytes_out_cnt, "bytes_out_cnt", DataForm::wide, false, "Bytes to the client."},
    {DataType::bytes_out_rate, "bytes_out_rate", DataForm::rate, false, "Bytes to the client per period."},
    {DataType::gpc1, "gpc1", DataForm::number, false, "The second general purpose counter."},
    {DataType::gpc1_rate, "gpc1_rate", DataForm::rate, false, "How fast the second general purpose counter grows."},
    {DataType::server_key, "server_key", DataForm::text, false, "The name or address of the server the key sticks to."},
    {DataType::http_fail_cnt, "http_fail_cnt", DataForm::number, false, "HTTP failures servers caused."},
    {DataType::http_fail_rate, "http_fail_rate", DataForm::rate, false, "HTTP failures servers caused, per period."},
    {DataType::gpt, "gpt", DataForm::number, true, "An array of general purpose tags."},
    {DataType::gpc, "gpc", DataForm::number, true, "An array of general purpose counters."},
    {DataType::gpc_rate, "gpc_rate", DataForm::rate, true, "How fast each counter of the array grows."},
    {DataType::glitch_cnt, "glitch_cnt", DataForm::number, false, "Protocol oddities seen on client connections."},
    {DataType::glitch_rate, "glitch_rate", DataForm::rate, false, "Protocol oddities per period."},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<std::size_t>(kRows[i].type) != i) return false;
  return true;
}
static_assert(in_order(), "a row stands at its type's number");

}  // namespace

const DataTypeRow& row_of(DataType type) { return kRows[static_cast<std::size_t>(type)]; }

bool adds_up(DataType type) {
  return type != DataType::server_id && type != DataType::server_key && type != DataType::gpt0 && type != DataType::gpt;
}

const DataTypeRow* find_data_type(std::string_view name) {
  const auto found = std::ranges::find(kRows, name, &DataTypeRow::name);
  return found == kRows.end() ? nullptr : &*found;
}

void Rate::advance(std::uint32_t now, std::uint32_t period) {
  if (period == 0) period = 1;
  const std::uint32_t age = now - start;  // wraps with the clock
  if (age < period) return;
  if (age < 2ULL * period) {
    previous = current;
    start += period;
  } else {
    previous = 0;
    start = now;
  }
  current = 0;
}

void Rate::add(std::uint32_t now, std::uint32_t period, std::uint32_t amount) {
  advance(now, period);
  current += amount;
}

std::uint64_t Rate::read(std::uint32_t now, std::uint32_t period) const {
  Rate copy = *this;
  if (period == 0) period = 1;
  copy.advance(now, period);
  const std::uint64_t left = period - (now - copy.start);  // how much of the period before is inside the window
  return copy.current + copy.previous * left / period;
}

void Rate::set(std::uint32_t now, std::uint32_t value) {
  start = now;
  current = value;
  previous = 0;
}

}  // namespace weir::stick
