// What an entry of a stick table may store: one row per word of `store`.
//
// A row says how a column is laid out: a plain counter, a byte counter of 64 bits, a rate over a period, or a text;
// alone or as an array. Rates count over two periods: the count of the running one, and that of the one before,
// weighted by how much of it is still inside the window. Manual: 11.1, store.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::stick {

enum class DataType : std::uint8_t {
  server_id,
  gpt0,
  gpc0,
  gpc0_rate,
  conn_cnt,
  conn_rate,
  conn_cur,
  sess_cnt,
  sess_rate,
  http_req_cnt,
  http_req_rate,
  http_err_cnt,
  http_err_rate,
  bytes_in_cnt,
  bytes_in_rate,
  bytes_out_cnt,
  bytes_out_rate,
  gpc1,
  gpc1_rate,
  server_key,
  http_fail_cnt,
  http_fail_rate,
  gpt,
  gpc,
  gpc_rate,
  glitch_cnt,
  glitch_rate,
};
inline constexpr std::size_t kDataTypes = 27;
inline constexpr std::uint32_t kMaxArray = 100;

enum class DataForm : std::uint8_t {
  number,  // 4 bytes
  wide,    // 8
  rate,    // 12
  text,    // 4: the number of a text in the table's own list of texts; 0 is none
};

struct DataTypeRow {
  DataType type;
  std::string_view name;
  DataForm form;
  bool is_array;
  std::string_view doc;
};
[[nodiscard]] const DataTypeRow& row_of(DataType type);
/// Whether what nodes count apart adds up: counters, rates, open connections; not tags nor servers.
[[nodiscard]] bool adds_up(DataType type);
[[nodiscard]] const DataTypeRow* find_data_type(std::string_view name);
[[nodiscard]] constexpr std::uint32_t bytes_of(DataForm form) {
  return form == DataForm::wide ? 8 : form == DataForm::rate ? 12 : 4;
}

struct Column {
  DataType type = DataType::server_id;
  std::uint32_t count = 1;   // of an array
  std::uint32_t period = 0;  // milliseconds, of a rate
  friend bool operator==(const Column&, const Column&) = default;
};

inline constexpr std::uint32_t kMaxRatePeriod = 0x7fffffff;  // milliseconds

/// One rate counter as it lies in an entry.
struct Rate {
  std::uint32_t start = 0;  // of the running period, in the table's wrapping milliseconds
  std::uint32_t current = 0;
  std::uint32_t previous = 0;
  void add(std::uint32_t now, std::uint32_t period, std::uint32_t amount);
  [[nodiscard]] std::uint64_t read(std::uint32_t now, std::uint32_t period) const;
  void set(std::uint32_t now, std::uint32_t value);

 private:
  void advance(std::uint32_t now, std::uint32_t period);
};

}  // namespace weir::stick
