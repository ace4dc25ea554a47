#pragma once

#include <string>
#include <vector>

#include "eval/ledger.h"

namespace arcsat {

/// One row of a chart of experiments, oldest first.
struct LedgerPoint {
  std::string name, date;
  LedgerStatus status = LedgerStatus::kKept;
  LedgerFigure figure;
  bool best_so_far = false;  ///< better than every one before it
};

/// The entries that have the query's figure, in the order of their dates.
std::vector<LedgerPoint> LedgerPoints(const std::vector<LedgerEntry>& entries,
                                      const LedgerQuery& query);

struct LedgerChartOptions {
  std::string title = "accuracy (test)";
  double baseline = 0.60;  ///< where the work began
  double goal = 0.90;      ///< where it is to end
  int columns = 100;       ///< of the terminal
};

/// A row an experiment, with its interval, between the baseline and the goal. Empty without points.
std::string LedgerText(const std::vector<LedgerPoint>& points, const LedgerChartOptions& options);

/// The same as a picture (SVG 1.1, light and dark), self-contained; texts are escaped.
std::string LedgerSvg(const std::vector<LedgerPoint>& points, const LedgerChartOptions& options);

}  // namespace arcsat
