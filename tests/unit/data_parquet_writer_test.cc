#include "data/parquet/writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "data/parquet/metadata.h"
#include "data/parquet/table.h"

namespace arcsat {
namespace {

constexpr std::uint64_t kLimit = std::uint64_t{256} << 20;

TEST(ParquetWriter, WhatTheReaderFinds) {
  ParquetWriter table({{"id"},
                       {"exit", ParquetKind::kNumber},
                       {"csat", ParquetKind::kNumber, true},
                       {"note", ParquetKind::kText, true},
                       {"turns", ParquetKind::kWhole}});
  std::string bytes = table.Add({"c-1", 0.125, {}, "a,\"b\"", std::int64_t{-3}});
  bytes += table.Add({"\xC3\xA9", -1e300, 4.5, "", std::int64_t{1} << 40});
  bytes += table.Add({"", 0.0, {}, {}, std::int64_t{0}});
  bytes += table.Finish();
  EXPECT_TRUE(LooksParquet(bytes));
  EXPECT_EQ(ParquetToCsv(bytes, "t", kLimit),
            "id,exit,csat,note,turns\n"
            "c-1,0.125,,\"a,\"\"b\"\"\",-3\n"
            "\xC3\xA9,-1e+300,4.5,,1099511627776\n"
            ",0,,,0\n");
  const ParquetMetadata metadata = ReadParquetMetadata(bytes, "t");
  EXPECT_EQ(metadata.columns[0].definitions, 0);
  EXPECT_EQ(metadata.columns[3].definitions, 1);
}

TEST(ParquetWriter, NoRowsAreATableAsWell) {
  ParquetWriter table({{"id"}, {"turns", ParquetKind::kWhole}});
  EXPECT_EQ(ParquetToCsv(table.Finish(), "t", kLimit), "id,turns\n");
}

TEST(ParquetWriter, ManyRowsAreWrittenInGroups) {
  ParquetWriter table({{"id"}, {"even", ParquetKind::kWhole, true}});
  std::string bytes;
  const std::string text(1000, 'x');
  std::size_t waiting = 0;
  for (std::int64_t i = 0; i < 70'000; ++i) {
    const std::string more =
        table.Add({text + std::to_string(i), i % 2 == 0 ? ParquetCell(i) : ParquetCell()});
    waiting = more.empty() ? waiting + 1 : 0;
    ASSERT_LT(waiting, 35'000U) << "memory has a bound";
    bytes += more;
  }
  bytes += table.Finish();
  const ParquetMetadata metadata = ReadParquetMetadata(bytes, "t");
  EXPECT_EQ(metadata.groups.size(), 3U);
  const std::string csv = ParquetToCsv(bytes, "t", kLimit);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 70'001);
  EXPECT_NE(csv.find("x69998,69998\nx"), std::string::npos);
  EXPECT_TRUE(csv.ends_with("x69999,\n"));
}

TEST(ParquetWriter, ARowOfAnotherWidthIsAMistakeOfTheProgram) {
  ParquetWriter table({{"id"}});
  EXPECT_THROW(table.Add({"a", "b"}), std::logic_error);
}

}  // namespace
}  // namespace arcsat
