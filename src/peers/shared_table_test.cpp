#include "peers/shared_table.h"

#include <gtest/gtest.h>

namespace weir::peers {
namespace {

namespace wire = proto::peers;

// The protocol knows the columns by number, the table by name: both must mean the same.
TEST(SharedTable, ColumnsOfTheProtocolAreThoseOfTables) {
  for (std::size_t column = 0; column < wire::kColumns; column++) {
    const auto type = static_cast<stick::DataType>(column);
    const stick::DataTypeRow& row = stick::row_of(type);
    EXPECT_EQ(wire::is_array(column), row.is_array) << row.name;
    EXPECT_EQ(wire::adds_up(column), stick::adds_up(type)) << row.name;
    EXPECT_EQ(wire::form_of(column) == wire::Form::rate, row.form == stick::DataForm::rate) << row.name;
    EXPECT_EQ(wire::form_of(column) == wire::Form::text, row.form == stick::DataForm::text) << row.name;
  }
}

TEST(SharedTable, AcknowledgementsOfWhatWasNeverToldAreIgnored) {
  stick::TableConfig config{.name = "t", .type = stick::KeyType::integer, .size = 10};
  SharedTable shared(1, {std::make_shared<stick::StickTable>(config), nullptr});
  shared.pushed = 10;
  for (const std::uint32_t update : {11U, 0x7fffffffU, 0xffffffffU}) {
    shared.take_acknowledgement(update);
    EXPECT_EQ(shared.acked, 0U) << update;
  }
  shared.take_acknowledgement(7);
  EXPECT_EQ(shared.acked, 7U);
  shared.take_acknowledgement(3);
  EXPECT_EQ(shared.acked, 7U) << "an older one";
  shared.pushed = (std::uint64_t{1} << 32U) + 5;
  shared.take_acknowledgement(0xffffffffU);
  EXPECT_EQ(shared.acked, 0xffffffffU) << "behind the wrap";
}

}  // namespace
}  // namespace weir::peers
