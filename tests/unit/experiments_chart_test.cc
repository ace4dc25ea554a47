#include "app/experiments_chart.h"

#include <gmock/gmock.h>

#include "app/experiments_scale.h"
#include "configs/text.h"

namespace arcsat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

LedgerEntry ChartEntry(const std::string& name, const std::string& date, double value) {
  LedgerEntry entry;
  entry.name = name;
  entry.date = date;
  entry.target = "survey";
  entry.figures = {{"test", "accuracy", value, Interval{value - 0.1, value + 0.05}, 100}};
  return entry;
}

std::vector<LedgerEntry> Three() {
  std::vector<LedgerEntry> entries = {ChartEntry("second", "2026-02-01T00:00:00Z", 0.8),
                                      ChartEntry("first", "2026-01-01T00:00:00Z", 0.7),
                                      ChartEntry("third", "2026-03-01T00:00:00Z", 0.75)};
  entries[2].status = LedgerStatus::kRejected;
  return entries;
}

TEST(LedgerPointsTest, AreInOrderOfTimeAndMarkTheBestSoFar) {
  std::vector<LedgerEntry> entries = Three();
  entries.push_back(ChartEntry("failed", "2026-04-01T00:00:00Z", 0.99));
  entries.back().status = LedgerStatus::kFailed;
  entries.push_back(ChartEntry("without", "2026-04-02T00:00:00Z", 0.99));
  entries.back().figures[0].side = "validation";
  std::vector<std::string> names;
  std::vector<bool> best;
  for (const LedgerPoint& point : LedgerPoints(entries, {})) {
    names.push_back(point.name);
    best.push_back(point.best_so_far);
  }
  EXPECT_THAT(names, ElementsAre("first", "second", "third"));
  EXPECT_THAT(best, ElementsAre(true, true, false));
}

TEST(LedgerScaleTest, HoldsEverythingAndHasRoundTicks) {
  const LedgerScale scale(LedgerPoints(Three(), {}), 0.5, 0.9);
  EXPECT_NEAR(scale.low(), 0.48, 1e-12);  // a twentieth of 0.5..0.9 beyond both
  EXPECT_NEAR(scale.high(), 0.92, 1e-12);
  EXPECT_NEAR(scale.Share(0.7), 0.5, 1e-12);
  const std::vector<double> ticks = scale.Ticks(6);
  ASSERT_EQ(ticks.size(), 5U);
  EXPECT_NEAR(ticks[0], 0.5, 1e-12);
  EXPECT_NEAR(ticks[4], 0.9, 1e-12);
  const LedgerScale point({}, 0.5, 0.5);
  EXPECT_NEAR(point.low(), 0.45, 1e-12);
}

TEST(LedgerTextTest, DrawsARowForEachExperiment) {
  const LedgerChartOptions options{
      .title = "accuracy (test)", .baseline = 0.5, .goal = 0.9, .columns = 101};
  const std::string text = LedgerText(LedgerPoints(Three(), {}), options);
  EXPECT_EQ(text,
            "accuracy (test): 3 experiments, oldest first; baseline 0.5, goal 0.9\n"
            "\n"
            "                                     0.5     0.6     0.7     0.8     0.9\n"
            "                                      ┬       ┬       ┬       ┬       ┬\n"
            "first                                 ┊       ├───────●───┤           ┊    "
            "0.700 [0.600, 0.750] *\n"
            "second                                ┊               ├───────●───┤   ┊    "
            "0.800 [0.700, 0.850] *\n"
            "third                                 ┊           ├───────○───┤       ┊    "
            "0.750 [0.650, 0.800]\n"
            "\n"
            "● kept  ○ rejected  ├─┤ interval  ┊ baseline and goal  * best so far\n");
  EXPECT_EQ(LedgerText({}, options), "");
}

TEST(LedgerTextTest, LongNamesAndForeignLettersKeepTheColumns) {
  std::vector<LedgerEntry> entries = Three();
  entries[0].name = std::string(100, 'x');
  entries[1].name = "Zürich, größer und länger als die Spalte breit ist";
  const std::string text = LedgerText(LedgerPoints(entries, {}), {.baseline = 0.3});
  std::vector<std::size_t> places;
  std::size_t start = 0;
  for (std::size_t stop; (stop = text.find('\n', start)) != std::string::npos; start = stop + 1) {
    const std::string line = text.substr(start, stop - start);
    const std::size_t at = line.find("┊");
    if (at != std::string::npos && line.find('[') != std::string::npos) {
      places.push_back(DisplayWidth(line.substr(0, at)));
    }
  }
  EXPECT_EQ(places.size(), 3U);
  for (const std::size_t place : places) EXPECT_EQ(place, places[0]);
}

TEST(LedgerSvgTest, EscapesEveryText) {
  std::vector<LedgerEntry> entries = Three();
  entries[0].name = "</title><script>alert(1)</script>&\"\x01\xEF\xBF\xBF";
  const std::string svg =
      LedgerSvg(LedgerPoints(entries, {}), {.title = "a < b", .baseline = 0.6, .goal = 0.9});
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, HasSubstr("&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;··"));
  EXPECT_THAT(svg, HasSubstr("aria-label=\"a &lt; b\""));
}

TEST(LedgerSvgTest, PutsPointsOnTheScale) {
  const std::string svg = LedgerSvg(LedgerPoints(Three(), {}), {.baseline = 0.5, .goal = 0.9});
  // 0.7 is the middle of 0.48..0.92: 350 + 420 / 2.
  EXPECT_THAT(svg, HasSubstr("<circle class=\"mark kept\" cx=\"560.0\" cy=\"76.0\""));
  EXPECT_THAT(svg, HasSubstr("<circle class=\"mark rejected\""));
  EXPECT_THAT(svg, HasSubstr(">0.700 [0.600, 0.750]</text>"));
  EXPECT_THAT(svg, HasSubstr(">baseline 0.5</text>"));
  EXPECT_THAT(svg, HasSubstr(">goal 0.9</text>"));
  EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
}

}  // namespace
}  // namespace arcsat
