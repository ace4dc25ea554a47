#include "data/score_table.h"

#include <gtest/gtest.h>

#include "data/csv.h"

namespace arcsat {
namespace {

std::vector<std::string> Cells(const std::string& text) {
  CsvReader rows(text, ',', "t");
  std::vector<std::string> row;
  EXPECT_TRUE(rows.Next(&row));
  return row;
}

TEST(ScoreCsv, EveryFigureHasItsColumn) {
  Score score;
  score.id = "=HYPERLINK(\"x\",1)";
  score.entry = 0.25;
  score.exit = 0.125;
  score.delta = -0.125;
  score.p_satisfied = 0.1;
  score.turns.resize(3);
  score.model = "m,1";
  const std::vector<std::string> header = Cells(ScoreCsvHeader());
  EXPECT_EQ(Cells(ToCsvRow(score)),
            (std::vector<std::string>{"'=HYPERLINK(\"x\",1)", "0.25", "0.125", "-0.125", "0.1", "",
                                      "", "", "", "", "", "", "3", "m,1"}));
  score.interval = {0.05, 0.2};
  score.csat = 2.5;
  score.boxes = {0.5, 0.5};
  score.set = Score::AnswerSet{0.9, true, {1, 2}};
  std::vector<std::string> full = Cells(ToCsvRow(score));
  ASSERT_EQ(full.size(), header.size());
  EXPECT_EQ(std::vector<std::string>(full.begin() + 5, full.begin() + 12),
            (std::vector<std::string>{"0.05", "0.2", "2.5", "0.5 0.5", "0.9", "1 2", ""}));
  score.set = Score::AnswerSet{0.9, false, {0}};
  full = Cells(ToCsvRow(score));
  EXPECT_EQ(full[10], "");
  EXPECT_EQ(full[11], "0");
}

}  // namespace
}  // namespace arcsat
